"""Signing in with a passkey takes one that has checked who holds it, and refusals are written down."""

from __future__ import annotations

import pytest
from django.test import Client
from fido2.webauthn import AuthenticatorData

from accounts.audit.recording import Action
from accounts.models import AuditEntry, User
from tests.factories import PASSWORD, enrol_totp
from tests.web.software_key import HOST, PRESENT, VERIFIED, SoftwareKey

LOGIN = "/accounts/2fa/webauthn/login/"


@pytest.fixture
def browser(db: None) -> Client:
    return Client(SERVER_NAME=HOST)


@pytest.fixture
def key(alice: User) -> SoftwareKey:
    return SoftwareKey(alice)


def challenge_of(browser: Client) -> str:
    challenge: str = browser.session["mfa.webauthn.state"]["challenge"]
    return challenge


def sign_in(browser: Client, key: SoftwareKey, *, flags: AuthenticatorData.FLAG) -> bool:
    browser.post(LOGIN, {"credential": key.answer(challenge_of(browser), flags=flags)})
    return "_auth_user_id" in browser.session


def ask_to_sign_in(browser: Client) -> None:
    browser.get(LOGIN, headers={"X-Requested-With": "XMLHttpRequest"})


@pytest.mark.parametrize(("flags", "is_let_in"), [(PRESENT | VERIFIED, True), (PRESENT, False)])
def test_a_key_signs_in_alone_once_it_has_checked_who_holds_it(
    browser: Client, key: SoftwareKey, flags: AuthenticatorData.FLAG, is_let_in: bool
) -> None:
    ask_to_sign_in(browser)

    assert sign_in(browser, key, flags=flags) == is_let_in


@pytest.mark.parametrize("flags", [PRESENT, PRESENT | VERIFIED])
def test_the_challenge_of_ones_own_second_step_signs_nobody_else_in(
    browser: Client, key: SoftwareKey, bob: User, flags: AuthenticatorData.FLAG
) -> None:
    enrol_totp(bob)
    browser.post("/accounts/login/", {"login": "bob", "password": PASSWORD}, follow=True)
    browser.get("/accounts/signup/")  # ends the second step, and leaves its challenge

    assert challenge_of(browser)
    assert not sign_in(browser, key, flags=flags)
    assert AuditEntry.objects.filter(action=Action.FACTOR_FAILED).count() == 1


def test_the_second_step_needs_no_check_of_who_holds_the_key(browser: Client, key: SoftwareKey) -> None:
    browser.post("/accounts/login/", {"login": "alice", "password": PASSWORD}, follow=True)

    answer = browser.post(
        "/accounts/2fa/authenticate/", {"credential": key.answer(challenge_of(browser), flags=PRESENT)}
    )

    assert answer.status_code == 302
    assert "_auth_user_id" in browser.session


def test_an_answer_that_nobody_can_read_is_refused(browser: Client, key: SoftwareKey) -> None:
    ask_to_sign_in(browser)
    deep = {"credential": "[" * 100_000}

    assert browser.post(LOGIN, deep).status_code == 302
    browser.post("/accounts/login/", {"login": "alice", "password": PASSWORD}, follow=True)
    assert browser.post("/accounts/2fa/authenticate/", deep).status_code == 200


def test_a_refused_key_is_in_the_audit_trail(browser: Client, key: SoftwareKey) -> None:
    ask_to_sign_in(browser)
    sign_in(browser, key, flags=PRESENT)
    browser.post("/accounts/login/", {"login": "alice", "password": PASSWORD}, follow=True)
    browser.post("/accounts/2fa/authenticate/", {"credential": key.answer("AAAA", flags=PRESENT)})

    refused = AuditEntry.objects.filter(action=Action.FACTOR_FAILED).order_by("id")

    assert [entry.details for entry in refused] == [{"kind": "webauthn"}] * 2
    assert [entry.object_id for entry in refused] == ["", str(User.objects.get(username="alice").pk)]
