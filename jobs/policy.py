"""In which order users are served.

Highest priority first; then the user with the fewest running shards, of several the one served longest ago, of those
the one who waits longest. What of a user comes first is said in `jobs.claims`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from jobs import quotas
from jobs.models import Job, JobState, QueueClass

# In SQL, because Django would group by the subquery, and so answer it for every waiting shard. This way each part is
# answered from an index, whatever number of shards the users had before.
TURNS = """
SELECT waiting.priority, waiting.owner_id, COALESCE(started.jobs, 0)
FROM (
    SELECT priority, owner_id, MIN(id) AS oldest FROM jobs_shard
    WHERE state = 'waiting' AND queue IN ({queues}) GROUP BY priority, owner_id
) AS waiting
LEFT JOIN (
    SELECT owner_id, COUNT(*) AS shards FROM jobs_shard WHERE state = 'running' GROUP BY owner_id
) AS running ON running.owner_id = waiting.owner_id
LEFT JOIN (
    SELECT owner_id, COUNT(*) AS jobs FROM jobs_job WHERE state = 'running' GROUP BY owner_id
) AS started ON started.owner_id = waiting.owner_id
ORDER BY
    waiting.priority DESC,
    COALESCE(running.shards, 0),
    (SELECT MAX(started_at) FROM jobs_shard WHERE owner_id = waiting.owner_id) NULLS FIRST,
    waiting.oldest
"""


@dataclass(frozen=True, slots=True)
class Turn:
    """A user who has something waiting at this priority. `has_room`: one more of the user's jobs may start."""

    priority: int
    owner_id: UUID
    has_room: bool


def turns(queues: Collection[QueueClass]) -> list[Turn]:
    """Who has something waiting in these queues, in the order in which they are to be served."""
    with connection.cursor() as cursor:
        cursor.execute(TURNS.format(queues=", ".join(["%s"] * len(queues))), list(queues))
        rows = [(priority, UUID(str(owner_id)), jobs) for priority, owner_id, jobs in cursor.fetchall()]
    limits = quotas.running_limits({owner_id for _, owner_id, _ in rows}) if rows else {}
    return [Turn(priority, owner_id, _is_below(limits[owner_id], jobs)) for priority, owner_id, jobs in rows]


def has_room(owner_id: UUID) -> bool:
    """Whether one more job of this user may start, at this very moment."""
    running = Job.objects.filter(owner_id=owner_id, state=JobState.RUNNING).count()
    return _is_below(quotas.running_limits([owner_id])[owner_id], running)


def _is_below(limit: int | None, running: int) -> bool:
    return limit is None or running < limit
