"""Who works on what: claiming the next job, staying its holder, and taking over from lost workers.

The broker only says that there may be something to do; what is to be done is decided here, in short transactions.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from jobs.errors import LeaseLost
from jobs.models import Job, JobState
from jobs.services import transition

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on a job, good while nobody holds a higher token."""

    job_id: UUID
    token: int


@transaction.atomic
def claim_next(owner: str, *, now: datetime) -> Claim | None:
    """Takes the first waiting job: highest priority, then oldest. None when nothing waits."""
    waiting = Job.objects.select_for_update(skip_locked=True).filter(state=JobState.QUEUED)
    job = waiting.order_by("-priority", "created_at").first()
    if job is None:
        return None
    job.attempts += 1
    job.fencing_token += 1
    job.lease_owner = owner
    job.lease_expires_at = now + timedelta(seconds=settings.LEASE_SECONDS)
    job.save(update_fields=["attempts", "fencing_token", "lease_owner", "lease_expires_at"])
    transition(job.id, JobState.RUNNING)
    return Claim(job.id, job.fencing_token)


def renew(claim: Claim, *, now: datetime) -> None:
    """A sign of life. Raises LeaseLost when somebody else has the job."""
    held = Job.objects.filter(id=claim.job_id, fencing_token=claim.token, state=JobState.RUNNING)
    if not held.update(lease_expires_at=now + timedelta(seconds=settings.LEASE_SECONDS)):
        raise LeaseLost(f"job {claim.job_id} is no longer held with token {claim.token}")


def is_cancel_requested(claim: Claim) -> bool:
    """Raises LeaseLost when somebody else has the job."""
    held = Job.objects.filter(id=claim.job_id, fencing_token=claim.token, state=JobState.RUNNING)
    row = held.values_list("cancel_requested_at", flat=True)
    if not row:
        raise LeaseLost(f"job {claim.job_id} is no longer held with token {claim.token}")
    return row[0] is not None


@transaction.atomic
def give_back(claim: Claim) -> None:
    """Back into the queue because the worker stops: it is not the job's fault, so the attempt does not count."""
    transition(claim.job_id, JobState.QUEUED, token=claim.token, message=_("The worker stops; the job waits again."))
    Job.objects.filter(id=claim.job_id).update(attempts=F("attempts") - 1)


def take_over_expired(*, now: datetime) -> int:
    """Frees jobs whose worker went silent: canceled if asked, failed after too many attempts, else queued again."""
    expired = Job.objects.filter(state=JobState.RUNNING, lease_expires_at__lt=now)
    return sum(_take_over(job_id, now) for job_id in expired.values_list("id", flat=True))


@transaction.atomic
def _take_over(job_id: UUID, now: datetime) -> bool:
    job = Job.objects.select_for_update().get(id=job_id)
    if job.state != JobState.RUNNING or job.lease_expires_at is None or job.lease_expires_at >= now:
        return False
    logger.warning("lease_expired", job_id=str(job_id), lease_owner=job.lease_owner, attempts=job.attempts)
    if job.is_cancel_requested:
        transition(job_id, JobState.CANCELED)
    elif job.attempts >= settings.MAX_ATTEMPTS:
        text = _("The worker was lost %(count)s times while dubbing this; see the server's log.")
        transition(job_id, JobState.FAILED, error=("jobs.worker_lost", text % {"count": job.attempts}))
    else:
        transition(job_id, JobState.QUEUED, message=_("The worker was lost; the job waits again."))
    return True
