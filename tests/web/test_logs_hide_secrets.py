"""No log line carries a link that lets its reader in."""

from __future__ import annotations

import pytest

from dubbing_site.logs import hide_secrets


@pytest.mark.parametrize(
    ("said", "logged"),
    [
        ("GET /setup/s3cr3t-t0ken/", "GET /setup/…/"),
        ("Not Found: /setup/s3cr3t-t0ken/", "Not Found: /setup/…/"),
        ("POST /accounts/password/reset/key/1-abc-def/", "POST /accounts/password/reset/key/…/"),
        ("GET /jobs/", "GET /jobs/"),
    ],
)
def test_a_secret_link_is_cut(said: str, logged: str) -> None:
    assert hide_secrets(None, "info", {"event": "request_started", "request": said})["request"] == logged
