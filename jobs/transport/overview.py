"""The queue at a glance, for the command and the API."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, Q

from jobs.models import JobState, QueueClass, Shard, ShardState, Worker
from jobs.transport import presence, state
from jobs.transport.broker import SEPARATOR, DoorbellBroker

OPEN = (ShardState.WAITING, ShardState.RUNNING)


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """Of one queue class, in shards. Those of paused jobs do not wait."""

    queue: QueueClass
    waiting: int
    running: int
    slots: int


@dataclass(frozen=True, slots=True)
class Overview:
    """`oldest_waiting_s` is None when nothing waits; `doorbells` are those nobody has answered yet."""

    transport: state.TransportState
    queues: list[QueueCounts]
    workers: list[Worker]
    oldest_waiting_s: float | None
    doorbells: int


def overview(*, now: datetime) -> Overview:
    workers = list(presence.alive(now=now))
    shards = Shard.objects.filter(state__in=OPEN, job__state__in=[JobState.QUEUED, JobState.RUNNING])
    waits = Q(state=ShardState.WAITING)
    rows = shards.values("queue").annotate(
        waiting=Count("id", filter=waits), running=Count("id", filter=~waits), oldest=Min("created_at", filter=waits)
    )
    found: dict[str, dict[str, Any]] = {row["queue"]: dict(row) for row in rows.order_by()}
    oldest = min((row["oldest"] for row in found.values() if row["oldest"]), default=None)
    return Overview(
        transport=state.current(),
        queues=[_counts(queue, found.get(queue, {}), workers) for queue in QueueClass],
        workers=workers,
        oldest_waiting_s=(now - oldest).total_seconds() if oldest else None,
        doorbells=DoorbellBroker(SEPARATOR.join(QueueClass)).queue_size(),
    )


def _counts(queue: QueueClass, row: dict[str, Any], workers: list[Worker]) -> QueueCounts:
    slots = sum(worker.slots for worker in workers if queue in worker.queues)
    return QueueCounts(queue, row.get("waiting", 0), row.get("running", 0), slots)
