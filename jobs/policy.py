"""Which waiting shard is next.

Highest priority first; then the user with the fewest running shards, of several the one served longest ago; then, of
that user, running jobs before waiting ones, and the oldest first. A waiting job starts only below its owner's limit of
running jobs; a running job is always carried on.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from jobs import quotas
from jobs.models import Job, JobState, QueueClass, Shard, ShardState

# In SQL, because Django would group by the subquery, and so answer it for every waiting shard. This way each part is
# answered from an index, whatever number of shards the users had before.
TURNS = """
SELECT waiting.priority, waiting.owner_id
FROM (
    SELECT priority, owner_id, MIN(id) AS oldest FROM jobs_shard
    WHERE state = 'waiting' AND queue IN ({queues}) GROUP BY priority, owner_id
) AS waiting
LEFT JOIN (
    SELECT owner_id, COUNT(*) AS shards FROM jobs_shard WHERE state = 'running' GROUP BY owner_id
) AS running ON running.owner_id = waiting.owner_id
ORDER BY
    waiting.priority DESC,
    COALESCE(running.shards, 0),
    (SELECT MAX(started_at) FROM jobs_shard WHERE owner_id = waiting.owner_id) NULLS FIRST,
    waiting.oldest
"""


def next_shard(shards: QuerySet[Shard], queues: Collection[QueueClass], *, now: datetime) -> Shard | None:
    """Of `shards`, which also says how the row that is returned, with its job, gets locked."""
    for priority, owner_id in _in_turn(queues):
        ready = shards.filter(
            Q(not_before=None) | Q(not_before__lte=now),
            state=ShardState.WAITING,
            queue__in=queues,
            priority=priority,
            owner_id=owner_id,
            job__cancel_requested_at=None,
        )
        found = _of_owner(ready.order_by("id"), owner_id)
        if found is not None:
            return found
    return None


def has_room(owner_id: UUID, running: int) -> bool:
    """Whether one more job of this user may start beside those that are running."""
    limit = quotas.running_limits([owner_id])[owner_id]
    return limit is None or running < limit


def running_jobs(owner_id: UUID) -> QuerySet[Job]:
    return Job.objects.filter(owner_id=owner_id, state=JobState.RUNNING).order_by()


def _in_turn(queues: Collection[QueueClass]) -> list[tuple[int, UUID]]:
    """Each priority with each user that has something waiting there, in the order in which they are to be served."""
    with connection.cursor() as cursor:
        cursor.execute(TURNS.format(queues=", ".join(["%s"] * len(queues))), list(queues))
        return [(priority, UUID(str(owner_id))) for priority, owner_id in cursor.fetchall()]


def _of_owner(ready: QuerySet[Shard], owner_id: UUID) -> Shard | None:
    running = list(running_jobs(owner_id).values_list("id", flat=True))
    carried_on = ready.filter(job__in=running).first() if running else None
    if carried_on is not None or not has_room(owner_id, len(running)):
        return carried_on
    return ready.filter(job__state=JobState.QUEUED).first()
