"""Where a job is filed, whether retention leaves it alone, and how it stands among others in the queue."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from jobs.errors import NotAllowed
from jobs.models import Job
from jobs.orders import Filed
from jobs.quotas import is_administrator
from jobs.services import locked


@transaction.atomic
def refile(job_id: UUID, filed: Filed) -> Job:
    job = locked(job_id)
    job.project, job.series, job.season, job.episode = filed.project, filed.series_name, filed.season, filed.episode
    job.save(update_fields=["project", "series", "season", "episode"])
    return job


@transaction.atomic
def pin(job_id: UUID) -> Job:
    """Retention leaves the job, its upload and its dub alone from now on."""
    return _set_pinned(job_id, True)


@transaction.atomic
def unpin(job_id: UUID) -> Job:
    return _set_pinned(job_id, False)


@transaction.atomic
def prioritise(job_id: UUID, priority: int, by: User) -> Job:
    """Higher goes first, from the next claim on. Raises NotAllowed."""
    if not is_administrator(by):
        raise NotAllowed(_("Only administrators may change the priority of a job."))
    job = locked(job_id)
    job.priority = priority
    job.save(update_fields=["priority"])
    job.shards.update(priority=priority)
    return job


def _set_pinned(job_id: UUID, pinned: bool) -> Job:
    job = locked(job_id)
    job.pinned = pinned
    job.save(update_fields=["pinned"])
    return job
