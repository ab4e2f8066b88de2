"""Letting go of a shard other than by finishing it: given back, failed, canceled, or taken from a lost worker."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from jobs import holders, services
from jobs.models import FINAL_STATES, EventKind, Job, JobState, Shard, ShardKind, ShardState
from jobs.services import Claim, NewEvent, change

logger = structlog.get_logger(__name__)
BACK_OFF_S = (0, 5, 30)  # before the second attempt, the third, and every later one
OPEN_STATES = frozenset(JobState) - FINAL_STATES
WORKER_LOST = "jobs.worker_lost"


@transaction.atomic
def give_back(claim: Claim, message: str, *, code: str = "", delay_s: float = 0.0) -> None:
    """The shard waits again, through no fault of its own: the attempt does not count. Raises LeaseLost.

    `code` says what it waits for.
    """
    shard = services.held(claim)
    if shard.job.is_cancel_requested:
        _cancel(shard)
        return
    shard.attempts -= 1
    if code:
        shard.error_code, shard.error_message = code, message
    _wait(shard, message, timezone.now() + timedelta(seconds=delay_s) if delay_s else None)


@transaction.atomic
def fail(claim: Claim, code: str, message: str, events: Sequence[NewEvent] = ()) -> None:
    """The job cannot be done, and fails with this reason, which its user understands. Raises LeaseLost."""
    shard = services.held(claim)
    services.note(shard.job, events)
    _fail(shard, code, message, message)


@transaction.atomic
def fail_attempt(claim: Claim, code: str, message: str, events: Sequence[NewEvent] = ()) -> None:
    """This attempt failed: another one, or the end when there were too many. Raises LeaseLost."""
    shard = services.held(claim)
    services.note(shard.job, events)
    _count_out(shard, code, message, timezone.now())


@transaction.atomic
def cancel(claim: Claim) -> None:
    """The worker stopped because the user wants that. Raises LeaseLost."""
    _cancel(services.held(claim))


def take_over(*, now: datetime) -> int:
    """Frees the shards of workers that went silent, or are known to be gone; how many."""
    running = Shard.objects.filter(state=ShardState.RUNNING)
    rows = list(running.values_list("id", "job_id", "fencing_token", "lease_owner", "lease_expires_at"))
    lost = [
        Claim(shard_id, job_id, token)
        for shard_id, job_id, token, owner, expires_at in rows
        if (expires_at is not None and expires_at < now) or holders.is_gone(owner)
    ]
    _end_left_canceled()
    return sum(_take_over(claim, now) for claim in lost)


def end_canceled(job: Job) -> None:
    """The end of a job whose cancellation was asked for, once nobody works on it. The job's row is locked."""
    if job.is_cancel_requested and not job.is_final and not services.is_worked_on(job):
        change(job, JobState.CANCELED)


def take_away(job: Job, message: str) -> None:
    """Whoever works on the job loses it, and its shards wait for somebody else. The job's row is locked."""
    for shard in job.shards.select_for_update().filter(state=ShardState.RUNNING):
        shard.job = job
        _wait(shard, message)


def _end_left_canceled() -> None:
    """Of those to be canceled, the ones that nobody is left to end."""
    left = Job.objects.filter(state__in=OPEN_STATES, cancel_requested_at__isnull=False)
    for job_id in left.exclude(shards__state=ShardState.RUNNING).values_list("id", flat=True):
        with transaction.atomic():
            job = Job.objects.select_for_update().filter(id=job_id).first()
            if job is not None:
                end_canceled(job)


@transaction.atomic
def _take_over(claim: Claim, now: datetime) -> bool:
    job = Job.objects.select_for_update().filter(id=claim.job_id).first()
    shard = services.running_with(claim).select_for_update().first()
    if job is None or shard is None or not (_has_expired(shard, now) or holders.is_gone(shard.lease_owner)):
        return False  # its worker was only slow, or somebody else saw it first
    shard.job = job
    logger.warning(
        "worker_lost", job_id=str(job.id), shard=str(shard), lease_owner=shard.lease_owner, attempts=shard.attempts
    )
    if job.is_cancel_requested:
        _cancel(shard)
    else:
        _count_out(shard, WORKER_LOST, _("Its worker was lost."), now)
    return True


def _has_expired(shard: Shard, now: datetime) -> bool:
    return shard.lease_expires_at is not None and shard.lease_expires_at < now


def _count_out(shard: Shard, code: str, reason: str, now: datetime) -> None:
    if shard.job.is_cancel_requested:
        _cancel(shard)
    elif shard.attempts >= settings.MAX_ATTEMPTS:
        text = _("%(shard)s failed %(count)s times, and the last time for this reason: %(reason)s")
        known = {"shard": _described(shard), "count": shard.attempts, "reason": reason}
        _fail(shard, code, reason, text % known)
    else:
        shard.error_code, shard.error_message = code, reason
        delay_s = BACK_OFF_S[min(shard.attempts, len(BACK_OFF_S)) - 1]
        not_before = now + timedelta(seconds=delay_s) if delay_s else None
        _wait(shard, _("%(reason)s Trying again.") % {"reason": reason}, not_before)


def _fail(shard: Shard, code: str, reason: str, told: str) -> None:
    _leave(shard, ShardState.FAILED)
    shard.error_code, shard.error_message, shard.finished_at = code, reason, timezone.now()
    shard.save()
    change(shard.job, JobState.FAILED, error=(code, told))


def _cancel(shard: Shard) -> None:
    _leave(shard, ShardState.CANCELED)
    shard.finished_at = timezone.now()
    shard.save()
    end_canceled(shard.job)


def _wait(shard: Shard, message: str, not_before: datetime | None = None) -> None:
    """Nobody holds the shard any more; the job is queued when nobody works on another of its shards."""
    _leave(shard, ShardState.WAITING)
    shard.not_before = not_before
    shard.save()
    if shard.job.state == JobState.RUNNING and not services.is_worked_on(shard.job):
        change(shard.job, JobState.QUEUED, message=message)
    elif message:
        services.append(shard.job, [NewEvent(EventKind.LOG, stage=shard.stage, message=message)])


def _leave(shard: Shard, state: ShardState) -> None:
    shard.state, shard.lease_owner, shard.lease_expires_at = state, "", None


def _described(shard: Shard) -> str:
    if shard.kind != ShardKind.PART:
        return _("The stage “%(stage)s”") % {"stage": shard.stage}
    known = {"stage": shard.stage, "part": shard.part + 1, "parts": shard.parts}
    return _("Part %(part)s of %(parts)s of the stage “%(stage)s”") % known
