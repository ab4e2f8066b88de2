"""What is not kept of users who want the least kept: inputs and intermediates of their jobs, once those have ended.

Finished dubs stay, and so does everything of a pinned job: both were asked for. A failed job keeps its own for a day,
so that it can be tried again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Preferences
from jobs.models import FINAL_STATES, Job, JobState
from jobs.retention import NEW_UPLOAD_STAYS, Item, Kind
from uploads.models import Upload, UploadState

FAILED_STAYS = timedelta(hours=24)
BATCH = 500
IS_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # as `jobs.workspaces` names folders


def leftovers(*, now: datetime) -> list[Item]:
    """What goes at once, for `jobs.retention.carry_out`. Sizes are not looked up."""
    if not settings.PRIVACY_MODE and not Preferences.objects.filter(is_private=True).exists():
        return []
    return [*_inputs(now), *_intermediates(now)]


def _inputs(now: datetime) -> list[Item]:
    still_wanted = Job.objects.filter(upload=OuterRef("pk")).exclude(id__in=_done_with(now).values("id"))
    any_job = Job.objects.filter(upload=OuterRef("pk"))
    rows = Upload.objects.filter(_private("owner"), ~Exists(still_wanted), state=UploadState.READY)
    rows = rows.filter(Exists(any_job) | Q(updated_at__lt=now - NEW_UPLOAD_STAYS))
    return [Item(Kind.INPUTS, row.id, row.name, row.updated_at, row.size_bytes) for row in rows]


def _intermediates(now: datetime) -> list[Item]:
    root = Path(settings.WORK_ROOT)
    ids = [UUID(folder.name) for folder in root.iterdir() if IS_ID.fullmatch(folder.name)] if root.exists() else []
    done = _done_with(now).only("id", "name", "finished_at", "created_at")
    rows = (job for some in _batched(ids) for job in done.filter(id__in=some))
    return [Item(Kind.INTERMEDIATES, job.id, job.name, job.finished_at or job.created_at, size_bytes=0) for job in rows]


def _batched(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    """Databases take so many values in one question."""
    for first in range(0, len(ids), BATCH):
        yield ids[first : first + BATCH]


def _done_with(now: datetime) -> QuerySet[Job]:
    ended = Q(state__in=FINAL_STATES - {JobState.FAILED}) | Q(state=JobState.FAILED, finished_at__lt=now - FAILED_STAYS)
    return Job.objects.filter(_private("owner"), ended, pinned=False).order_by()


def _private(owner: str) -> Q:
    return Q() if settings.PRIVACY_MODE else Q(**{f"{owner}__preferences__is_private": True})
