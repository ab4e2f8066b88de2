"""Jobs as users submit them, through the one facade, in this process."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from functools import cache
from unittest.mock import patch
from uuid import UUID

from accounts.models import User
from jobs import dispatch
from jobs.orders import Order
from pipeline.settings import DubSettings
from tests.chaos.behaviours import Script
from tests.factories import make_upload, make_user
from uploads.models import Upload

GOOD = Script()
SHORT_S = 6.0
LONG_S = 300.0  # where the site divides its stages (SPLIT_FROM_SECONDS)
_making = threading.Lock()


@dataclass(frozen=True, slots=True)
class Submitted:
    """`at_s`: when it was answered, on the machine's monotonic clock."""

    job: UUID
    took_s: float
    at_s: float


def submit(script: Script = GOOD, owner: str = "alice", *, duration_s: float = SHORT_S) -> Submitted:
    upload = _upload(owner, script.name, duration_s)
    began_s = time.monotonic()
    job = dispatch.submit(upload.owner, upload, DubSettings(target_language="es"))
    answered_s = time.monotonic()
    return Submitted(job.id, answered_s - began_s, answered_s)


def submit_batch(count: int) -> list[Submitted]:
    """All in one request; each tells how long the whole took."""
    upload = _upload("alice", GOOD.name, SHORT_S)
    orders = [Order(upload, DubSettings(target_language="es"))] * count
    began_s = time.monotonic()
    jobs = dispatch.submit_batch(upload.owner, orders)
    answered_s = time.monotonic()
    return [Submitted(job.id, answered_s - began_s, answered_s) for job in jobs]


def submit_without_doorbell(script: Script = GOOD) -> UUID:
    """As if the doorbell were lost: only a supervisor brings the job to a worker."""
    with patch("jobs.doorbell.async_task"):
        return submit(script).job


def user(name: str) -> User:
    with _making:
        return _user(name)


def _upload(owner: str, name: str, duration_s: float) -> Upload:
    with _making:
        return _made_upload(owner, name, duration_s)


@cache
def _user(name: str) -> User:
    return make_user(name)


@cache
def _made_upload(owner: str, name: str, duration_s: float) -> Upload:
    upload = make_upload(_user(owner), name)
    upload.media = upload.media | {"duration_s": duration_s}
    upload.save()
    return upload
