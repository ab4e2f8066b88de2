"""Which shards a job is made of, and what follows when one of them is finished.

A stage is one `stage` shard. Where several workers can help, a `split` shard comes first, then the `part` shards it
tells of, then the `stage` shard, which joins them. Parts only prepare what the stage finds in the workspace, so the
result is the same with and without them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils import timezone

from jobs import serving
from jobs.doorbell import ring
from jobs.models import Job, QueueClass, Shard, ShardKind, ShardState
from jobs.services import add_shards
from jobs.transport.presence import slots_alive
from pipeline.progress import StageName

STAGES = tuple(StageName)
ON_DISK = frozenset({StageName.EXTRACT, StageName.EXPORT})
SPLITTABLE = frozenset({StageName.TRANSCRIBE, StageName.SYNTHESIZE})
PARTS_A_SLOT = 3  # so that a slow part does not keep the others' workers waiting for long
SHORTEST_PART_S = 60.0


@dataclass(frozen=True, slots=True)
class Split:
    """How a stage is to be divided: about so many parts, each about so long."""

    parts: int
    part_s: float


def begin(job: Job, stage: StageName = STAGES[0], *, forget: StageName | None = None) -> QueueClass:
    """Has the job worked on from `stage`; the queue to ring. The job's row is locked.

    The results of `forget` and the stages after it are made again in any case.
    """
    shards = _first_of(job, stage)
    for shard in shards:
        shard.request |= {"forget": forget.value} if forget else {}
    _add(job, shards)
    return QueueClass(shards[0].queue)


def following(shard: Shard) -> list[Shard] | None:
    """What comes after a shard that is marked as done: nothing yet while other parts are worked on; None at the end.

    The job's row is locked: the last part finds under that lock that it is the last, so that the joining shard is made
    exactly once.
    """
    job, stage = shard.job, StageName(shard.stage)
    if shard.kind == ShardKind.SPLIT:
        return _parts_of(shard) or [_stage_shard(stage, parts=1)]
    if shard.kind == ShardKind.PART:
        unfinished = job.shards.filter(stage=stage, kind=ShardKind.PART).exclude(state=ShardState.DONE)
        return [] if unfinished.exists() else [_stage_shard(stage, parts=shard.parts)]
    return None if stage == STAGES[-1] else _first_of(job, STAGES[STAGES.index(stage) + 1])


def add(job: Job, coming: Sequence[Shard]) -> None:
    """Adds these shards to the job, whose row is locked, and rings for them."""
    if coming:
        _add(job, coming)
        _ring_for(coming)


def queue_of(stage: StageName) -> QueueClass:
    if stage.value in settings.GPU_STAGES:
        return QueueClass.GPU
    return QueueClass.IO if stage in ON_DISK else QueueClass.CPU


def split_of(job: Job, stage: StageName) -> Split | None:
    """How dividing the stage would help; None where it would not."""
    if stage not in SPLITTABLE:
        return None
    duration_s = float(job.upload.media.get("duration_s") or 0.0)
    if duration_s < settings.SPLIT_FROM_SECONDS:
        return None
    slots = slots_alive(queue_of(stage), now=timezone.now())
    if slots < 2:
        return None
    parts = min(slots * PARTS_A_SLOT, math.floor(duration_s / SHORTEST_PART_S))
    return Split(parts, duration_s / parts) if parts > 1 else None


def _first_of(job: Job, stage: StageName) -> list[Shard]:
    split = split_of(job, stage)
    if split is None:
        return [_stage_shard(stage)]
    request = {"parts": split.parts, "part_s": split.part_s}
    return [Shard(stage=stage, kind=ShardKind.SPLIT, queue=queue_of(stage), request=request)]


def _parts_of(split: Shard) -> list[Shard]:
    told: list[dict[str, Any]] = split.result["parts"]
    if len(told) < 2:
        return []
    stage = StageName(split.stage)
    return [
        Shard(stage=stage, kind=ShardKind.PART, part=number, parts=len(told), request=one, queue=queue_of(stage))
        for number, one in enumerate(told)
    ]


def _stage_shard(stage: StageName, *, parts: int = 0) -> Shard:
    return Shard(stage=stage, kind=ShardKind.STAGE, queue=queue_of(stage), parts=parts)


def _add(job: Job, shards: Sequence[Shard]) -> None:
    for shard in shards:
        shard.rung_at = timezone.now()
    add_shards(job, shards)


def _ring_for(shards: Sequence[Shard]) -> None:
    """Doorbells for what the worker that is just finishing will not take itself: it looks for work again anyway."""
    queue = QueueClass(shards[0].queue)  # the same for all: they belong to one stage
    left = len(shards) - (queue in serving.queues())
    if left:
        ring(queue, times=left)
