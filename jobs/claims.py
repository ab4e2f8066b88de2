"""Who works on what: claiming the next shard and staying its holder.

The broker only says that there may be something to do; what is to be done is decided here, in short transactions.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from jobs import policy
from jobs.models import Job, JobState, QueueClass, Shard, ShardState
from jobs.policy import Turn
from jobs.services import Claim, change, locked, lost, running_with

USER_ID = User._meta.pk
# One statement chooses and takes, so that nobody else is kept from writing for longer. Of running jobs there are few:
# they are looked at job by job; of waiting ones the first by number will do. CROSS JOIN keeps SQLite to that order.
TAKE = """
UPDATE jobs_shard SET
    state = 'running', lease_owner = %(holder)s, lease_expires_at = %(until)s, started_at = %(now)s,
    fencing_token = fencing_token + 1, attempts = attempts + 1
WHERE state = 'waiting' AND id = (
    SELECT shard.id FROM {tables}
    WHERE job.id = shard.job_id AND job.owner_id = %(owner)s AND job.state = '{job_state}'
        AND job.cancel_requested_at IS NULL
        AND shard.owner_id = %(owner)s AND shard.state = 'waiting' AND shard.priority = %(priority)s
        AND shard.queue IN ({queues}) AND (shard.not_before IS NULL OR shard.not_before <= %(now)s)
    ORDER BY shard.id LIMIT 1 {lock}
)
RETURNING id, job_id, fencing_token
"""
OF_RUNNING_JOBS = TAKE.replace("{tables}", "jobs_job AS job CROSS JOIN jobs_shard AS shard").replace(
    "{job_state}", JobState.RUNNING
)
OF_WAITING_JOBS = TAKE.replace("{tables}", "jobs_shard AS shard CROSS JOIN jobs_job AS job").replace(
    "{job_state}", JobState.QUEUED
)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What users asked of a job while a shard of it is worked on."""

    is_canceled: bool
    is_paused: bool


@dataclass(frozen=True, slots=True)
class Taker:
    """Who asks for work, and in which queues."""

    holder: str
    queues: Collection[QueueClass]


@dataclass(frozen=True, slots=True)
class _Take:
    """Who takes what, when; `lock` is how the rows of jobs are locked where the database knows such locks."""

    holder: str
    queues: Collection[QueueClass]
    now: datetime
    lock: str

    def take(self, statement: str, turn: Turn) -> Claim | None:
        adapt = connection.ops.adapt_datetimefield_value
        values = {
            "holder": self.holder,
            "now": adapt(self.now),
            "until": adapt(self.now + timedelta(seconds=settings.LEASE_SECONDS)),
            "owner": USER_ID.get_db_prep_value(turn.owner_id, connection),
            "priority": turn.priority,
        }
        queues = ", ".join(f"'{queue.value}'" for queue in self.queues)
        with connection.cursor() as cursor:
            cursor.execute(statement.format(queues=queues, lock=self.lock), values)
            row = cursor.fetchone()
        return Claim(row[0], UUID(str(row[1])), row[2]) if row else None


def claim_next(owner: str, queues: Collection[QueueClass] = tuple(QueueClass), *, now: datetime) -> Claim | None:
    """Takes the next shard of these queues for the process `owner`. None when there is nothing to take.

    Whose turn it is, is read before; of that user, running jobs come before waiting ones, and the oldest first.
    """
    if not connection.features.has_select_for_update:  # a transaction locks the whole database
        return _claim(_Take(owner, queues, now, lock=""))
    # When nothing is found, somebody may just have been writing the rows, which takes milliseconds: wait for them then.
    passing_by = _Take(owner, queues, now, lock="FOR UPDATE OF job SKIP LOCKED")
    return _claim(passing_by) or _claim(replace(passing_by, lock="FOR UPDATE OF job"))


def _claim(taker: _Take) -> Claim | None:
    for turn in policy.turns(taker.queues):
        claim = _go_on(taker, turn) if turn.to_go_on else None
        if claim is None and (turn.limit is None or turn.started_jobs < turn.limit):  # so as not to lock for nothing
            claim = _start(taker, turn)
        if claim is not None:
            return claim
    return None


@transaction.atomic
def _go_on(taker: _Take, turn: Turn) -> Claim | None:
    """The first waiting shard of a running job."""
    return taker.take(OF_RUNNING_JOBS, turn)


@transaction.atomic
def _start(taker: _Take, turn: Turn) -> Claim | None:
    """The first shard of a waiting job, which runs from now on."""
    if turn.limit is not None:
        # Two processes that start jobs of one user at once must count each other.
        User.objects.select_for_update(no_key=True).only("pk").get(pk=turn.owner_id)
        if policy.started_jobs(turn.owner_id) >= turn.limit:
            return None
    claim = taker.take(OF_WAITING_JOBS, turn)
    if claim is not None:
        change(locked(claim.job_id), JobState.RUNNING)
    return claim


def go_on(job: Job, coming: Sequence[Shard], taker: Taker) -> Shard | None:
    """Which of these shards, that are about to be added to the job, the taker holds from the start; the row is locked.

    None when anything else might come before them. It saves a claim, and reading what is at hand.
    """
    if not coming or coming[0].queue not in taker.queues:
        return None
    if job.state != JobState.RUNNING or job.is_cancel_requested or policy.has_rivals(job, taker.queues):
        return None
    held, now = coming[0], timezone.now()
    held.state, held.lease_owner, held.started_at = ShardState.RUNNING, taker.holder, now
    held.lease_expires_at = now + timedelta(seconds=settings.LEASE_SECONDS)
    held.fencing_token = held.attempts = 1
    return held


def renew(claim: Claim, *, now: datetime) -> None:
    """A sign of life. Raises LeaseLost when somebody else has the shard."""
    until = now + timedelta(seconds=settings.LEASE_SECONDS)
    if not running_with(claim).update(lease_expires_at=until):
        raise lost(claim)


def wishes(claim: Claim) -> Wishes:
    """Raises LeaseLost when somebody else has the shard."""
    row = running_with(claim).values_list("job__cancel_requested_at", "job__state").first()
    if row is None:
        raise lost(claim)
    return Wishes(is_canceled=row[0] is not None, is_paused=row[1] == JobState.PAUSED)
