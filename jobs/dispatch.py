"""The facade: everything that submits or cancels a job comes through here.

A submission writes the job and rings a doorbell in one transaction. The doorbell (`jobs.tasks.work`) names no job:
losing it costs a delay until the supervisor rings again, and a second one finds nothing to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.conf import settings as site
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django_q.tasks import async_task

from accounts.models import User
from jobs import quotas
from jobs.errors import JobStateError
from jobs.models import EventKind, Job, JobState, QueueClass, Shard, ShardKind, ShardState, Stage
from jobs.orders import Filed, Order
from jobs.services import NewEvent, add_shards, append, locked, transition
from pipeline.errors import SettingsError
from pipeline.progress import StageName
from pipeline.settings import DubSettings
from uploads.models import Upload
from uploads.services import held

logger = structlog.get_logger(__name__)
DOORBELL = "jobs.tasks.work"
# Settings that are paths: from outside they could name any file the server can read.
FILES_OF_THE_SERVER = ("subtitles", "glossary", "lexicon", "edits", "voice_memory")
RING_AGAIN_AFTER = timedelta(seconds=5)


def submit(owner: User, upload: Upload, settings: DubSettings, *, priority: int = 0, filed: Filed | None = None) -> Job:
    """A new job in the queue. Raises what `submit_batch` raises."""
    [job] = submit_batch(owner, [Order(upload, settings, priority, filed or Filed())])
    return job


@transaction.atomic
def submit_batch(owner: User, orders: Sequence[Order]) -> list[Job]:
    """New jobs in the queue: all of them or none.

    Raises NotAllowed, TooManyWaiting or DailyLimitReached (`jobs.quotas`), UploadRemoved, or SettingsError for
    settings that name a file of the server.
    """
    if any(getattr(order.settings, name) is not None for order in orders for name in FILES_OF_THE_SERVER):
        raise SettingsError(_("Files cannot be given with a job yet; leave them out."))
    priority = max((order.priority for order in orders), default=0)
    quotas.admit(owner, [order.settings for order in orders], priority=priority, now=timezone.now())
    for upload_id in sorted({order.upload.id for order in orders}):  # in order: two batches never wait for each other
        held(upload_id)
    return [_queue(owner, order) for order in orders]


def _queue(owner: User, order: Order) -> Job:
    filed = order.filed
    job = Job.objects.create(
        owner=owner,
        upload=order.upload,
        name=order.upload.name,
        settings=order.settings.to_json(),
        priority=order.priority,
        project=filed.project,
        series=filed.series or (filed.project.series if filed.project else ""),
        season=filed.season,
        episode=filed.episode,
    )
    Stage.objects.bulk_create(Stage(job=job, name=name, position=place) for place, name in enumerate(StageName))
    append(job, [NewEvent(EventKind.STATE, data={"state": JobState.QUEUED.value, "from": None})])
    whole = Shard(stage=StageName.EXPORT, kind=ShardKind.STAGE, queue=QueueClass.CPU, rung_at=timezone.now())
    add_shards(job, [whole])
    ring(QueueClass.CPU)
    logger.info("job_submitted", job_id=str(job.id), user_id=str(owner.pk), upload_id=str(order.upload.id))
    return job


@transaction.atomic
def cancel(job: Job, by: User) -> Job:
    """Ends a waiting job at once and asks the worker of a running one to stop; harmless when asked twice.

    Raises JobStateError for a job that has ended otherwise.
    """
    job = locked(job.id)
    if job.state == JobState.CANCELED:
        return job
    if job.is_final:
        raise JobStateError(_("This job has ended already."))
    if job.state != JobState.RUNNING:
        return transition(job.id, JobState.CANCELED)
    if not job.is_cancel_requested:
        job.cancel_requested_at = timezone.now()
        job.save(update_fields=["cancel_requested_at"])
        logger.info("job_cancel_requested", job_id=str(job.id), user_id=str(by.pk))
    return job


def ring(queue: QueueClass) -> None:
    """Tells the workers of this queue that there may be something to do; joins the transaction it is called in."""
    async_task(DOORBELL, group=queue.value, save=False)


@transaction.atomic
def ring_again(*, now: datetime) -> int:
    """Rings for shards whose doorbell seems lost, while a worker could be free; the number of rings."""
    running = Shard.objects.filter(state=ShardState.RUNNING).count()
    free = max(site.WORKERS - running, 0)
    forgotten = Shard.objects.filter(state=ShardState.WAITING, rung_at__lt=now - RING_AGAIN_AFTER)
    rows = dict(forgotten.order_by("-priority", "id").values_list("id", "queue")[:free])
    if rows:
        Shard.objects.filter(id__in=rows).update(rung_at=now)
    for queue in rows.values():
        ring(QueueClass(queue))
    return len(rows)
