"""The pages about one's own account: where they lead, and what they offer to whom."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.scopes import Role
from tests.factories import PASSWORD, make_user, verified_client

AREA = ("accounts:settings", "mfa_index", "accounts:sessions", "accounts:pair", "accounts:keys")


def text_of(client: Client, name: str, host: str = "localhost") -> str:
    return client.get(reverse(name), HTTP_HOST=host).content.decode()


@pytest.mark.parametrize("name", AREA)
def test_each_page_leads_to_all_others_and_says_which_it_is(as_alice: Client, name: str) -> None:
    page = text_of(as_alice, name)

    assert all(f'href="{reverse(other)}"' in page for other in AREA)
    assert re.findall(r'href="(\S+)"\s+aria-current="page"', page) == [reverse(name)]


@pytest.mark.parametrize(("role", "is_led"), [(Role.ADMIN, True), (Role.MODERATOR, False), (Role.EDITOR, False)])
def test_only_administrators_are_led_to_invites(db: None, role: Role, is_led: bool) -> None:
    client = Client()
    client.force_login(make_user("carol", role=role))

    assert (reverse("accounts:invites") in text_of(client, "accounts:settings")) == is_led


def test_a_viewer_is_not_offered_a_new_dub(db: None) -> None:
    client = Client()
    client.force_login(make_user("carol", role=Role.VIEWER))

    assert reverse("jobs:new") not in text_of(client, "jobs:home")


@pytest.mark.parametrize(("host", "is_offered"), [("localhost", True), ("127.0.0.1", False)])
def test_passkeys_are_offered_only_where_browsers_make_them(as_alice: Client, host: str, is_offered: bool) -> None:
    page = text_of(as_alice, "mfa_index", host)

    assert (reverse("mfa_add_webauthn") in page) == is_offered
    assert ("only over https" in page) != is_offered
    assert ("passkey_login" in text_of(Client(), "account_login", host)) == is_offered


def test_the_theme_of_the_account_is_there_before_any_script(as_alice: Client, alice: User) -> None:
    as_alice.post(reverse("accounts:settings"), {"theme": "dark"})

    assert 'data-theme="dark"' in text_of(as_alice, "accounts:settings").partition(">")[2].partition(">")[0]


@pytest.mark.parametrize("name", ["account_change_password", "account_reset_password_from_key_done"])
def test_beside_a_new_password_stands_what_it_does_not_end(as_alice: Client, name: str) -> None:
    page = text_of(as_alice, name)

    assert "API keys stay good with a new password." in page
    assert f'href="{reverse("accounts:keys")}"' in page.partition("API keys stay good")[2]


def test_too_old_a_link_for_a_password_leads_to_a_new_one(client: Client, db: None) -> None:
    page = client.get(reverse("account_reset_password_from_key", args=["1", "guess"])).content.decode()

    assert "This link no longer works" in page
    assert reverse("account_reset_password") in page


@pytest.mark.parametrize(
    ("name", "button"),
    [("mfa_deactivate_totp", "Turn it off"), ("mfa_generate_recovery_codes", "Make new codes")],
)
def test_what_weakens_the_second_step_is_asked_first(alice: User, name: str, button: str) -> None:
    client = verified_client(alice)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})

    page = client.get(reverse(name)).content.decode()

    question = page[page.index("<form", page.index('id="content"')) :]
    question = question[: question.index("</form>")]
    assert f'action="{reverse(name)}"' in question
    assert "csrfmiddlewaretoken" in question
    assert re.search(rf'type="submit">\s*{button}', question)
    assert f'href="{reverse("mfa_index")}"' in question
