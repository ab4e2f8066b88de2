"""Codes of an authenticator app: what they open, and that each opens it once."""

from __future__ import annotations

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, generate_totp_secret, hotp_value
from django.conf import LazySettings
from django.core.cache import cache
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from accounts.models import AuditEntry, User
from accounts.second_factor.codes import current_counter, use_code
from tests.factories import PASSWORD, enrol_totp

SECRET = generate_totp_secret()
LONG_PERIOD_S = 1_000_000  # no test meets the end of a period


@pytest.fixture(autouse=True)
def long_period(settings: LazySettings) -> None:
    settings.MFA_TOTP_PERIOD = LONG_PERIOD_S


def code_at(counter: int) -> str:
    code: str = format_hotp_value(hotp_value(SECRET, counter))
    return code


def sign_in(client: Client, code: str) -> int:
    """The status of the answer to the code."""
    client.post("/accounts/login/", {"login": "alice", "password": PASSWORD})
    return client.post("/accounts/2fa/authenticate/", {"code": code}).status_code


def is_signed_in(client: Client) -> bool:
    return client.get("/api/jobs").status_code == 200


def test_the_password_alone_is_not_enough(client: Client, alice: User) -> None:
    enrol_totp(alice, SECRET)

    client.post("/accounts/login/", {"login": "alice", "password": PASSWORD})

    assert not is_signed_in(client)
    assert sign_in(client, code_at(current_counter())) == 302
    assert is_signed_in(client)


def test_a_code_signs_in_once_even_when_the_cache_forgets(client: Client, alice: User) -> None:
    enrol_totp(alice, SECRET)
    code = code_at(current_counter())
    other = Client()

    assert sign_in(client, code) == 302
    cache.clear()

    assert sign_in(other, code) == 200
    assert not is_signed_in(other)


@pytest.mark.parametrize("periods", [-2, -1, 1, 2])
def test_codes_of_other_periods_are_refused(client: Client, alice: User, periods: int) -> None:
    enrol_totp(alice, SECRET)

    assert sign_in(client, code_at(current_counter() + periods)) == 200
    assert not is_signed_in(client)


def test_no_code_is_accepted_after_a_later_one(alice: User) -> None:
    authenticator = enrol_totp(alice, SECRET)
    now = current_counter()

    assert use_code(authenticator, code_at(now), now_s=now * LONG_PERIOD_S)
    assert not use_code(authenticator, code_at(now - 1), now_s=now * LONG_PERIOD_S)
    assert not use_code(authenticator, code_at(now), now_s=now * LONG_PERIOD_S + LONG_PERIOD_S)
    assert use_code(authenticator, code_at(now + 1), now_s=now * LONG_PERIOD_S + LONG_PERIOD_S)


def test_the_code_that_enrolled_an_app_does_not_sign_in(transactional_db: None, as_alice: Client, alice: User) -> None:
    as_alice.post("/accounts/reauthenticate/", {"password": PASSWORD})
    as_alice.get("/accounts/2fa/totp/activate/")
    secret = as_alice.session["mfa.totp.secret"]
    code = format_hotp_value(hotp_value(secret, current_counter()))

    assert as_alice.post("/accounts/2fa/totp/activate/", {"code": code}).status_code == 302

    assert Authenticator.objects.filter(user=alice, type="totp").exists()
    assert sign_in(Client(), code) == 200


def test_guessing_codes_is_slowed_down(client: Client, alice: User) -> None:
    enrol_totp(alice, SECRET)
    wrong = code_at(current_counter() + 7)
    for _ in range(5):
        sign_in(client, wrong)

    assert sign_in(client, code_at(current_counter())) == 429
    assert not is_signed_in(client)


def test_a_recovery_code_works_once(client: Client, alice: User) -> None:
    enrol_totp(alice, SECRET)
    code = RecoveryCodes.activate(alice).get_unused_codes()[0]

    assert sign_in(client, code) == 302
    assert sign_in(Client(), code) == 200
    assert AuditEntry.objects.filter(action="recovery_code_used").count() == 1


def test_what_recovery_codes_are_made_from_is_kept_encrypted(alice: User) -> None:
    codes = RecoveryCodes.activate(alice).get_unused_codes()

    stored = str(Authenticator.objects.get(user=alice).data)

    assert "seed" in stored
    assert not [code for code in codes if code in stored]


def test_secrets_survive_a_new_secret_key(client: Client, alice: User, settings: LazySettings) -> None:
    enrol_totp(alice, SECRET)
    RecoveryCodes.activate(alice)
    before = settings.SECRET_KEY

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a new one", [before]
    call_command("reseal", verbosity=0)
    settings.SECRET_KEY_FALLBACKS = []

    assert sign_in(client, code_at(current_counter())) == 302


def test_resealing_says_when_a_key_is_missing(alice: User, settings: LazySettings) -> None:
    enrol_totp(alice, SECRET)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a new one", ["not the old one"]

    with pytest.raises(CommandError, match="SECRET_KEY_FALLBACKS"):
        call_command("reseal", verbosity=0)


def test_a_period_is_counted_from_1970(settings: LazySettings) -> None:
    settings.MFA_TOTP_PERIOD = 30

    assert current_counter(59.9) == 1
    assert current_counter(60.0) == 2
    assert abs(current_counter() - time.time() / 30) <= 1
