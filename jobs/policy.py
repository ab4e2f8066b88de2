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
from jobs.models import Job, JobState, QueueClass, Shard, ShardState

# In SQL, because Django would group by the subquery, and so answer it for every waiting shard. This way each part is
# answered from an index, whatever number of shards the users had before. A job that was just paused counts as running
# until its worker has noticed.
TURNS = """
SELECT waiting.priority, waiting.owner_id, COALESCE(started.jobs, 0), COALESCE(begun.shards, 0)
FROM (
    SELECT priority, owner_id, MIN(id) AS oldest FROM jobs_shard
    WHERE state = 'waiting' AND queue IN ({queues}) GROUP BY priority, owner_id
) AS waiting
LEFT JOIN (
    SELECT owner_id, COUNT(*) AS shards FROM jobs_shard WHERE state = 'running' GROUP BY owner_id
) AS running ON running.owner_id = waiting.owner_id
LEFT JOIN (
    SELECT owner_id, COUNT(*) AS jobs FROM (
        SELECT id, owner_id FROM jobs_job WHERE state = 'running'
        UNION
        SELECT job.id, job.owner_id FROM jobs_shard AS shard CROSS JOIN jobs_job AS job
        WHERE shard.state = 'running' AND job.id = shard.job_id AND job.state = 'paused'
    ) AS held GROUP BY owner_id
) AS started ON started.owner_id = waiting.owner_id
LEFT JOIN (
    SELECT shard.owner_id, shard.priority, COUNT(*) AS shards FROM jobs_job AS job CROSS JOIN jobs_shard AS shard
    WHERE job.state = 'running' AND shard.job_id = job.id AND shard.state = 'waiting'
    GROUP BY shard.owner_id, shard.priority
) AS begun ON begun.owner_id = waiting.owner_id AND begun.priority = waiting.priority
ORDER BY
    waiting.priority DESC,
    COALESCE(running.shards, 0),
    (SELECT MAX(started_at) FROM jobs_shard WHERE owner_id = waiting.owner_id) NULLS FIRST,
    waiting.oldest
"""


@dataclass(frozen=True, slots=True)
class Turn:
    """A user who has something waiting at this priority.

    `running_jobs` is how many of the user's jobs run, `to_go_on` how many shards wait in those.
    """

    priority: int
    owner_id: UUID
    running_jobs: int
    to_go_on: int


def turns(queues: Collection[QueueClass]) -> list[Turn]:
    """Who has something waiting in these queues, in the order in which they are to be served."""
    statement = TURNS.format(queues=", ".join(["%s"] * len(queues)))
    with connection.cursor() as cursor:
        cursor.execute(statement, list(queues))
        return [Turn(priority, UUID(str(owner_id)), *numbers) for priority, owner_id, *numbers in cursor.fetchall()]


def had_room(turn: Turn) -> bool:
    """Whether one more of the user's jobs could start when the turn was read."""
    return _is_below_limit(turn.owner_id, turn.running_jobs)


def has_room(owner_id: UUID) -> bool:
    """Whether one more job of this user may start, at this very moment."""
    running = Job.objects.filter(owner_id=owner_id, state=JobState.RUNNING).count()
    held = Shard.objects.filter(owner_id=owner_id, state=ShardState.RUNNING, job__state=JobState.PAUSED).order_by()
    return _is_below_limit(owner_id, running + held.values("job").distinct().count())


def _is_below_limit(owner_id: UUID, running: int) -> bool:
    limit = quotas.running_limits([owner_id])[owner_id]
    return limit is None or running < limit
