"""A long stage is divided among workers and joined exactly once, and looks like one stage to its user."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ

from accounts.models import User
from jobs import chain, claims, dispatch
from jobs.execution import run_claimed
from jobs.execution.outcomes import Finished, Stopped, StopReason
from jobs.execution.settling import settle
from jobs.models import EventKind, Job, JobState, QueueClass, Shard, ShardKind, ShardState, StageState
from jobs.runner_process import RunnerProcess
from jobs.services import Claim
from jobs.transport.presence import Presence
from pipeline.progress import StageName
from tests.factories import make_job, make_upload

pytestmark = pytest.mark.django_db(transaction=True)
FAKE_RUNNER = (sys.executable, str(Path(__file__).with_name("fake_runner.py")), "good")


@pytest.fixture
def slots(settings: LazySettings) -> int:
    """Two workers are alive, and everything is long enough to divide."""
    settings.SPLIT_FROM_SECONDS = 100
    Presence(tuple(QueueClass), 2).sign(busy=0, now=timezone.now())
    return 2


def long_job(owner: User) -> Job:
    upload = make_upload(owner)
    upload.media = upload.media | {"duration_s": 600.0}
    upload.save()
    return make_job(owner, upload)


def claim() -> Claim:
    taken = claims.claim_next("test:1", now=timezone.now())
    assert taken is not None
    return taken


def finish(taken: Claim, result: dict[str, object] | None = None) -> None:
    settle(Shard.objects.select_related("job__upload").get(id=taken.shard_id), taken, Finished(result or {}), [])


def at_parts(owner: User, number: int = 3) -> Job:
    """A job whose transcription was split into so many parts, none of them begun."""
    job = long_job(owner)
    finish(claim())
    finish(claim(), {"parts": [{"first": place} for place in range(number)]})
    return job


def kinds(job: Job, stage: str) -> list[str]:
    return list(job.shards.filter(stage=stage).values_list("kind", flat=True))


def test_a_long_dub_goes_through_its_parts_to_the_end(alice: User, slots: int) -> None:
    job = long_job(alice)

    with RunnerProcess(FAKE_RUNNER) as runner:
        while taken := claims.claim_next("test:1", now=timezone.now()):
            run_claimed(taken, runner)

    job.refresh_from_db()
    assert (job.state, job.error_message) == (JobState.DONE, "")
    for stage in ("transcribe", "synthesize"):
        assert kinds(job, stage) == ["split", "part", "part", "part", "stage"]
    assert job.shards.count() == 8 + 2 * 4
    assert {stage.state for stage in job.stages.all()} == {StageState.DONE}


def test_a_divided_stage_begins_once_and_its_progress_only_grows(alice: User, slots: int) -> None:
    job = long_job(alice)

    with RunnerProcess(FAKE_RUNNER) as runner:
        while taken := claims.claim_next("test:1", now=timezone.now()):
            run_claimed(taken, runner)

    events = list(job.events.filter(stage="transcribe").order_by("seq"))
    assert [event.kind for event in events].count(EventKind.STAGE_STARTED) == 1
    fractions = [event.data["fraction"] for event in events if event.kind == EventKind.STAGE_PROGRESS]
    assert fractions == sorted(fractions)
    assert 0.95 in fractions  # all parts are done; what joins them may be told in between
    stage = job.stages.get(name="transcribe")
    assert stage.started_at is not None
    assert stage.duration_s == pytest.approx((events[-1].at - stage.started_at).total_seconds(), abs=0.01)


def test_a_short_input_or_a_single_worker_is_not_divided(alice: User, settings: LazySettings) -> None:
    settings.SPLIT_FROM_SECONDS = 100
    Presence(tuple(QueueClass), 1).sign(busy=0, now=timezone.now())
    job = long_job(alice)

    finish(claim())

    assert kinds(job, "transcribe") == ["stage"]


def test_a_stage_that_cannot_be_divided_is_done_whole(alice: User, slots: int) -> None:
    job = long_job(alice)
    finish(claim())

    finish(claim(), {"parts": [{"first": 0}]})
    with RunnerProcess(FAKE_RUNNER) as runner:
        run_claimed(claim(), runner)

    assert kinds(job, "transcribe") == ["split", "stage"]
    events = list(job.events.filter(stage="transcribe").values_list("kind", flat=True))
    assert EventKind.STAGE_STARTED not in events  # the split had told
    assert events[-1] == EventKind.STAGE_FINISHED


def test_every_part_knows_what_it_is_about_and_rings(alice: User, slots: int) -> None:
    OrmQ.objects.all().delete()
    job = at_parts(alice)

    parts = job.shards.filter(kind=ShardKind.PART)
    assert [(part.part, part.parts, part.request) for part in parts] == [(n, 3, {"first": n}) for n in range(3)]
    assert OrmQ.objects.count() >= 1  # beside the part that this worker takes itself


def test_parts_that_finish_at_once_are_joined_once(alice: User, slots: int) -> None:
    job = at_parts(alice, 6)
    taken = [claim() for _ in range(6)]
    together = threading.Barrier(6)

    def work(one: Claim) -> None:
        together.wait()
        finish(one)
        connection.close()

    workers = [threading.Thread(target=work, args=(one,)) for one in taken]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert kinds(job, "transcribe").count("stage") == 1
    assert job.shards.get(stage="transcribe", kind="stage").parts == 6


def test_nothing_is_joined_before_the_last_part(alice: User, slots: int) -> None:
    job = at_parts(alice)

    finish(claim())
    finish(claim())

    assert kinds(job, "transcribe") == ["split", "part", "part", "part"]


def test_a_part_given_up_fails_the_job_and_says_which(alice: User, settings: LazySettings, slots: int) -> None:
    settings.MAX_ATTEMPTS = 1
    job = at_parts(alice)
    finish(claim())
    with RunnerProcess((*FAKE_RUNNER[:2], "quit_early")) as runner:
        run_claimed(claim(), runner)

    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert "Part 2 of 3 of the stage “transcribe”" in job.error_message
    states = list(job.shards.filter(kind=ShardKind.PART).values_list("state", flat=True))
    assert states == [ShardState.DONE, ShardState.FAILED, ShardState.CANCELED]


def test_parts_of_a_canceled_round_are_not_counted_in_the_next(alice: User, slots: int) -> None:
    job = at_parts(alice)
    taken = claim()
    dispatch.cancel(job, by=alice)
    settle(Shard.objects.get(id=taken.shard_id), taken, Stopped(StopReason.CANCELED), [])

    dispatch.retry(job, by=alice, from_stage=StageName.TRANSCRIBE)
    finish(claim(), {"parts": [{"first": place} for place in range(3)]})
    for _ in range(3):
        finish(claim())

    assert kinds(job, "transcribe") == ["split", "part", "part", "part", "stage"]
    assert job.stages.get(name="transcribe").progress == pytest.approx(0.95)


@pytest.mark.parametrize(
    ("stage", "queue"), [("extract", QueueClass.IO), ("mix", QueueClass.CPU), ("transcribe", QueueClass.GPU)]
)
def test_each_stage_goes_to_the_workers_it_keeps_busy(settings: LazySettings, stage: str, queue: QueueClass) -> None:
    settings.GPU_STAGES = ["transcribe"]

    assert chain.queue_of(StageName(stage)) == queue
