"""A job's state changes through one function, which refuses what makes no sense and writes down the rest."""

from __future__ import annotations

import threading

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from jobs import claims, dispatch, releases, services
from jobs.errors import JobStateError, LeaseLost
from jobs.execution.outcomes import Broke, Finished, Outcome, Stopped, StopReason, busy
from jobs.execution.settling import settle
from jobs.models import EventKind, Job, JobEvent, JobState, Shard, ShardState, StageState
from jobs.services import ALLOWED, Claim, NewEvent
from tests.factories import claim_of, make_job


@pytest.mark.django_db
@pytest.mark.parametrize("before", JobState)
@pytest.mark.parametrize("after", JobState)
def test_every_transition_is_either_recorded_or_refused(alice: User, before: JobState, after: JobState) -> None:
    job = make_job(alice, state=before)

    if after in ALLOWED[before]:
        services.transition(job.id, after)
        event = JobEvent.objects.filter(job=job).latest("seq")
        assert event.kind == EventKind.STATE
        assert event.data == {"state": after.value, "from": before.value}
        expected = after
    else:
        with pytest.raises(JobStateError):
            services.transition(job.id, after)
        expected = before
    job.refresh_from_db()
    assert job.state == expected


@pytest.mark.django_db
def test_a_stale_token_changes_nothing(alice: User) -> None:
    job = make_job(alice, state=JobState.RUNNING)
    stale = claim_of(job)
    job.shards.update(fencing_token=7)

    with pytest.raises(LeaseLost):
        services.record(stale, [NewEvent(EventKind.LOG, message="late")])
    with pytest.raises(LeaseLost):
        claims.renew(stale, now=timezone.now())
    with pytest.raises(LeaseLost):
        releases.give_back(stale, "late")

    job.refresh_from_db()
    assert job.state == JobState.RUNNING
    assert not job.events.filter(kind=EventKind.LOG).exists()


@pytest.mark.django_db
def test_a_failed_job_has_no_running_stage(alice: User) -> None:
    job = make_job(alice, state=JobState.RUNNING)
    services.record(claim_of(job), [NewEvent(EventKind.STAGE_STARTED, stage="mix")])

    services.transition(job.id, JobState.FAILED, error=("engine.failed", "it broke"))

    assert job.stages.get(name="mix").state == StageState.FAILED


@pytest.mark.django_db
def test_stages_follow_their_events(alice: User) -> None:
    job = make_job(alice, state=JobState.RUNNING)

    services.record(
        claim_of(job),
        [
            NewEvent(EventKind.STAGE_STARTED, stage="extract"),
            NewEvent(EventKind.STAGE_FINISHED, stage="extract", data={"duration_s": 1.5, "reused": True}),
            NewEvent(EventKind.STAGE_STARTED, stage="transcribe"),
            NewEvent(EventKind.STAGE_PROGRESS, stage="transcribe", data={"fraction": 0.25}),
            NewEvent(EventKind.LOG, stage="transcribe", message="listening " + "x" * 5000),
        ],
    )

    extract, transcribe = job.stages.all()[:2]
    assert (extract.state, extract.duration_s, extract.reused) == (StageState.DONE, 1.5, True)
    assert (transcribe.state, transcribe.progress) == (StageState.RUNNING, 0.25)
    assert transcribe.last_line.startswith("listening")


@pytest.mark.django_db(transaction=True)
def test_numbers_have_no_gap_and_no_double_with_many_writers(alice: User) -> None:
    job = make_job(alice, state=JobState.RUNNING)
    claim = claim_of(job)

    def write() -> None:
        for number in range(20):
            services.record(claim, [NewEvent(EventKind.LOG, message=str(number))] * 2)
        connection.close()

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    numbers = list(job.events.order_by("seq").values_list("seq", flat=True))
    assert numbers == list(range(1, 162))


@pytest.mark.django_db
def test_canceling_a_waiting_job_ends_it_at_once_and_twice_is_harmless(alice: User) -> None:
    job = make_job(alice)

    dispatch.cancel(job, by=alice)
    again = dispatch.cancel(job, by=alice)

    assert again.state == JobState.CANCELED
    assert job.events.filter(data__state="canceled").count() == 1


@pytest.mark.django_db
def test_canceling_a_running_job_asks_its_worker(alice: User) -> None:
    job = make_job(alice, state=JobState.RUNNING)

    asked = dispatch.cancel(job, by=alice)

    assert asked.state == JobState.RUNNING
    assert asked.is_cancel_requested


@pytest.mark.django_db
def test_a_finished_job_cannot_be_canceled(alice: User) -> None:
    job = make_job(alice, state=JobState.DONE)

    with pytest.raises(JobStateError):
        dispatch.cancel(job, by=alice)


def working(owner: User) -> tuple[Job, Shard, Claim]:
    job = make_job(owner)
    claim = claims.claim_next("test:1", now=timezone.now())
    assert claim is not None
    return job, Shard.objects.select_related("job__upload").get(id=claim.shard_id), claim


@pytest.mark.django_db
@pytest.mark.parametrize(
    "outcome",
    [Finished(), Stopped(StopReason.DRAINED), Stopped(StopReason.PAUSED), busy(), Broke("x", "it broke")],
    ids=["finished", "drained", "paused", "busy", "broke"],
)
def test_a_cancellation_holds_whatever_the_worker_was_about_to_say(alice: User, outcome: Outcome) -> None:
    job, shard, claim = working(alice)
    dispatch.cancel(job, by=alice)

    settle(shard, claim, outcome, [])

    job.refresh_from_db()
    assert job.state == JobState.CANCELED
    assert not job.shards.filter(state__in=[ShardState.WAITING, ShardState.RUNNING]).exists()


@pytest.mark.django_db
def test_a_cancellation_that_nobody_is_left_to_carry_out_is_carried_out(alice: User) -> None:
    job, _shard, claim = working(alice)
    releases.give_back(claim, "the worker stops")
    Job.objects.filter(id=job.id).update(cancel_requested_at=timezone.now())

    releases.take_over(now=timezone.now())

    job.refresh_from_db()
    assert job.state == JobState.CANCELED


@pytest.mark.django_db
def test_pausing_gives_the_shard_back_uncounted_and_resuming_lets_it_go_on(alice: User) -> None:
    job, shard, claim = working(alice)
    dispatch.pause(job, by=alice)
    assert claims.wishes(claim).is_paused

    settle(shard, claim, Stopped(StopReason.PAUSED), [])
    assert job.shards.get().attempts == 0
    assert claims.claim_next("test:1", now=timezone.now()) is None

    dispatch.resume(job, by=alice)
    assert claims.claim_next("test:1", now=timezone.now()) is not None


@pytest.mark.django_db
def test_a_job_resumed_before_its_worker_noticed_just_runs_on(alice: User) -> None:
    job, _shard, claim = working(alice)

    dispatch.pause(job, by=alice)
    resumed = dispatch.resume(job, by=alice)

    assert resumed.state == JobState.RUNNING
    assert not claims.wishes(claim).is_paused


@pytest.mark.django_db
def test_a_job_put_back_by_an_administrator_is_lost_to_its_worker_and_starts_counting_anew(alice: User) -> None:
    job, _shard, claim = working(alice)

    dispatch.requeue(job, by=alice)

    with pytest.raises(LeaseLost):
        claims.renew(claim, now=timezone.now())
    assert job.shards.get().attempts == 0
    assert claims.claim_next("test:2", now=timezone.now()) is not None


@pytest.mark.django_db
def test_a_job_that_is_worked_on_cannot_be_deleted(alice: User) -> None:
    job, _shard, _claim = working(alice)

    with pytest.raises(JobStateError):
        dispatch.delete(job, by=alice)
