"""The doorbell: a message in the broker that says no more than "there may be work in this queue".

Losing one costs a delay until the supervisor rings again, a second one finds nothing to do.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django_q.tasks import async_task

from jobs.models import JobState, QueueClass, Shard, ShardState
from jobs.transport.presence import slots_alive

DOORBELL = "jobs.tasks.work"
RING_AGAIN_AFTER = timedelta(seconds=3)  # a lost doorbell is to cost five at most


def ring(queue: QueueClass, *, times: int = 1) -> None:
    """Tells the workers of this queue that there may be something to do, if the caller's transaction is committed.

    More doorbells than could be answered at the same time are not rung.
    """
    if times > 1:
        times = min(times, max(slots_alive(queue, now=timezone.now()), 1))
    for _ in range(times):
        async_task(DOORBELL, cluster=queue.value, save=False)


def ring_again(*, now: datetime) -> int:
    """Rings for shards whose doorbell seems lost, while a worker could be free; the number of rings."""
    return sum(_ring_again(queue, now) for queue in QueueClass)


@transaction.atomic
def _ring_again(queue: QueueClass, now: datetime) -> int:
    forgotten = Shard.objects.filter(
        Q(rung_at=None) | Q(rung_at__lt=now - RING_AGAIN_AFTER),
        Q(not_before=None) | Q(not_before__lte=now),
        state=ShardState.WAITING,
        queue=queue,
        job__state__in=[JobState.QUEUED, JobState.RUNNING],
    )
    if not forgotten.exists():
        return 0
    free = slots_alive(queue, now=now) - Shard.objects.filter(state=ShardState.RUNNING, queue=queue).count()
    rows = forgotten.select_for_update(of=("self",), skip_locked=True).order_by("-priority", "id")
    ids = list(rows.values_list("id", flat=True)[: max(free, 0)])
    Shard.objects.filter(id__in=ids).update(rung_at=now)
    if ids:
        ring(queue, times=len(ids))
    return len(ids)
