"""Behind https: Django's own deployment checks pass, and every answer carries what keeps browsers safe."""

from __future__ import annotations

import http.client
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client

from accounts.models import User
from tests.web.conftest import child_environment, running_server

ROOT = Path(__file__).resolve().parents[2]
KEY = "not the key of any site, but as long as one that a site makes for itself"
PUBLIC = {"SECRET_KEY": KEY, "PUBLIC_BASE_URL": "https://dub.example.org", "TRUSTED_PROXIES": "127.0.0.1"}


def manage(data_dir: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", *arguments]
    child = child_environment(data_dir, **environment)
    return subprocess.run(command, cwd=ROOT, env=child, capture_output=True, text=True, check=False)


def test_the_deployment_checks_find_nothing(db: None, data_dir: Path) -> None:
    done = manage(data_dir, "check", "--deploy", "--fail-level", "WARNING", **PUBLIC)

    assert done.returncode == 0, done.stderr


def test_a_proxy_that_was_not_declared_is_found(db: None, data_dir: Path) -> None:
    done = manage(data_dir, "check", "--deploy", **PUBLIC | {"TRUSTED_PROXIES": ""})

    assert "dubbing_site.W001" in done.stderr


def test_behind_https_cookies_and_connections_stay_encrypted(transactional_db: None, data_dir: Path) -> None:
    with running_server(data_dir, **PUBLIC) as server:

        def ask(path: str, **headers: str) -> http.client.HTTPMessage:
            link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
            more = {name.replace("_", "-"): value for name, value in headers.items()}
            try:
                link.request("GET", path, headers={"Host": "dub.example.org", **more})
                answer = link.getresponse()
                answer.read()
                answer.msg["Status"] = str(answer.status)
                return answer.msg
            finally:
                link.close()

        encrypted = ask("/accounts/login/", X_Forwarded_For="192.168.1.20", X_Forwarded_Proto="https")
        in_clear = ask("/accounts/login/?next=/jobs/", X_Forwarded_For="192.168.1.20", X_Forwarded_Proto="http")
        health = ask("/healthz", Host="localhost")

    assert encrypted["Status"] == "200"
    assert encrypted["Strict-Transport-Security"] == "max-age=31536000"
    assert "; Secure" in encrypted["Set-Cookie"]
    assert in_clear["Status"] == "301"
    assert in_clear["Location"] == "https://dub.example.org/accounts/login/?next=/jobs/"
    assert health["Status"] == "200"


@pytest.mark.parametrize(
    "path", ["/", "/jobs/", "/new/", "/accounts/2fa/", "/api/jobs", "/api/docs/", "/nowhere/", "/api/nowhere"]
)
def test_every_answer_keeps_browsers_safe(as_alice: Client, alice: User, path: str, settings: LazySettings) -> None:
    answer = as_alice.get(path, headers={"Accept": "text/html"})

    policy = answer["Content-Security-Policy"]
    assert "'unsafe-" not in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in answer["Permissions-Policy"]


def test_a_page_of_somebody_stays_in_no_cache(as_alice: Client, alice: User) -> None:
    for path in ("/projects/", "/accounts/2fa/", "/api/keys", "/api/jobs"):
        assert "no-store" in as_alice.get(path)["Cache-Control"], path

    script = as_alice.get("/static/js/app.js")
    assert script.status_code == 200
    assert "no-store" not in script["Cache-Control"]


def test_files_and_refusals_keep_browsers_safe_too(client: Client, db: None) -> None:
    swagger = client.get("/static/drf_spectacular_sidecar/swagger-ui-dist/oauth2-redirect.html")
    stranger = client.get("/", headers={"Host": "evil.example"})

    assert (swagger.status_code, stranger.status_code) == (200, 400)
    for answer in (swagger, stranger):
        assert "script-src 'self'" in answer["Content-Security-Policy"]
        assert answer["X-Frame-Options"] == "DENY"
