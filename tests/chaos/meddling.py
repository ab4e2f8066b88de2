"""Users who press buttons at the wrong moment: cancel, pause, resume, retry, requeue, on any job in any state."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from uuid import UUID

from accounts.models import User
from jobs import dispatch
from jobs.models import Job, JobState
from pipeline.errors import DubbingError
from pipeline.progress import StageName


def _retry_from_a_stage(job: Job, *, by: User) -> Job:
    return dispatch.retry(job, by=by, from_stage=StageName.TRANSCRIBE)


BUTTONS: tuple[Callable[..., Job], ...] = (
    dispatch.cancel,
    dispatch.pause,
    dispatch.resume,
    dispatch.retry,
    _retry_from_a_stage,
    dispatch.requeue,
)


def press_any(jobs: Sequence[UUID], chance: random.Random) -> bool:
    """One button on one job; whether that was allowed."""
    job = Job.objects.select_related("owner").get(id=chance.choice(jobs))
    try:
        chance.choice(BUTTONS)(job, by=job.owner)
    except DubbingError:
        return False  # a sentence for the user
    return True


def resume_all() -> None:
    """So that everything ends: what is paused stays paused for ever."""
    for job in Job.objects.select_related("owner").filter(state=JobState.PAUSED):
        dispatch.resume(job, by=job.owner)
