"""Who works on what: claiming the next shard and staying its holder.

The broker only says that there may be something to do; what is to be done is decided here, in short transactions.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from jobs import policy
from jobs.errors import LeaseLost
from jobs.models import Job, JobState, QueueClass, Shard, ShardState
from jobs.policy import Found
from jobs.services import Claim, transition

WORKABLE = (JobState.QUEUED, JobState.RUNNING)
CLAIMED_FIELDS = ("state", "lease_owner", "started_at", "attempts", "fencing_token", "lease_expires_at")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What users asked of a job while a shard of it is worked on."""

    is_canceled: bool
    is_paused: bool


def claim_next(owner: str, queues: Collection[QueueClass] = tuple(QueueClass), *, now: datetime) -> Claim | None:
    """Takes the next shard of these queues for the process `owner`. None when there is nothing to take."""
    busy: set[UUID] = set()  # jobs whose row somebody else is writing at this moment
    while True:
        with transaction.atomic():
            found = policy.next_shard(queues, now=now, without=busy)
            if found is None:
                break
            claim = _take(found, owner, now, Job.objects.select_for_update(skip_locked=True))
        if claim is not None:
            return claim
        busy.add(found.job_id)
    return _claim_patiently(owner, queues, now) if busy else None


@transaction.atomic
def _claim_patiently(owner: str, queues: Collection[QueueClass], now: datetime) -> Claim | None:
    """Only jobs that were being written have something waiting: waits for such a row, which takes milliseconds."""
    found = policy.next_shard(queues, now=now)
    return _take(found, owner, now, Job.objects.select_for_update()) if found else None


def _take(found: Found, owner: str, now: datetime, rows: QuerySet[Job]) -> Claim | None:
    """None when the job's row is locked, or the shard or the room for its job is gone by the time it is held."""
    if found.starts_job:
        User.objects.select_for_update().get(pk=found.owner_id)  # two that start a job at once count each other
        if not policy.has_room(found.owner_id):
            return None
    job = rows.filter(id=found.job_id, state__in=WORKABLE, cancel_requested_at=None).first()
    shard = Shard.objects.select_for_update().filter(id=found.shard_id, state=ShardState.WAITING).first()
    if job is None or shard is None or (job.state == JobState.QUEUED) != found.starts_job:
        return None
    shard.state, shard.lease_owner, shard.started_at = ShardState.RUNNING, owner, now
    shard.attempts += 1
    shard.fencing_token += 1
    shard.lease_expires_at = now + timedelta(seconds=settings.LEASE_SECONDS)
    shard.save(update_fields=CLAIMED_FIELDS)
    if job.state == JobState.QUEUED:
        transition(job.id, JobState.RUNNING)
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
