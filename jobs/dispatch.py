"""The facade: whatever is asked of a job, by whomever, comes through here.

A submission writes the job and its first shard and rings a doorbell. The doorbell names no job: losing it costs a
delay until the supervisor rings again, and a second one finds nothing to do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from jobs import chain, failpoints, quotas, releases, workspaces
from jobs.doorbell import ring
from jobs.errors import JobStateError
from jobs.models import EventKind, Job, JobState, QueueClass, ShardState, Stage, StageState
from jobs.orders import Filed, Order
from jobs.services import NewEvent, append, is_worked_on, locked, transition
from jobs.transport import admission
from pipeline.errors import SettingsError
from pipeline.progress import StageName
from pipeline.settings import DubSettings
from uploads.models import Upload
from uploads.services import held

logger = structlog.get_logger(__name__)
# Settings that are paths: from outside they could name any file the server can read.
FILES_OF_THE_SERVER = ("subtitles", "glossary", "lexicon", "edits", "voice_memory")


def submit(owner: User, upload: Upload, settings: DubSettings, *, priority: int = 0, filed: Filed | None = None) -> Job:
    """A new job in the queue. Raises what `submit_batch` raises."""
    [job] = submit_batch(owner, [Order(upload, settings, priority, filed or Filed())])
    return job


def submit_batch(owner: User, orders: Sequence[Order]) -> list[Job]:
    """New jobs in the queue: all of them or none.

    Raises Draining or QueueUnavailable (`jobs.transport.admission`), NotAllowed, TooManyWaiting or DailyLimitReached
    (`jobs.quotas`), UploadRemoved, UploadNotReady, or SettingsError for settings that name a file of the server.
    """
    if any(getattr(order.settings, name) is not None for order in orders for name in FILES_OF_THE_SERVER):
        raise SettingsError(_("Files cannot be given with a job yet; leave them out."))
    admission.require_open()  # before the transaction: it may have to wait for Redis
    with transaction.atomic():
        return _submit_batch(owner, orders)


def _submit_batch(owner: User, orders: Sequence[Order]) -> list[Job]:
    priority = max((order.priority for order in orders), default=0)
    quotas.admit(owner, [order.settings for order in orders], priority=priority, now=timezone.now())
    for upload_id in sorted({order.upload.id for order in orders}):  # in order: two batches never wait for each other
        held(upload_id)
    transaction.on_commit(partial(failpoints.reach, "after_submit_commit"))  # before the doorbells'
    jobs = [_made(owner, order) for order in orders]
    for queue, number in Counter(chain.begin(job) for job in jobs).items():
        ring(queue, times=number)
    return jobs


def _made(owner: User, order: Order) -> Job:
    filed = order.filed
    job = Job.objects.create(
        owner=owner,
        upload=order.upload,
        name=order.upload.name,
        settings=order.settings.to_json(),
        priority=order.priority,
        project=filed.project,
        series=filed.series_name,
        season=filed.season,
        episode=filed.episode,
    )
    Stage.objects.bulk_create(Stage(job=job, name=name, position=place) for place, name in enumerate(StageName))
    append(job, [NewEvent(EventKind.STATE, data={"state": JobState.QUEUED.value, "from": None})])
    logger.info("job_submitted", job_id=str(job.id), user_id=str(owner.pk), upload_id=str(order.upload.id))
    return job


@transaction.atomic
def cancel(job: Job, *, by: User) -> Job:
    """Ends a waiting job at once and asks the workers of a running one to stop; harmless when asked twice.

    Raises JobStateError for a job that has ended otherwise.
    """
    job = locked(job.id)
    if job.state == JobState.CANCELED:
        return job
    if job.is_final:
        raise JobStateError(_("This job has ended already."))
    logger.info("job_cancel_requested", job_id=str(job.id), user_id=str(by.pk))
    if not is_worked_on(job):
        return transition(job.id, JobState.CANCELED)
    if not job.is_cancel_requested:
        job.cancel_requested_at = timezone.now()
        job.save(update_fields=["cancel_requested_at"])
    return job


@transaction.atomic
def pause(job: Job, *, by: User) -> Job:
    """Stops work on the job where it is, within a second; harmless when asked twice.

    Raises JobStateError for a job that has ended or is being canceled.
    """
    job = locked(job.id)
    if job.state == JobState.PAUSED:
        return job
    if job.state not in (JobState.QUEUED, JobState.RUNNING) or job.is_cancel_requested:
        raise JobStateError(_("Only a job that waits or runs can be paused."))
    logger.info("job_paused", job_id=str(job.id), user_id=str(by.pk))
    return transition(job.id, JobState.PAUSED)


@transaction.atomic
def resume(job: Job, *, by: User) -> Job:
    """Lets a paused or reviewed job go on where it stopped; harmless for one that goes on already.

    Raises JobStateError for a job that has ended, TooManyWaiting.
    """
    admission.require_open()
    quotas.admit_again(job.owner)  # locks the owner, which comes before the job
    job = locked(job.id)
    if job.state in (JobState.QUEUED, JobState.RUNNING):
        return job
    if job.is_final:
        raise JobStateError(_("This job has ended; retry it instead."))
    logger.info("job_resumed", job_id=str(job.id), user_id=str(by.pk))
    job = transition(job.id, JobState.RUNNING if is_worked_on(job) else JobState.QUEUED)
    _ring_for_waiting(job)
    return job


@transaction.atomic
def retry(job: Job, *, by: User, from_stage: StageName | None = None) -> Job:
    """Works again on a job that has ended: on what it left undone, or on everything from `from_stage` on.

    Raises JobStateError for a job that has not ended, TooManyWaiting, DailyLimitReached, UploadRemoved.
    """
    admission.require_open()
    if from_stage is None:
        quotas.admit_again(job.owner)
    else:
        quotas.admit_redo(job.owner, now=timezone.now())
    held(job.upload_id)
    job = locked(job.id)
    if not job.is_final:
        raise JobStateError(_("This job has not ended yet."))
    undone = job.stages.exclude(state=StageState.DONE).values_list("name", flat=True).first()
    if from_stage is None and undone is None:
        raise JobStateError(_("Everything of this job is done; choose the stage to begin again with."))
    stage = from_stage or StageName(str(undone))
    logger.info("job_retried", job_id=str(job.id), user_id=str(by.pk), stage=stage.value)
    again = chain.STAGES[chain.STAGES.index(stage) :]
    job.shards.filter(stage__in=again).delete()  # parts of another round must not be counted among the new ones
    reset = {"state": StageState.WAITING, "progress": 0.0, "started_at": None, "finished_at": None}
    job.stages.filter(name__in=again).update(**reset, duration_s=None, reused=False, last_line="")
    job = transition(job.id, JobState.QUEUED)
    ring(chain.begin(job, stage, forget=from_stage))
    return job


@transaction.atomic
def requeue(job: Job, *, by: User) -> Job:
    """Takes an unfinished job away from whoever works on it, and has it go on at once with its attempts uncounted.

    Raises JobStateError for a job that has ended.
    """
    job = locked(job.id)
    if job.is_final or job.is_cancel_requested:
        raise JobStateError(_("This job has ended; retry it instead."))
    logger.info("job_requeued", job_id=str(job.id), user_id=str(by.pk))
    releases.take_away(job, _("An administrator put the job back into the queue."))
    job.shards.filter(state=ShardState.WAITING).update(attempts=0, not_before=None)
    _ring_for_waiting(job)
    return locked(job.id)


@transaction.atomic
def delete(job: Job, *, by: User) -> None:
    """Removes the job with its events and unfinished work; its dub stays in the library.

    Raises JobStateError for a job that is pinned or worked on.
    """
    job = locked(job.id)
    if job.pinned:
        raise JobStateError(_("This job is pinned; unpin it first."))
    if is_worked_on(job):
        raise JobStateError(_("This job is being worked on; cancel it first."))
    job_id = job.id
    job.delete()
    transaction.on_commit(partial(workspaces.remove, job_id))
    logger.info("job_deleted", job_id=str(job_id), user_id=str(by.pk))


def _ring_for_waiting(job: Job) -> None:
    waiting = job.shards.filter(state=ShardState.WAITING)
    waiting.update(rung_at=timezone.now())
    for queue in waiting.order_by().values_list("queue", flat=True).distinct():
        ring(QueueClass(queue))
