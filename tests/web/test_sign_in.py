"""Signing in, staying out, and what is kept of second factors."""

from __future__ import annotations

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.conf import settings
from django.test import Client

from accounts.models import User
from tests.factories import PASSWORD


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

    assert sign_in(client, "alice") in (200, 429)
    assert client.get("/api/jobs").status_code == 401


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


def test_another_secret_key_cannot_read_it(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    from cryptography.fernet import InvalidToken

    stored = get_adapter().encrypt("JBSWY3DP")
    monkeypatch.setattr(settings, "SECRET_KEY", "another")

    with pytest.raises(InvalidToken):
        get_adapter().decrypt(stored)


def test_with_a_second_factor_the_password_alone_is_not_enough(client: Client, alice: User) -> None:
    secret = generate_totp_secret()
    TOTP.activate(alice, secret)

    sign_in(client, "alice")
    assert client.get("/api/jobs").status_code == 401

    counter = next(iter(yield_hotp_counters_from_time()))
    code = format_hotp_value(hotp_value(secret, counter))
    assert client.post("/accounts/2fa/authenticate/", {"code": code}).status_code == 302
    assert client.get("/api/jobs").status_code == 200


def test_a_code_works_once(alice: User) -> None:
    secret = generate_totp_secret()
    TOTP.activate(alice, secret)
    code = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    totp = TOTP(Authenticator.objects.get(user=alice))

    assert totp.validate_code(code)
    assert not totp.validate_code(code)
