"""What is removed to make room, and what never is: of each kind the oldest first, past an age or over a size.

Nothing of a job that is pinned or has not ended is touched. A plan is made without locks; each item is looked at again
under its job's row lock before it goes. Files are removed after the commit that gives them up.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Sum, TextChoices
from django.db.models.functions import Coalesce, Greatest, Length
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_q.models import Task

from jobs import idempotency
from jobs.models import FINAL_STATES, DayCount, Job, JobEvent, ShardState
from jobs.workspaces import job_folder
from library import services as library
from library.models import Dub
from uploads import services as uploads
from uploads.models import Upload, UploadState

logger = structlog.get_logger(__name__)
NEW_UPLOAD_STAYS = timedelta(hours=24)  # somebody may be about to ask for its first dub
LEFTOVERS_STAY = timedelta(days=7)
EVENT_OVERHEAD_BYTES = 200  # of a row, beside its message
GOING = ".going"  # the name of a workspace between giving it up and removing it


class Kind(TextChoices):
    INPUTS = "inputs", _("uploaded files")
    INTERMEDIATES = "intermediates", _("work of ended jobs")
    OUTPUTS = "outputs", _("finished dubs")
    LOGS = "logs", _("events of ended jobs")


@dataclass(frozen=True, slots=True)
class Item:
    """Something kept. `at` is when it was last of use."""

    kind: Kind
    id: UUID
    name: str
    at: datetime
    size_bytes: int
    is_protected: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """None is no limit."""

    age: timedelta | None
    size_bytes: int | None


def rule_of(kind: Kind) -> Rule:
    days: int = getattr(settings, f"RETAIN_{kind.upper()}_DAYS")
    size_bytes: int = getattr(settings, f"RETAIN_{kind.upper()}_BYTES")
    return Rule(timedelta(days=days) if days else None, size_bytes or None)


def due(items: Iterable[Item], rule: Rule, *, now: datetime) -> list[Item]:
    """Those that go: what is too old, then the oldest of the rest until it all fits. Protected ones count but stay."""
    items = sorted(items, key=lambda item: (item.at, item.id))
    over_bytes = sum(item.size_bytes for item in items) - rule.size_bytes if rule.size_bytes is not None else 0
    going = []
    for item in items:
        is_old = rule.age is not None and item.at < now - rule.age
        if item.is_protected or not (is_old or over_bytes > 0):
            continue
        going.append(item)
        over_bytes -= item.size_bytes
    return going


def plan(*, now: datetime) -> list[Item]:
    """What would be removed now, oldest first within each kind."""
    going: list[Item] = []
    for kind in Kind:
        rule = rule_of(kind)
        if rule != Rule(None, None):
            going += due(KEPT[kind](now), rule, now=now)
    return going


def carry_out(going: Sequence[Item], *, now: datetime) -> list[Item]:
    """Removes what may still go; those that went."""
    gone = [item for item in going if REMOVE[item.kind](item, now)]
    for item in gone:
        logger.info("pruned", kind=item.kind.value, id=str(item.id), size_bytes=item.size_bytes)
    return gone


def tidy(*, now: datetime) -> int:
    """Removes what nobody keeps on purpose: used-up keys, the counts of past days, failed doorbells; how many rows."""
    past, _by_model = DayCount.objects.filter(day__lt=timezone.localdate(now) - LEFTOVERS_STAY).delete()
    doorbells, _by_model = Task.objects.filter(stopped__lt=now - LEFTOVERS_STAY).delete()
    return int(past + doorbells + idempotency.forget_old(now=now))


def _needed_jobs() -> QuerySet[Job]:
    return Job.objects.filter(Q(pinned=True) | ~Q(state__in=FINAL_STATES))


def _kept_inputs(now: datetime) -> list[Item]:
    needed = _needed_jobs().filter(upload=OuterRef("pk"))
    rows = Upload.objects.filter(state=UploadState.READY).annotate(
        needed=Exists(needed),
        jobs_count=Count("jobs"),
        used_at=Greatest("updated_at", Coalesce(Max("jobs__finished_at"), "updated_at")),
    )
    return [
        Item(
            Kind.INPUTS,
            row.id,
            row.name,
            row.used_at,
            row.size_bytes,
            row.needed or (row.jobs_count == 0 and row.updated_at > now - NEW_UPLOAD_STAYS),
        )
        for row in rows
    ]


def _kept_intermediates(now: datetime) -> list[Item]:
    root = Path(settings.WORK_ROOT)
    names = {folder.name for folder in root.iterdir() if folder.is_dir()} if root.exists() else set()
    jobs = Job.objects.only("id", "name", "state", "pinned", "created_at", "finished_at")
    return [
        Item(
            Kind.INTERMEDIATES,
            job.id,
            job.name,
            job.finished_at or job.created_at,
            _size_bytes(job_folder(job.id)),
            _is_needed(job),
        )
        for job in jobs.iterator()
        if str(job.id) in names
    ]


def _kept_outputs(now: datetime) -> list[Item]:
    needed = _needed_jobs().filter(id=OuterRef("job_id"))
    rows = Dub.objects.annotate(needed=Exists(needed), size_bytes=Coalesce(Sum("artifacts__size_bytes"), 0))
    return [Item(Kind.OUTPUTS, row.id, row.title, row.created_at, row.size_bytes, row.needed) for row in rows]


def _kept_logs(now: datetime) -> list[Item]:
    length = Coalesce(Sum(Length("events__message") + EVENT_OVERHEAD_BYTES), 0)
    dub = Dub.objects.filter(job_id=OuterRef("pk"))
    jobs = Job.objects.only("id", "name", "state", "pinned", "created_at", "finished_at")
    return [
        Item(Kind.LOGS, job.id, job.name, job.finished_at or job.created_at, job.size_bytes, _is_needed(job))
        for job in jobs.annotate(size_bytes=length, has_dub=Exists(dub))
        if job.size_bytes or not job.has_dub
    ]


@transaction.atomic
def _remove_input(item: Item, now: datetime) -> bool:
    """The upload is locked as a submission locks it: whoever comes second sees what the first one did."""
    upload = Upload.objects.select_for_update(no_key=True).filter(id=item.id, state=UploadState.READY).first()
    if upload is None or _needed_jobs().filter(upload=upload).exists():
        return False
    uploads.give_up(upload)
    return True


def _remove_intermediate(item: Item, now: datetime) -> bool:
    """The rename is quick enough for a transaction; removing gigabytes is not."""
    folder = job_folder(item.id)
    going = folder.with_name(f"{folder.name}{GOING}")
    with transaction.atomic():
        if not _is_at_rest(_locked(item.id)) or not folder.exists():
            return False
        shutil.rmtree(going, ignore_errors=True)
        folder.rename(going)
    shutil.rmtree(going, ignore_errors=True)
    return True


@transaction.atomic
def _remove_output(item: Item, now: datetime) -> bool:
    job_id = Dub.objects.filter(id=item.id).values_list("job_id", flat=True).first()
    if job_id is None:
        return False
    job = _locked(job_id)
    if job is not None and not _is_at_rest(job):
        return False
    library.remove(item.id)
    return True


@transaction.atomic
def _remove_log(item: Item, now: datetime) -> bool:
    """Events and shards; of a job that left no dub, the whole row: nothing else would remember it."""
    job = _locked(item.id)
    if job is None or not _is_at_rest(job):
        return False
    if not Dub.objects.filter(job_id=job.id).exists():
        job.delete()
        return True
    JobEvent.objects.filter(job=job).delete()
    job.shards.all().delete()
    return True


def _locked(job_id: UUID) -> Job | None:
    return Job.objects.select_for_update().filter(id=job_id).first()


def _is_at_rest(job: Job | None) -> bool:
    """Whether the locked job lets its things go: it ended, also for a worker that is still leaving it."""
    return job is not None and not _is_needed(job) and not job.shards.filter(state=ShardState.RUNNING).exists()


def _is_needed(job: Job) -> bool:
    return job.pinned or not job.is_final


def _size_bytes(folder: Path) -> int:
    """Of what is there; beside work that goes on, files come and go while it is looked at."""
    size_bytes = 0
    for parent, _folders, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                size_bytes += os.lstat(os.path.join(parent, name)).st_size
    return size_bytes


KEPT: dict[Kind, Callable[[datetime], list[Item]]] = {
    Kind.INPUTS: _kept_inputs,
    Kind.INTERMEDIATES: _kept_intermediates,
    Kind.OUTPUTS: _kept_outputs,
    Kind.LOGS: _kept_logs,
}
REMOVE: dict[Kind, Callable[[Item, datetime], bool]] = {
    Kind.INPUTS: _remove_input,
    Kind.INTERMEDIATES: _remove_intermediate,
    Kind.OUTPUTS: _remove_output,
    Kind.LOGS: _remove_log,
}
