"""Which waiting shard is next. Reads only; `jobs.claims` takes what is found here.

Highest priority first; then the user with the fewest running shards, of several the one served longest ago; then, of
that user, running jobs before waiting ones, and the oldest first. A waiting job starts only below its owner's limit of
running jobs; a running job is always carried on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

from django.db.models import Count, Min, OuterRef, Q, QuerySet, Subquery

from accounts.models import User
from jobs import quotas
from jobs.models import Job, JobState, QueueClass, Shard, ShardState


@dataclass(frozen=True, slots=True)
class Found:
    shard_id: int
    job_id: UUID
    owner_id: UUID
    starts_job: bool


def next_shard(queues: Collection[QueueClass], *, now: datetime, without: Collection[UUID] = ()) -> Found | None:
    """Leaves out the jobs `without`."""
    waiting = Shard.objects.filter(state=ShardState.WAITING, queue__in=queues)
    ready = waiting.filter(Q(not_before=None) | Q(not_before__lte=now)).exclude(job__in=without)
    for priority, owner_id in _in_turn(waiting):
        found = _of_owner(ready.filter(priority=priority, owner_id=owner_id), owner_id)
        if found is not None:
            return found
    return None


def has_room(owner_id: UUID) -> bool:
    """Whether one more job of this user may start."""
    limit = quotas.running_limits([owner_id])[owner_id]
    return limit is None or Job.objects.filter(owner_id=owner_id, state=JobState.RUNNING).count() < limit


def _in_turn(waiting: QuerySet[Shard]) -> Iterator[tuple[int, UUID]]:
    """Each priority with each user that has something waiting there, in the order in which they are to be served."""
    groups = waiting.order_by("-priority").values_list("priority", "owner_id").annotate(first=Min("id"))
    busy: dict[UUID, int] | None = None
    for priority, rows in groupby(groups, key=lambda row: row[0]):
        oldest = {owner_id: first for _, owner_id, first in rows}
        if len(oldest) > 1:
            busy = _running_shards() if busy is None else busy
        for owner_id in _by_turn(oldest, busy or {}):
            yield priority, owner_id


def _by_turn(oldest: dict[UUID, int], busy: dict[UUID, int]) -> Iterator[UUID]:
    """Users by how many of their shards run, then by when they were last served, then by who waits longest."""
    by_load: dict[int, list[UUID]] = defaultdict(list)
    for owner_id in oldest:
        by_load[busy.get(owner_id, 0)].append(owner_id)
    for load in sorted(by_load):
        equal = by_load[load]
        served = _last_served(equal) if len(equal) > 1 else {}
        yield from sorted(equal, key=lambda owner_id: (served.get(owner_id, ""), oldest[owner_id]))


def _running_shards() -> dict[UUID, int]:
    running = Shard.objects.filter(state=ShardState.RUNNING).order_by()
    return dict(running.values_list("owner_id").annotate(Count("id")))


def _last_served(owner_ids: Collection[UUID]) -> dict[UUID, str]:
    """One look into the index for each user, however many shards they have had."""
    newest = Shard.objects.filter(owner=OuterRef("pk"), started_at__isnull=False).order_by("-started_at")
    users = User.objects.filter(pk__in=owner_ids).annotate(served=Subquery(newest.values("started_at")[:1]))
    return {pk: served.isoformat() for pk, served in users.values_list("pk", "served") if served is not None}


def _of_owner(ready: QuerySet[Shard], owner_id: UUID) -> Found | None:
    workable = ready.filter(job__cancel_requested_at=None).order_by("id")
    running = Job.objects.filter(owner_id=owner_id, state=JobState.RUNNING).order_by()
    carried_on = workable.filter(job__in=list(running.values_list("id", flat=True))).values_list("id", "job_id").first()
    if carried_on is not None:
        return Found(*carried_on, owner_id, starts_job=False)
    started = workable.filter(job__state=JobState.QUEUED).values_list("id", "job_id").first()
    if started is None or not has_room(owner_id):
        return None
    return Found(*started, owner_id, starts_job=True)
