"""Who works on what: claiming the next shard, staying its holder, and taking over from lost workers.

The broker only says that there may be something to do; what is to be done is decided here, in short transactions.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from jobs import services
from jobs.errors import LeaseLost
from jobs.models import EventKind, Job, JobState, QueueClass, Shard, ShardState
from jobs.services import Claim, NewEvent, transition

logger = structlog.get_logger(__name__)
WORKABLE = (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What users asked of a job while a shard of it is worked on."""

    is_canceled: bool
    is_paused: bool


@transaction.atomic
def claim_next(owner: str, queues: Collection[QueueClass] = tuple(QueueClass), *, now: datetime) -> Claim | None:
    """Takes the first waiting shard of these queues: highest priority, then oldest. None when nothing waits."""
    waiting = Shard.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        Q(not_before=None) | Q(not_before__lte=now), state=ShardState.WAITING, queue__in=queues
    )
    ready = waiting.filter(job__state__in=WORKABLE, job__cancel_requested_at=None)
    shard = ready.order_by("-priority", "id").first()
    if shard is None:
        return None
    shard.state = ShardState.RUNNING
    shard.attempts += 1
    shard.fencing_token += 1
    shard.lease_owner = owner
    shard.lease_expires_at = now + timedelta(seconds=settings.LEASE_SECONDS)
    shard.started_at = now
    shard.save()
    if Job.objects.filter(id=shard.job_id, state=JobState.QUEUED).exists():
        transition(shard.job_id, JobState.RUNNING)
    return Claim(shard.id, shard.job_id, shard.fencing_token)


def renew(claim: Claim, *, now: datetime) -> None:
    """A sign of life. Raises LeaseLost when somebody else has the shard."""
    until = now + timedelta(seconds=settings.LEASE_SECONDS)
    running = Shard.objects.filter(id=claim.shard_id, fencing_token=claim.token, state=ShardState.RUNNING)
    if not running.update(lease_expires_at=until):
        raise LeaseLost(f"shard {claim.shard_id} is no longer held with token {claim.token}")


def wishes(claim: Claim) -> Wishes:
    """Raises LeaseLost when somebody else has the shard."""
    running = Shard.objects.filter(id=claim.shard_id, fencing_token=claim.token, state=ShardState.RUNNING)
    row = running.values_list("job__cancel_requested_at", "job__state").first()
    if row is None:
        raise LeaseLost(f"shard {claim.shard_id} is no longer held with token {claim.token}")
    return Wishes(is_canceled=row[0] is not None, is_paused=row[1] == JobState.PAUSED)


@transaction.atomic
def give_back(claim: Claim, message: str) -> None:
    """The shard waits again because its worker stops: not its fault, so the attempt does not count."""
    shard = services.held(claim)
    shard.attempts -= 1
    wait_again(shard, message)


def wait_again(shard: Shard, message: str, *, not_before: datetime | None = None) -> None:
    """Nobody holds the shard any more; the job is queued when nobody works on another of its shards."""
    shard.state, shard.lease_owner, shard.lease_expires_at = ShardState.WAITING, "", None
    shard.not_before = not_before
    shard.save()
    job = shard.job
    is_worked_on = job.shards.filter(state=ShardState.RUNNING).exists()
    if job.state == JobState.RUNNING and not is_worked_on:
        transition(job.id, JobState.QUEUED, message=message)
    else:
        services.append(job, [NewEvent(EventKind.LOG, stage=shard.stage, message=message)])


def take_over_expired(*, now: datetime) -> int:
    """Frees shards whose worker went silent: canceled if asked, failed after too many attempts, else waiting again."""
    expired = Shard.objects.filter(state=ShardState.RUNNING, lease_expires_at__lt=now)
    return sum(_take_over(*row, now) for row in expired.values_list("id", "job_id"))


@transaction.atomic
def _take_over(shard_id: int, job_id: UUID, now: datetime) -> bool:
    job = services.locked(job_id)
    shard = Shard.objects.select_for_update().get(id=shard_id)
    if shard.state != ShardState.RUNNING or shard.lease_expires_at is None or shard.lease_expires_at >= now:
        return False
    shard.job = job
    logger.warning(
        "lease_expired", job_id=str(job_id), shard=str(shard), lease_owner=shard.lease_owner, attempts=shard.attempts
    )
    if job.is_cancel_requested:
        transition(job_id, JobState.CANCELED)
    elif shard.attempts >= settings.MAX_ATTEMPTS:
        text = _("The worker was lost %(count)s times while dubbing this; see the server's log.")
        transition(job_id, JobState.FAILED, error=("jobs.worker_lost", text % {"count": shard.attempts}))
    else:
        wait_again(shard, _("The worker was lost; the job waits again."))
    return True
