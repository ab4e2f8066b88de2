"""Jobs, the shards they are worked on in, their stages and their events."""

from jobs.models.events import EventKind, JobEvent
from jobs.models.jobs import FINAL_STATES, Job, JobState, Stage, StageState
from jobs.models.shards import QueueClass, Shard, ShardKind, ShardState

__all__ = [
    "FINAL_STATES",
    "EventKind",
    "Job",
    "JobEvent",
    "JobState",
    "QueueClass",
    "Shard",
    "ShardKind",
    "ShardState",
    "Stage",
    "StageState",
]
