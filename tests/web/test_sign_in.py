"""Signing in, staying out, and what is kept of second factors."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import LazySettings
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.exceptions import ValidationError
from django.db import transaction
from django.test import Client

from accounts.models import User
from accounts.scopes import Role
from accounts.sealing import CannotUnseal
from accounts.services import make_account
from tests.factories import PASSWORD, make_user


def sign_in(client: Client, login: str, password: str = PASSWORD) -> int:
    return client.post("/accounts/login/", {"login": login, "password": password}).status_code


@pytest.mark.parametrize("login", ["alice", "alice@example.org", "ALICE@example.org"])
def test_people_sign_in_by_name_or_email(client: Client, alice: User, login: str) -> None:
    assert sign_in(client, login) == 302
    assert client.get("/api/jobs").status_code == 200


def test_a_wrong_password_is_refused(client: Client, alice: User) -> None:
    assert sign_in(client, "alice", "wrong") == 200
    assert client.get("/api/jobs").status_code == 401


def test_guessing_passwords_is_slowed_down(client: Client, alice: User) -> None:
    for _ in range(10):
        sign_in(client, "alice", "wrong")

    assert sign_in(client, "alice") == 429
    assert client.get("/api/jobs").status_code == 401


@pytest.mark.parametrize("login", ["Carol@Example.org", "carol@example.org", "CAROL"])
def test_capitals_in_an_address_are_nothing_to_remember(client: Client, db: None, login: str) -> None:
    with transaction.atomic():
        make_account(username="Carol", email="Carol@Example.org", password=PASSWORD, role=Role.EDITOR)

    assert User.objects.get().email == EmailAddress.objects.get().email == "carol@example.org"
    assert sign_in(client, login) == 302


@pytest.mark.parametrize("login", ["alice", "alice@example.org"])
def test_name_and_address_are_one_account_to_guess_at(client: Client, alice: User, login: str) -> None:
    names = ["alice", "ALICE", "alice@example.org", "Alice@Example.org", " alice "]
    for number in range(10):
        sign_in(client, names[number % len(names)], "wrong")

    assert sign_in(client, login) == 429
    assert sign_in(client, "bob") == 200


def test_names_that_nobody_has_count_each_for_itself(client: Client, db: None) -> None:
    answers = [sign_in(client, "mallory", "wrong") for _ in range(11)]

    assert answers == [200] * 10 + [429]
    assert sign_in(client, "malory") == 200


@pytest.mark.parametrize("login", ["alice", "alice@example.org", "mallory", "m@example.org", "carol", "m" * 60_000])
def test_any_name_costs_one_hash_so_that_the_time_tells_nothing(
    client: Client, alice: User, login: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_user("carol", is_active=False)
    hashed: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(hasher: MD5PasswordHasher, password: str, salt: str) -> str:
        hashed.append(password)
        return encode(hasher, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)

    assert sign_in(client, login, "wrong") == 200

    assert hashed == ["wrong"]


def test_an_address_is_its_owners_even_if_another_account_is_called_that(client: Client, alice: User) -> None:
    User.objects.create_user("alice@example.org", "", "another phrase entirely")

    sign_in(client, "alice@example.org", "another phrase entirely")
    assert client.get("/api/jobs").status_code == 401

    sign_in(client, "alice@example.org")
    assert client.get("/api/jobs").status_code == 200


@pytest.mark.parametrize("fields", [{"username": "Alice@Example.org"}, {"username": "bob", "email": "alice.b@x.org"}])
def test_nobody_takes_a_name_that_another_signs_in_with(alice: User, fields: dict[str, str]) -> None:
    make_user("alice.b@x.org")

    with pytest.raises(ValidationError, match="Somebody else already uses"):
        make_account(password=PASSWORD, role=Role.EDITOR, **{"email": ""} | fields)


def test_signing_in_changes_the_session_so_that_nobody_can_plant_one(client: Client, alice: User) -> None:
    client.get("/accounts/login/")
    session = client.session
    session["planted"] = True
    session.save()
    planted = client.cookies["sessionid"].value

    sign_in(client, "alice")

    assert client.cookies["sessionid"].value != planted
    client.cookies["sessionid"] = planted
    assert client.get("/api/jobs").status_code == 401


def test_a_page_of_another_site_cannot_sign_somebody_in(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)

    assert sign_in(client, "alice") == 403
    assert client.get("/api/jobs").status_code == 401


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "https:evil.example",
        "http://localhost/",
        "//127.0.0.1/",
        "http://[::1]/jobs/",
        "http://testserver:81/",
    ],
)
def test_signing_in_leads_to_pages_of_this_site_only(client: Client, alice: User, target: str) -> None:
    form = {"login": "alice", "password": PASSWORD, "next": target}

    answer = client.post("/accounts/login/", form)

    assert answer.status_code == 302
    assert answer["Location"] == "/"


def test_signing_out_takes_a_form(as_alice: Client) -> None:
    as_alice.get("/accounts/logout/")
    assert as_alice.get("/api/jobs").status_code == 200

    as_alice.post("/accounts/logout/")
    assert as_alice.get("/api/jobs").status_code == 401


def test_nobody_signs_up_by_themselves(client: Client, db: None) -> None:
    form = {"username": "mallory", "email": "m@example.org", "password1": PASSWORD, "password2": PASSWORD}

    client.post("/accounts/signup/", form)

    assert not User.objects.exists()


def test_a_totp_secret_is_kept_encrypted(alice: User) -> None:
    secret = generate_totp_secret()

    TOTP.activate(alice, secret)

    stored = Authenticator.objects.get(user=alice).data["secret"]
    assert secret not in stored
    assert get_adapter().decrypt(stored) == secret
    assert get_adapter().encrypt(secret) != stored  # the same secret twice does not look the same


def test_another_secret_key_cannot_read_it(settings: LazySettings) -> None:
    stored = get_adapter().encrypt("JBSWY3DP")

    settings.SECRET_KEY = "another"

    with pytest.raises(CannotUnseal):
        get_adapter().decrypt(stored)
