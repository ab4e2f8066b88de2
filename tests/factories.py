"""Rows for tests, made as the services make them where that is what is tested, and plainly otherwise."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.second_factor.shown import count_as_shown
from jobs import dispatch
from jobs.models import FINAL_STATES, Job, JobState, Shard, ShardState
from jobs.services import Claim
from library.models import Artifact, Dub
from library.services import FinishedDub, Place, ReadyFile, publish
from pipeline.settings import DubSettings
from uploads.models import Upload

PASSWORD = "correct horse battery"
MEDIA = {
    "container": "mov,mp4",
    "duration_s": 6.0,
    "size_bytes": 9,
    "video": {"stream_index": 0, "codec": "h264", "width": 320, "height": 180, "rotation_deg": 0, "frame_rate": 25.0},
    "audio_tracks": [],
    "subtitle_tracks": [],
    "chapters": [],
}


def make_user(username: str, **fields: Any) -> User:
    return User.objects.create_user(username, f"{username}@example.org", PASSWORD, **fields)


def enrol_totp(user: User, secret: str = "") -> Authenticator:
    authenticator: Authenticator = TOTP.activate(user, secret or generate_totp_secret()).instance
    return authenticator


def verified_client(user: User) -> Client:
    """Signed in, and the second factor was shown: as the administration asks."""
    client = Client()
    client.force_login(user)
    request = HttpRequest()
    request.session = client.session
    count_as_shown(request, user, enrol_totp(user))
    request.session.save()
    return client


def make_upload(owner: User, name: str = "talk.mp4", content: bytes = b"not media") -> Upload:
    upload = Upload.objects.create(
        owner=owner, name=name, size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest(), media=MEDIA
    )
    upload.folder.mkdir(parents=True)
    upload.source_path.write_bytes(content)
    return upload


def make_job(owner: User, upload: Upload | None = None, *, state: JobState = JobState.QUEUED, **fields: Any) -> Job:
    """Submitted as a user would; `state` and other fields are then set as if it had happened."""
    job = dispatch.submit(owner, upload or make_upload(owner), DubSettings(target_language="es"))
    fields["state"] = state
    if state == JobState.RUNNING:
        fields = {"started_at": timezone.now()} | fields
        held = {"state": ShardState.RUNNING, "attempts": 1, "fencing_token": 1, "lease_owner": "test:1"}
        job.shards.update(**held, started_at=timezone.now())
    elif state in FINAL_STATES:
        job.shards.update(state=ShardState.DONE)
    if "priority" in fields:
        job.shards.update(priority=fields["priority"])
    Job.objects.filter(id=job.id).update(**fields)
    job.refresh_from_db()
    return job


def claim_of(job: Job) -> Claim:
    """The right to work on the job's running shard."""
    shard = Shard.objects.get(job=job, state=ShardState.RUNNING)
    return Claim(shard.id, job.id, shard.fencing_token)


def make_dub(owner: User, folder: Path, files: dict[str, bytes] | None = None, title: str = "talk.mp4") -> Dub:
    """A published dub; `files` maps `kind.ext` to content."""
    paths = {}
    for name, content in (files or {"mp4.mp4": b"0123456789"}).items():
        path = folder / name
        path.write_bytes(content)
        paths[path.stem] = ReadyFile(path, hashlib.sha256(content).hexdigest())
    job = make_job(owner)
    finished = FinishedDub(
        owner=owner,
        job_id=job.id,
        title=title,
        source_language="en",
        target_language="es",
        duration_s=6.0,
        files=paths,
    )
    return publish(finished, in_same_transaction=Place)


def artifact_of(dub: Dub, kind: str = "mp4") -> Artifact:
    return dub.artifacts.get(kind=kind)
