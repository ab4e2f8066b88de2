"""Jobs, the shards they are worked on in, their stages and events, and what users keep around them."""

from jobs.models.events import EventKind, JobEvent
from jobs.models.idempotency import IdempotencyKey
from jobs.models.jobs import FINAL_STATES, Job, JobState, Stage, StageState
from jobs.models.limits import DayCount, UserLimits
from jobs.models.presets import Preset
from jobs.models.projects import Project
from jobs.models.shards import QueueClass, Shard, ShardKind, ShardState
from jobs.models.workers import Worker

__all__ = [
    "FINAL_STATES",
    "DayCount",
    "EventKind",
    "IdempotencyKey",
    "Job",
    "JobEvent",
    "JobState",
    "Preset",
    "Project",
    "QueueClass",
    "Shard",
    "ShardKind",
    "ShardState",
    "Stage",
    "StageState",
    "UserLimits",
    "Worker",
]
