"""Who works on what: claiming the next shard and staying its holder.

The broker only says that there may be something to do; what is to be done is decided here, in short transactions.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, QuerySet

from accounts.models import User
from jobs import policy
from jobs.errors import LeaseLost
from jobs.models import JobState, QueueClass, Shard, ShardState
from jobs.services import Claim, change


@dataclass(frozen=True, slots=True)
class Wishes:
    """What users asked of a job while a shard of it is worked on."""

    is_canceled: bool
    is_paused: bool


def claim_next(owner: str, queues: Collection[QueueClass] = tuple(QueueClass), *, now: datetime) -> Claim | None:
    """Takes the next shard of these queues for the process `owner`. None when there is nothing to take."""
    claim = _claim(owner, queues, Shard.objects.select_for_update(skip_locked=True, of=("job",)), now)
    if claim is None and connection.features.has_select_for_update:
        # Somebody may just have been writing the rows, which takes milliseconds: this time they are waited for.
        claim = _claim(owner, queues, Shard.objects.select_for_update(of=("job",)), now)
    return claim


@transaction.atomic
def _claim(owner: str, queues: Collection[QueueClass], rows: QuerySet[Shard], now: datetime) -> Claim | None:
    shard = policy.next_shard(rows.select_related("job"), queues, now=now)
    if shard is None or (shard.job.state == JobState.QUEUED and not _still_has_room(shard)):
        return None
    taken = Shard.objects.filter(id=shard.id, state=ShardState.WAITING).update(
        state=ShardState.RUNNING,
        lease_owner=owner,
        lease_expires_at=now + timedelta(seconds=settings.LEASE_SECONDS),
        fencing_token=F("fencing_token") + 1,
        attempts=F("attempts") + 1,
        started_at=now,
    )
    if not taken:  # by somebody whose writing had not been seen when this transaction chose
        return None
    if shard.job.state == JobState.QUEUED:
        change(shard.job, JobState.RUNNING)
    return Claim(shard.id, shard.job_id, shard.fencing_token + 1)


def _still_has_room(shard: Shard) -> bool:
    """Two processes that start a job of the same user at once must count each other."""
    if not connection.features.has_select_for_update:  # the whole database is locked already
        return True
    # A submission holds this row and then waits for the job's, so nobody waits here.
    user = User.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=shard.owner_id)
    return bool(user) and policy.has_room(shard.owner_id, policy.running_jobs(shard.owner_id).count())


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
