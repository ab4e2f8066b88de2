"""In which order users are served.

Highest priority first; then the user with the fewest running shards, of several the one served longest ago, of those
the one who waits longest. What of a user comes first is said in `jobs.claims`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from accounts.models import User
from jobs import quotas
from jobs.models import Job, JobState, QueueClass, Shard, ShardState

USER_ID = User._meta.pk
# Whose shards wait is found from one user to the next through an index, so that it costs the same however many wait of
# each: 0.9 ms on SQLite with 5,000 of ten users, where counting all of them took 11. The rest is answered from indexes
# too, whatever number of shards the users had before; joined, PostgreSQL takes twice as long to plan it. A job that was
# just paused counts as running until its worker has noticed. The `|| ''` keeps SQLite, which has no statistics at
# first, from going through all that waits once for each running job.
TURNS = """
WITH RECURSIVE waiting (oldest, priority, owner_id) AS (
    SELECT id, priority, owner_id FROM jobs_shard WHERE id = (
        SELECT id FROM jobs_shard WHERE state = 'waiting' AND queue IN ({queues})
        ORDER BY priority DESC, owner_id, id LIMIT 1
    )
    UNION ALL
    SELECT next.id, next.priority, next.owner_id FROM waiting CROSS JOIN jobs_shard AS next
    WHERE next.id = COALESCE(
        (SELECT id FROM jobs_shard
         WHERE state = 'waiting' AND priority = waiting.priority AND owner_id > waiting.owner_id AND queue IN ({queues})
         ORDER BY owner_id, id LIMIT 1),
        (SELECT id FROM jobs_shard
         WHERE state = 'waiting' AND priority < waiting.priority AND queue IN ({queues})
         ORDER BY priority DESC, owner_id, id LIMIT 1)
    )
)
SELECT waiting.priority, waiting.owner_id,
    (SELECT COUNT(*) FROM jobs_job WHERE state = 'running' AND owner_id = waiting.owner_id)
    + (SELECT COUNT(*) FROM jobs_job AS job WHERE state = 'paused' AND owner_id = waiting.owner_id AND EXISTS (
        SELECT 1 FROM jobs_shard AS shard WHERE shard.job_id = job.id AND shard.state || '' = 'running'
    )),
    (SELECT COUNT(*) FROM jobs_job AS job CROSS JOIN jobs_shard AS shard
     WHERE job.state = 'running' AND job.owner_id = waiting.owner_id AND shard.job_id = job.id
        AND shard.state || '' = 'waiting' AND shard.priority = waiting.priority),
    (SELECT max_running FROM jobs_userlimits WHERE user_id = waiting.owner_id)
FROM waiting
ORDER BY
    waiting.priority DESC,
    (SELECT COUNT(*) FROM jobs_shard WHERE state = 'running' AND owner_id = waiting.owner_id),
    (SELECT MAX(started_at) FROM jobs_shard WHERE owner_id = waiting.owner_id) NULLS FIRST,
    waiting.oldest
"""
# What waits of others, or of the user's own running jobs.
RIVALS = """
SELECT EXISTS (SELECT 1 FROM jobs_shard WHERE {waiting} AND priority > %(priority)s)
    OR EXISTS (SELECT 1 FROM jobs_shard WHERE {waiting} AND priority = %(priority)s AND owner_id < %(owner)s)
    OR EXISTS (SELECT 1 FROM jobs_shard WHERE {waiting} AND priority = %(priority)s AND owner_id > %(owner)s)
    OR EXISTS (
        SELECT 1 FROM jobs_job AS job CROSS JOIN jobs_shard AS shard
        WHERE job.state = 'running' AND job.owner_id = %(owner)s AND shard.job_id = job.id
            AND shard.state || '' = 'waiting'
    )
"""


@dataclass(frozen=True, slots=True)
class Turn:
    """A user who has something waiting at this priority.

    `started_jobs` is how many of the user's jobs run, `to_go_on` how many shards wait in those, `limit` how many may
    run; None is no limit.
    """

    priority: int
    owner_id: UUID
    started_jobs: int
    to_go_on: int
    limit: int | None


def turns(queues: Collection[QueueClass]) -> list[Turn]:
    """Who has something waiting in these queues, in the order in which they are to be served."""
    with connection.cursor() as cursor:
        cursor.execute(TURNS.format(queues=_listed(queues)))
        return [
            Turn(priority, UUID(str(owner_id)), started, to_go_on, quotas.running_limit(exception))
            for priority, owner_id, started, to_go_on, exception in cursor.fetchall()
        ]


def started_jobs(owner_id: UUID) -> int:
    """How many of the user's jobs run at this very moment."""
    running = Job.objects.filter(owner_id=owner_id, state=JobState.RUNNING).count()
    held = Shard.objects.filter(owner_id=owner_id, state=ShardState.RUNNING, job__state=JobState.PAUSED).order_by()
    return running + held.values("job").distinct().count()


def has_rivals(job: Job, queues: Collection[QueueClass]) -> bool:
    """Whether anything waits in these queues that might go before the next shard of this running job."""
    values = {"priority": job.priority, "owner": USER_ID.get_db_prep_value(job.owner_id, connection)}
    with connection.cursor() as cursor:
        cursor.execute(RIVALS.format(waiting=f"state = 'waiting' AND queue IN ({_listed(queues)})"), values)
        return bool(cursor.fetchone()[0])


def _listed(queues: Collection[QueueClass]) -> str:
    return ", ".join(f"'{queue.value}'" for queue in queues)
