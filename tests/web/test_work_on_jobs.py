"""A claimed job and its runner, well-behaved or not."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from django.conf import LazySettings
from django.db import connection
from django.utils import timezone

from accounts.models import User
from jobs import claims, dispatch, drain, releases
from jobs.execution import run_claimed
from jobs.models import EventKind, Job, JobState, Shard, ShardState, StageState
from jobs.runner_process import RunnerProcess
from jobs.services import Claim
from library.models import Dub
from tests.factories import make_job
from tests.web.conftest import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
FAKE_RUNNER = Path(__file__).with_name("fake_runner.py")


def behaving(behaviour: str) -> tuple[str, ...]:
    return (sys.executable, str(FAKE_RUNNER), behaviour)


def claimed(owner: User) -> Claim:
    make_job(owner)
    claim = claims.claim_next("test:1", now=timezone.now())
    assert claim is not None
    return claim


def run(owner: User, behaviour: str) -> Job:
    """Works on a new job of the owner until nothing of it can be claimed."""
    job = make_job(owner)
    work(behaviour)
    return Job.objects.get(id=job.id)


def work(behaviour: str) -> None:
    with RunnerProcess(behaving(behaviour)) as runner:
        while claim := claims.claim_next("test:1", now=timezone.now()):
            run_claimed(claim, runner)


@contextmanager
def in_background(claim: Claim, behaviour: str) -> Iterator[threading.Thread]:
    def work_on_it() -> None:
        with RunnerProcess(behaving(behaviour)) as runner:
            run_claimed(claim, runner)
        connection.close()

    thread = threading.Thread(target=work_on_it)
    thread.start()
    try:
        yield thread
    finally:
        drain.request()
        thread.join(20)
    assert not thread.is_alive()


def attempts_left(data_dir: Path) -> list[Path]:
    return list((data_dir / "work").glob("*/attempt-*"))


def started(claim: Claim) -> bool:
    return Job.objects.get(id=claim.job_id).events.filter(stage="extract").exists()


def is_alive(pid: int) -> bool:
    """A zombie is dead: nobody has asked for its status yet."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_a_good_dub_is_published_and_only_its_workspace_is_left(alice: User, data_dir: Path) -> None:
    job = run(alice, "good")

    assert job.state == JobState.DONE
    assert job.finished_at is not None
    assert job.summary["languages"]["source"] == "en"
    assert {stage.state for stage in job.stages.all()} == {StageState.DONE}
    dub = Dub.objects.get(job_id=job.id)
    assert dub.owner == alice
    assert {artifact.kind: artifact.path.read_bytes() for artifact in dub.artifacts.all()} == {
        "mp4": b"a film",
        "srt_target": b"1\n",
    }
    assert dub.artifacts.get(kind="mp4").name == "talk.es.mp4"
    assert attempts_left(data_dir) == []


def test_events_are_numbered_without_gaps_and_progress_is_coalesced(alice: User) -> None:
    job = run(alice, "good")

    events = list(job.events.order_by("seq"))
    assert [event.seq for event in events] == list(range(1, job.last_seq + 1))
    assert [event.data["state"] for event in events if event.kind == EventKind.STATE] == ["queued", "running", "done"]
    assert sum(event.kind == EventKind.STAGE_FINISHED for event in events) == 8
    assert sum(event.kind == EventKind.STAGE_PROGRESS for event in events) <= 8  # 88 were told


def test_a_refusal_fails_the_job_with_its_reason(alice: User, data_dir: Path) -> None:
    job = run(alice, "refuse")

    assert (job.state, job.error_code) == (JobState.FAILED, "input.no_speech")
    assert job.error_message == "nobody speaks in talk.mp4"
    assert not Dub.objects.exists()
    assert attempts_left(data_dir) == []


@pytest.mark.parametrize("behaviour", ["crash", "quit_early", "lie"])
def test_a_runner_that_breaks_is_tried_again_and_at_last_given_up(
    alice: User, settings: LazySettings, behaviour: str
) -> None:
    settings.MAX_ATTEMPTS = 2

    job = run(alice, behaviour)

    assert (job.state, job.attempts) == (JobState.FAILED, 2)
    assert job.error_code.startswith("jobs.")
    assert not Dub.objects.exists()


def test_a_job_given_up_says_which_stage_failed_how_often_and_why(alice: User, settings: LazySettings) -> None:
    settings.MAX_ATTEMPTS = 2

    job = run(alice, "crash")

    assert "“extract” failed 2 times" in job.error_message
    assert "status -11" in job.error_message
    shard = job.shards.get()
    assert (shard.state, shard.error_code) == (ShardState.FAILED, "jobs.runner_crashed")


def test_the_third_attempt_comes_after_a_pause(alice: User) -> None:
    job = run(alice, "crash")

    shard = job.shards.get()
    assert (job.state, shard.attempts, shard.error_code) == (JobState.QUEUED, 2, "jobs.runner_crashed")
    assert shard.not_before is not None
    assert claims.claim_next("test:1", now=shard.not_before) is not None


def test_the_next_attempt_finds_the_workspace_of_the_one_before(alice: User) -> None:
    job = run(alice, "crash_once")

    assert (job.state, job.attempts) == (JobState.DONE, 2)


def test_garbage_between_the_messages_does_no_harm(alice: User) -> None:
    job = run(alice, "babble")

    assert job.state == JobState.DONE
    assert not job.events.filter(level="scream").exists()


def test_a_silent_runner_is_ended_with_all_it_started(alice: User, settings: LazySettings) -> None:
    settings.STALL_SECONDS = 1
    settings.MAX_ATTEMPTS = 1

    job = run(alice, "hang")

    assert (job.state, job.error_code) == (JobState.FAILED, "jobs.stalled")
    line = job.events.get(message__startswith="pids ").message
    wait_until(lambda: not any(is_alive(int(pid)) for pid in line.split()[1:]), "the whole group ended")


@pytest.mark.parametrize("behaviour", ["hang", "talk"])
def test_canceling_ends_a_running_job_within_two_seconds(alice: User, data_dir: Path, behaviour: str) -> None:
    claim = claimed(alice)
    with in_background(claim, behaviour) as thread:
        wait_until(lambda: started(claim), "the runner speaks")

        dispatch.cancel(Job.objects.get(id=claim.job_id), by=alice)
        thread.join(2.4)  # 0.4 s to notice, 1.5 s of grace for a deaf one, the rest for this machine
        assert not thread.is_alive()

    job = Job.objects.get(id=claim.job_id)
    assert job.state == JobState.CANCELED
    assert attempts_left(data_dir) == []


def test_a_draining_worker_gives_the_job_back_without_counting_the_attempt(alice: User) -> None:
    claim = claimed(alice)
    with in_background(claim, "talk") as thread:
        wait_until(lambda: started(claim), "the runner speaks")
        drain.request()
        thread.join(10)

    job = Job.objects.get(id=claim.job_id)
    shard = job.shards.get()
    assert (job.state, shard.attempts, shard.lease_owner) == (JobState.QUEUED, 0, "")


def test_a_worker_that_lost_its_lease_ends_its_runner_and_writes_nothing(alice: User) -> None:
    claim = claimed(alice)
    with in_background(claim, "talk") as thread:
        wait_until(lambda: started(claim), "the runner speaks")
        releases.take_over(now=timezone.now() + timedelta(days=1))
        successor = claims.claim_next("other:1", now=timezone.now())
        last_seq = Job.objects.get(id=claim.job_id).last_seq
        thread.join(10)
        assert not thread.is_alive()

    job = Job.objects.get(id=claim.job_id)
    assert successor is not None
    assert (job.state, job.shards.get().fencing_token) == (JobState.RUNNING, successor.token)
    assert job.last_seq == last_seq


def test_the_lease_is_renewed_while_the_runner_works(alice: User, settings: LazySettings) -> None:
    settings.HEARTBEAT_SECONDS = 0.1
    claim = claimed(alice)
    first = Shard.objects.get(id=claim.shard_id).lease_expires_at
    assert first is not None

    def renewed() -> bool:
        now = Shard.objects.get(id=claim.shard_id).lease_expires_at
        return now is not None and now > first

    with in_background(claim, "talk"):
        wait_until(renewed, "the lease is renewed")
