"""Passwords: which are refused, that they are taken as typed, and what changing one takes."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.models import User
from tests.factories import PASSWORD

AS_TYPED = "  Ünder\tlägen 🦆 " + "long enough " * 20 + " "
CHANGE = "/accounts/password/change/"


@pytest.mark.parametrize("password", ["short7!", "password1234", "alice@example.org", "1029384756102"])
def test_short_common_and_own_words_are_refused(alice: User, password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password, alice)


def test_changing_a_password_needs_the_current_one(client: Client, alice: User) -> None:
    client.force_login(alice)
    wanted = {"password1": "another horse battery", "password2": "another horse battery"}

    client.post(CHANGE, wanted | {"oldpassword": "wrong"})
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)

    client.post(CHANGE, wanted | {"oldpassword": PASSWORD})
    alice.refresh_from_db()
    assert alice.check_password("another horse battery")


def test_a_password_is_taken_exactly_as_typed(client: Client, alice: User) -> None:
    client.force_login(alice)
    client.post(CHANGE, {"oldpassword": PASSWORD, "password1": AS_TYPED, "password2": AS_TYPED})

    def opens(password: str) -> bool:
        return Client().post("/accounts/login/", {"login": "alice", "password": password}).status_code == 302

    assert opens(AS_TYPED)
    assert not opens(AS_TYPED.strip())
    assert not opens(AS_TYPED[:72] + " ")
    assert not opens(AS_TYPED.lower())


def test_password_fields_are_masked_and_let_managers_fill_them(client: Client, alice: User) -> None:
    asked = client.get("/accounts/login/").content.decode()
    client.force_login(alice)
    changed = client.get(CHANGE).content.decode()

    fields = [field for page in (asked, changed) for field in re.findall(r"<input[^>]*password[^>]*>", page)]

    assert len(fields) >= 3
    assert all('type="password"' in field for field in fields)
    assert not [field for field in fields if 'autocomplete="off"' in field or "onpaste" in field]


def test_changing_the_address_asks_for_the_password_again(client: Client, alice: User) -> None:
    client.force_login(alice)

    answer = client.post("/accounts/email/", {"action_add": "", "email": "mallory@example.net"})

    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/reauthenticate/")
    assert not EmailAddress.objects.filter(email="mallory@example.net").exists()
