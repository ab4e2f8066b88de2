"""Reads on jobs. Who may see what is decided by `accounts.access`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from accounts.access import reachable
from accounts.models import User
from jobs.models import Job, JobEvent, StageState


@dataclass(frozen=True, slots=True)
class StageView:
    """A stage as shown to people."""

    name: str
    state: str
    progress: float
    started_at: datetime | None
    finished_at: datetime | None
    duration_s: float | None
    reused: bool
    last_line: str


def visible_jobs(user: User | AnonymousUser) -> QuerySet[Job]:
    return reachable(user, Job.objects.all()).select_related("upload")


def get_job(user: User | AnonymousUser, job_id: UUID) -> Job:
    """Raises Job.DoesNotExist, also for somebody else's."""
    return visible_jobs(user).get(id=job_id)


def timeline(job: Job, *, now: datetime) -> list[StageView]:
    """The job's stages in order; a running stage's duration is what it took so far."""
    return [
        StageView(
            name=stage.name,
            state=stage.state,
            progress=stage.progress,
            started_at=stage.started_at,
            finished_at=stage.finished_at,
            duration_s=(
                (now - stage.started_at).total_seconds()
                if stage.state == StageState.RUNNING and stage.started_at
                else stage.duration_s
            ),
            reused=stage.reused,
            last_line=stage.last_line,
        )
        for stage in job.stages.all()
    ]


def events_after(job: Job, seq: int, limit: int = 200) -> list[JobEvent]:
    """The next events after number `seq`, oldest first."""
    return list(JobEvent.objects.filter(job=job, seq__gt=seq).order_by("seq")[:limit])
