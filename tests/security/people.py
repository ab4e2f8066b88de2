"""Fills an attacked site's database with people and what they keep; says what their clients know as JSON.

A program of its own: the site's settings come from its environment.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command

# Shows itself wherever a page takes a text for markup, script or a template.
MARKUP = "\"'><img src=x onerror=alert(1)><script>alert(2)</script>{{71993*83621}}</title></textarea>"
HEADERS = 'film"; filename="x.exe\r\nSet-Cookie: stolen=1\r\n\r\n<script>.mp4'


@dataclass(frozen=True, slots=True)
class Told:
    """`secrets` must not be found in a copy of the database."""

    sessions: dict[str, str]
    keys: dict[str, str]
    ids: dict[str, str]
    secrets: dict[str, str]


def main() -> None:
    django.setup()
    call_command("prepare", verbosity=0)
    print(json.dumps(asdict(_told())))


def _told() -> Told:
    from accounts.scopes import Role, Scope
    from tests import factories

    alice = factories.make_user("alice", first_name=MARKUP[:150], last_name=MARKUP[:150])
    bob, dave = (factories.make_user(name) for name in ("bob", "dave"))
    admin = factories.make_user("admin", role=Role.ADMIN)
    for name in ("carol", "erin"):  # whose passwords and codes are guessed
        factories.make_user(name)
    everything = [scope for scope in Scope if scope is not Scope.ADMIN]
    keys = {"alice": _key(alice, everything), "bob": _key(bob, everything), "reader": _key(bob, [Scope.LIBRARY_READ])}
    secrets = {f"key of {name}": text for name, (_id, text) in keys.items()}
    for user in (alice, dave, admin):
        secrets |= _second_factor(user)
    sessions = {user.username: _signed_in(user) for user in (alice, bob, admin)}
    secrets |= {f"session of {name}": key for name, key in sessions.items()}
    secrets |= _one_time(alice, admin)
    ids = _kept(alice) | {"key_id": keys["alice"][0]}
    return Told(sessions, {name: text for name, (_id, text) in keys.items()}, ids, secrets)


def _key(owner: Any, scopes: list[Any]) -> tuple[str, str]:
    from accounts.keys import make_key

    made = make_key(owner, MARKUP[:100], scopes, expires_at=None)
    return str(made.key.id), made.text


def _second_factor(user: Any) -> dict[str, str]:
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
    from allauth.mfa.totp.internal.auth import generate_totp_secret

    from tests import factories

    secret = generate_totp_secret()
    factories.enrol_totp(user, secret)
    codes = RecoveryCodes.activate(user).get_unused_codes()
    numbered = {f"recovery code {number} of {user}": code for number, code in enumerate(codes)}
    return {f"TOTP secret of {user}": secret} | numbered


def _signed_in(user: Any) -> str:
    """Of a client that has shown its second factor, where there is one."""
    from allauth.mfa.models import Authenticator
    from django.conf import settings
    from django.http import HttpRequest
    from django.test import Client

    from accounts.second_factor.shown import count_as_shown

    client = Client()
    client.force_login(user)
    factor = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
    if factor is not None:
        request = HttpRequest()
        request.session = client.session
        count_as_shown(request, user, factor)
        request.session.save()
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def _one_time(alice: Any, admin: Any) -> dict[str, str]:
    from django.utils import timezone

    from accounts import pairing
    from accounts.invites import make_invite
    from accounts.password_resets import reset_path
    from accounts.scopes import Role

    invite = make_invite(admin, role=Role.EDITOR, email="", note=MARKUP[:100], valid_for=timedelta(days=1))
    later = timezone.now() + timedelta(hours=1)  # so that it lasts as long as the tests
    _pairing, token = pairing.show(alice, desk_hash="0" * 64, factor=None, now=later)
    reset = reset_path(alice, by=admin).rstrip("/").rpartition("/")[2].partition("-")[2]
    return {"invite": invite.token, "QR code": token, "reset link": reset}


def _kept(alice: Any) -> dict[str, str]:
    from jobs import presets, projects
    from jobs.models import JobState, Project
    from pipeline.settings import DubSettings
    from tests import factories

    upload = factories.make_upload(alice, name=MARKUP)
    job = factories.make_job(alice, upload, state=JobState.FAILED, error_message=MARKUP, series=MARKUP)
    files = {
        "mp4.mp4": b"0123456789" * 100,
        "srt_target.srt": f"1\n00:00:01,000 --> 00:00:02,000\n{MARKUP}\n".encode(),
        "report.html": b"<script>alert(3)</script>",
    }
    with tempfile.TemporaryDirectory() as folder:
        dub = factories.make_dub(alice, Path(folder), files, title=HEADERS)
    type(dub).objects.filter(pk=dub.pk).update(series=MARKUP)
    return {
        "upload_id": str(upload.id),
        "job_id": str(job.id),
        "dub_id": str(dub.id),
        "preset_id": str(presets.create_preset(alice, MARKUP[:80], DubSettings(target_language="es")).id),
        "project_id": str(projects.save_project(Project(owner=alice, name=MARKUP[:80], series=MARKUP[:80])).id),
    }


if __name__ == "__main__":
    main()
