"""What people are told while a shard is worked on: a split stage looks like one stage that goes on all the time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog
from django.utils import timezone

from jobs.coalescing import event_of
from jobs.models import EventKind, Shard, ShardKind, ShardState
from jobs.services import NewEvent

logger = structlog.get_logger(__name__)
JOINING_SHARE = 0.05  # of a split stage's progress
STAGE_EVENTS = frozenset({EventKind.STAGE_STARTED, EventKind.STAGE_PROGRESS, EventKind.STAGE_FINISHED})


class Telling:
    """The events of one attempt at a shard."""

    def __init__(self, shard: Shard) -> None:
        self._shard = shard
        self._joins = shard.kind == ShardKind.STAGE and shard.parts > 0
        self._began_at = _began_at(shard) if self._joins else timezone.now()

    def at_start(self) -> list[NewEvent]:
        """The split of a stage is its beginning."""
        if self._shard.kind == ShardKind.SPLIT and self._shard.attempts == 1:
            return [NewEvent(EventKind.STAGE_STARTED, stage=self._shard.stage)]
        return []

    def events_of(self, message: dict[str, Any]) -> Iterator[NewEvent]:
        """What is kept of a runner's message."""
        if message["kind"] == "part_progress":  # the stage's is told when a part is finished
            return
        event = event_of(message)
        if event is None:
            logger.warning("runner_message_unusable", kind=str(message["kind"])[:40])
        elif event.stage != self._shard.stage or event.kind not in STAGE_EVENTS:
            yield event
        elif self._shard.kind == ShardKind.STAGE:
            yield from self._joined(event) if self._joins else [event]

    def _joined(self, event: NewEvent) -> Iterator[NewEvent]:
        """The stage began with its split, and most of it was done by its parts."""
        if event.kind == EventKind.STAGE_PROGRESS:
            share = JOINING_SHARE if self._shard.parts > 1 else 1.0
            fraction = 1 - share * (1 - float(event.data["fraction"]))
            yield replace(event, data=event.data | {"fraction": round(fraction, 4)})
        elif event.kind == EventKind.STAGE_FINISHED:
            yield replace(
                event, data=event.data | {"duration_s": round((event.at - self._began_at).total_seconds(), 3)}
            )


def part_finished(shard: Shard) -> list[NewEvent]:
    """The stage's progress when one more of its parts is done; the job's row is locked."""
    if shard.kind != ShardKind.PART:
        return []
    parts = shard.job.shards.filter(stage=shard.stage, kind=ShardKind.PART)
    done = parts.filter(state=ShardState.DONE).count()
    fraction = (1 - JOINING_SHARE) * done / shard.parts
    return [NewEvent(EventKind.STAGE_PROGRESS, stage=shard.stage, data={"fraction": round(fraction, 4)})]


def _began_at(shard: Shard) -> datetime:
    return shard.job.stages.values_list("started_at", flat=True).get(name=shard.stage) or timezone.now()
