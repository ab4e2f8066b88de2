"""One code sent fifty times at once to two servers opens the door once."""

from __future__ import annotations

import http.client
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, generate_totp_secret, hotp_value
from django.conf import LazySettings
from django.test import Client

from accounts.models import AuditEntry, Session, User
from accounts.second_factor.codes import current_counter
from accounts.sessions.store import SessionStore
from tests.factories import PASSWORD, enrol_totp
from tests.web.conftest import RunningServer, running_server
from tests.web.long_totp_settings import MFA_TOTP_PERIOD

TIMES = 50
SETTINGS = "tests.web.long_totp_settings"
CSRF = "a" * 32


def half_signed_in(times: int) -> list[str]:
    """Cookies of browsers that have given the password and are asked for a code."""
    client = Client()
    client.post("/accounts/login/", {"login": "alice", "password": PASSWORD})
    cookies = []
    for _ in range(times):
        store = SessionStore()
        store.update(dict(client.session.items()))
        store.save()
        cookies.append(str(store.session_key))
    return cookies


def send_code(server: RunningServer, cookie: str, code: str) -> int:
    """The status of the answer."""
    headers = {
        "Cookie": f"sessionid={cookie}; csrftoken={CSRF}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    try:
        link.request(
            "POST", "/accounts/2fa/authenticate/", urlencode({"code": code, "csrfmiddlewaretoken": CSRF}), headers
        )
        return link.getresponse().status
    finally:
        link.close()


def at_once(servers: Sequence[RunningServer], code: str) -> list[int]:
    """The answers to TIMES browsers that send the same code, half of them to each server."""
    cookies = half_signed_in(TIMES)
    with ThreadPoolExecutor(TIMES) as browsers:
        sent = [
            browsers.submit(send_code, servers[number % len(servers)], cookie, code)
            for number, cookie in enumerate(cookies)
        ]
        return [answer.result() for answer in sent]


def test_one_of_fifty_gets_in(transactional_db: None, alice: User, data_dir: Path, settings: LazySettings) -> None:
    settings.MFA_TOTP_PERIOD = MFA_TOTP_PERIOD
    secret = generate_totp_secret()
    enrol_totp(alice, secret)
    recovery_code = RecoveryCodes.activate(alice).get_unused_codes()[0]
    code = format_hotp_value(hotp_value(secret, current_counter()))

    with (
        running_server(data_dir, DJANGO_SETTINGS_MODULE=SETTINGS) as one,
        running_server(data_dir, DJANGO_SETTINGS_MODULE=SETTINGS) as other,
    ):
        by_app = at_once([one, other], code)
        signed_in_by_app = Session.objects.filter(user=alice).count()
        by_recovery_code = at_once([one, other], recovery_code)

    assert sorted(by_app) == [200] * (TIMES - 1) + [302]
    assert signed_in_by_app == 1
    assert sorted(by_recovery_code) == [200] * (TIMES - 1) + [302]
    assert Session.objects.filter(user=alice).count() == 2
    assert AuditEntry.objects.filter(action="signed_in").count() == 2
