"""Writes on jobs: states, events, stages and shards. Every write happens under the job's row lock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from jobs import rows
from jobs.errors import JobStateError, LeaseLost
from jobs.models import (
    FINAL_STATES,
    EventKind,
    Job,
    JobEvent,
    JobState,
    Shard,
    ShardState,
    StageState,
)

MESSAGE_MAX_CHARS = 4000
LINE_MAX_CHARS = 500
HELD_BY_NOBODY: dict[str, Any] = {"lease_owner": "", "lease_expires_at": None}
CHANGED_FIELDS = (
    "state",
    "error_code",
    "error_message",
    "started_at",
    "finished_at",
    "cancel_requested_at",
    "summary",
    "last_seq",
)
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
    """The right to work on a shard, good while nobody holds a higher token.

    `shard` is there, with its job and upload, when whoever took it had them at hand.
    """

    shard_id: int
    job_id: UUID
    token: int
    shard: Shard | None = field(default=None, compare=False, repr=False)


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
    """Changes a job's state. Raises what `change` raises."""
    job = locked(job_id)
    change(job, to, error=error, message=message)
    return job


def change(job: Job, to: JobState, *, error: tuple[str, str] = ("", ""), message: str = "") -> None:
    """The one function that changes a job's state; it records a `state` event. The job's row is locked.

    `error` is a code and a text. Raises JobStateError when the job cannot go there.
    """
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
    level = "error" if to == JobState.FAILED else "info"
    data = {"state": to.value, "from": before.value}
    _number(job, [NewEvent(EventKind.STATE, level=level, message=message or error[1], data=data)])
    _save(job, *CHANGED_FIELDS)


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
    said: dict[str, dict[str, Any]] = {event.stage: {} for event in events}
    for event in events:
        said[event.stage] |= _said_of_stage(event)
    for stage, values in said.items():
        if stage and values:
            job.stages.filter(name=stage).update(**values)


def locked(job_id: UUID) -> Job:
    """The job's row, locked until the transaction ends. Raises Job.DoesNotExist."""
    job = rows.locked_job(job_id)
    if job is None:
        raise Job.DoesNotExist
    return job


def running_with(claim: Claim) -> QuerySet[Shard]:
    """The claim's shard; nothing when somebody else has it."""
    return Shard.objects.filter(**_held_with(claim))


def lost(claim: Claim) -> LeaseLost:
    """What is raised where `running_with` found nothing."""
    return LeaseLost(f"shard {claim.shard_id} is no longer held with token {claim.token}")


def is_worked_on(job: Job) -> bool:
    """Whether somebody holds one of its shards."""
    return job.shards.filter(state=ShardState.RUNNING).exists()


def held(claim: Claim) -> Shard:
    """The claim's shard with its job, both rows locked until the transaction ends. Raises LeaseLost."""
    job = rows.locked_job(claim.job_id)  # always before its shards
    shard = running_with(claim).select_for_update().first()
    if job is None or shard is None:
        raise lost(claim)
    shard.job = job
    return shard


def finish(shard: Shard, claim: Claim, result: dict[str, Any]) -> None:
    """Marks the claim's shard as done, and locks its job's row. Raises LeaseLost."""
    job = rows.locked_job(claim.job_id)
    done = {"state": ShardState.DONE, "result": result, "finished_at": timezone.now()}
    done |= HELD_BY_NOBODY | {"error_code": "", "error_message": ""}
    if job is None or not rows.update(Shard, done, where=_held_with(claim)):
        raise lost(claim)
    job.upload, shard.job, shard.state, shard.result = shard.job.upload, job, ShardState.DONE, result


def add_shards(job: Job, shards: Sequence[Shard]) -> None:
    """New shards of the job, waiting; a doorbell for them is the caller's."""
    for shard in shards:
        shard.job, shard.owner_id, shard.priority = job, job.owner_id, job.priority
    rows.add(shards)


def append(job: Job, events: Sequence[NewEvent]) -> None:
    """Adds events to a job whose row is locked."""
    _number(job, events)
    _save(job, "last_seq")


def _number(job: Job, events: Sequence[NewEvent]) -> None:
    """The caller saves the job's `last_seq`."""
    first = job.last_seq + 1
    rows.add(
        [
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
        ]
    )
    job.last_seq += len(events)


def _save(job: Job, *names: str) -> None:
    rows.update(Job, {name: getattr(job, name) for name in names}, where={"id": job.id})


def _held_with(claim: Claim) -> dict[str, Any]:
    return {"id": claim.shard_id, "fencing_token": claim.token, "state": ShardState.RUNNING}


def _said_of_stage(event: NewEvent) -> dict[str, Any]:
    """Values of `Stage` that follow from the event."""
    values: dict[str, Any] = {"last_line": event.message[:LINE_MAX_CHARS]} if event.message else {}
    if event.kind == EventKind.STAGE_STARTED:
        values |= {"state": StageState.RUNNING, "started_at": event.at, "progress": 0.0}
        values |= {"finished_at": None, "duration_s": None}
    elif event.kind == EventKind.STAGE_PROGRESS:
        values["progress"] = float(event.data["fraction"])
    elif event.kind == EventKind.STAGE_FINISHED:
        values |= {"state": StageState.DONE, "finished_at": event.at, "progress": 1.0}
        values |= {"duration_s": event.data.get("duration_s"), "reused": bool(event.data.get("reused"))}
    return values


def _settle_stages(job: Job) -> None:
    """A job that ended has no running stages: what was running failed, or was left undone by a cancellation."""
    ended = StageState.FAILED if job.state == JobState.FAILED else StageState.WAITING
    job.stages.filter(state=StageState.RUNNING).update(state=ended, finished_at=timezone.now())


def _settle_shards(job: Job) -> None:
    """A job that ended has no shard to be worked on: whoever still holds one finds its token refused."""
    unfinished = job.shards.filter(state__in=[ShardState.WAITING, ShardState.RUNNING])
    unfinished.update(state=ShardState.CANCELED, finished_at=timezone.now(), **HELD_BY_NOBODY)
