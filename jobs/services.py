"""Writes on jobs: states, events, stages and shards. Every write happens under the job's row lock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from jobs.errors import JobStateError, LeaseLost
from jobs.models import (
    FINAL_STATES,
    EventKind,
    Job,
    JobEvent,
    JobState,
    Shard,
    ShardState,
    Stage,
    StageState,
)

MESSAGE_MAX_CHARS = 4000
ALLOWED = {
    JobState.QUEUED: {JobState.RUNNING, JobState.PAUSED, JobState.CANCELED, JobState.FAILED},
    JobState.RUNNING: {
        JobState.QUEUED,  # its worker stopped or was lost
        JobState.PAUSED,
        JobState.NEEDS_REVIEW,
        JobState.DONE,
        JobState.FAILED,
        JobState.CANCELED,
    },
    JobState.PAUSED: {
        JobState.QUEUED,
        JobState.RUNNING,  # resumed before its worker had noticed the pause
        JobState.DONE,  # it ended before its worker had noticed
        JobState.FAILED,
        JobState.CANCELED,
    },
    JobState.NEEDS_REVIEW: {JobState.QUEUED, JobState.CANCELED},
    JobState.FAILED: {JobState.QUEUED},
    JobState.CANCELED: {JobState.QUEUED},
    JobState.DONE: {JobState.QUEUED},  # again from a stage
}


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on a shard, good while nobody holds a higher token."""

    shard_id: int
    job_id: UUID
    token: int


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event before it has a number."""

    kind: EventKind
    stage: str = ""
    level: str = "info"
    message: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    at: datetime = field(default_factory=timezone.now)


@transaction.atomic
def transition(job_id: UUID, to: JobState, *, error: tuple[str, str] = ("", ""), message: str = "") -> Job:
    """The one function that changes a job's state; it records a `state` event. `error` is a code and a text.

    Raises JobStateError when the job cannot go there.
    """
    job = locked(job_id)
    before = JobState(job.state)
    if to not in ALLOWED[before]:
        raise JobStateError(f"a job that is {before.label} cannot become {to.label}")
    job.state = to
    job.error_code, job.error_message = error
    if to == JobState.RUNNING:
        job.started_at = job.started_at or timezone.now()
    if to in FINAL_STATES:
        job.finished_at = timezone.now()
        _settle_stages(job)
        _settle_shards(job)
    elif before in FINAL_STATES:
        job.finished_at = job.cancel_requested_at = None
    job.save()
    level = "error" if to == JobState.FAILED else "info"
    data = {"state": to.value, "from": before.value}
    append(job, [NewEvent(EventKind.STATE, level=level, message=message or error[1], data=data)])
    return job


@transaction.atomic
def record(claim: Claim, events: Sequence[NewEvent]) -> int:
    """Adds events and what they say of stages; the last number given. Raises LeaseLost."""
    job = held(claim).job
    note(job, events)
    return job.last_seq


def note(job: Job, events: Sequence[NewEvent]) -> None:
    """Adds events, and what they say of stages, to a job whose row is locked."""
    if not events:
        return
    append(job, events)
    stages = {stage.name: stage for stage in job.stages.filter(name__in={event.stage for event in events})}
    for event in events:
        if event.stage in stages:
            _apply(stages[event.stage], event)
    for stage in stages.values():
        stage.save()


def locked(job_id: UUID) -> Job:
    """The job's row, locked until the transaction ends."""
    return Job.objects.select_for_update().get(id=job_id)


def held(claim: Claim) -> Shard:
    """The claim's shard with its job, both rows locked until the transaction ends. Raises LeaseLost."""
    job = Job.objects.select_for_update().filter(id=claim.job_id).first()  # always before its shards
    running = Shard.objects.select_for_update().filter(state=ShardState.RUNNING)
    shard = running.filter(id=claim.shard_id, fencing_token=claim.token).first()
    if job is None or shard is None:
        raise LeaseLost(f"shard {claim.shard_id} is no longer held with token {claim.token}")
    shard.job = job
    return shard


def add_shards(job: Job, shards: Sequence[Shard]) -> None:
    """New shards of the job, waiting; a doorbell for them is the caller's."""
    for shard in shards:
        shard.job, shard.owner_id, shard.priority = job, job.owner_id, job.priority
    Shard.objects.bulk_create(shards)


def append(job: Job, events: Sequence[NewEvent]) -> None:
    first = job.last_seq + 1
    JobEvent.objects.bulk_create(
        JobEvent(
            job=job,
            seq=seq,
            at=event.at,
            kind=event.kind,
            stage=event.stage,
            level=event.level,
            message=event.message[:MESSAGE_MAX_CHARS],
            data=event.data,
        )
        for seq, event in enumerate(events, first)
    )
    job.last_seq += len(events)
    job.save(update_fields=["last_seq"])


def _apply(stage: Stage, event: NewEvent) -> None:
    if event.message:
        stage.last_line = event.message[: Stage._meta.get_field("last_line").max_length]
    if event.kind == EventKind.STAGE_STARTED:
        stage.state, stage.started_at, stage.progress = StageState.RUNNING, event.at, 0.0
        stage.finished_at = stage.duration_s = None
    elif event.kind == EventKind.STAGE_PROGRESS:
        stage.progress = float(event.data["fraction"])
    elif event.kind == EventKind.STAGE_FINISHED:
        stage.state, stage.finished_at, stage.progress = StageState.DONE, event.at, 1.0
        stage.duration_s = event.data.get("duration_s")
        stage.reused = bool(event.data.get("reused"))


def _settle_stages(job: Job) -> None:
    """A job that ended has no running stages: what was running failed, or was left undone by a cancellation."""
    ended = StageState.FAILED if job.state == JobState.FAILED else StageState.WAITING
    job.stages.filter(state=StageState.RUNNING).update(state=ended, finished_at=timezone.now())


def _settle_shards(job: Job) -> None:
    """A job that ended has no shard to be worked on: whoever still holds one finds its token refused."""
    unfinished = job.shards.filter(state__in=[ShardState.WAITING, ShardState.RUNNING])
    unfinished.update(state=ShardState.CANCELED, lease_owner="", lease_expires_at=None, finished_at=timezone.now())
