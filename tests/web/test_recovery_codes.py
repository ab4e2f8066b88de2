"""A recovery code works once, also while its owner looks at the list."""

from __future__ import annotations

import threading

import pytest
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.db import connection
from django.http import HttpRequest
from django.test import Client

from accounts.models import User
from tests.factories import enrol_totp


@pytest.fixture
def looking(transactional_db: None, alice: User) -> Client:
    """Alice, who has just shown her password again, as the page asks."""
    client = Client()
    client.force_login(alice)
    request = HttpRequest()
    request.session = client.session
    record_authentication(request, alice, "password", reauthenticated=True)
    request.session.save()
    return client


def use(code: str) -> bool:
    kept = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES)
    try:
        return bool(kept.wrap().validate_code(code))
    finally:
        connection.close()


@pytest.mark.parametrize("page", ["", "download/"])
def test_a_code_used_during_the_first_look_stays_used(
    looking: Client, alice: User, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol_totp(alice)
    code = RecoveryCodes.activate(alice).get_unused_codes()[0]
    used: list[bool] = []
    user_of_it = threading.Thread(target=lambda: used.append(use(code)))
    mark = RecoveryCodes.mark_as_viewed

    def use_a_code_first(codes: RecoveryCodes) -> None:
        """Between what was read and what is written: the other waits now, or would be undone."""
        user_of_it.start()
        user_of_it.join(1)
        mark(codes)

    monkeypatch.setattr(RecoveryCodes, "mark_as_viewed", use_a_code_first)

    answer = looking.get(f"/accounts/2fa/recovery-codes/{page}")
    user_of_it.join()

    assert answer.status_code == 200
    assert used == [True]
    assert not use(code)


def test_looking_takes_a_fresh_password(as_alice: Client, alice: User) -> None:
    RecoveryCodes.activate(alice)

    answer = as_alice.get("/accounts/2fa/recovery-codes/")

    assert answer.status_code == 302
    assert "reauthenticate" in answer["Location"]
