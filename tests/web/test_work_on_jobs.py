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
from django_q.models import OrmQ

from accounts.models import User
from jobs import claims, dispatch, drain
from jobs.execution import run_claimed
from jobs.models import EventKind, Job, JobState, Shard, StageState
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
    claim = claimed(owner)
    run_claimed(claim, command=behaving(behaviour))
    return Job.objects.get(id=claim.job_id)


@contextmanager
def in_background(claim: Claim, behaviour: str) -> Iterator[threading.Thread]:
    def work() -> None:
        run_claimed(claim, command=behaving(behaviour))
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield thread
    finally:
        drain.request()
        thread.join(20)
    assert not thread.is_alive()


def started(claim: Claim) -> bool:
    return Job.objects.get(id=claim.job_id).events.filter(stage="extract").exists()


def is_alive(pid: int) -> bool:
    """A zombie is dead: nobody has asked for its status yet."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_a_good_dub_is_published_and_its_workspace_is_gone(alice: User, data_dir: Path) -> None:
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
    assert list((data_dir / "work").iterdir()) == []


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
    assert list((data_dir / "work").iterdir()) == []


@pytest.mark.parametrize("behaviour", ["crash", "quit_early", "lie"])
def test_a_runner_that_breaks_is_tried_again_and_at_last_given_up(
    alice: User, settings: LazySettings, behaviour: str
) -> None:
    settings.MAX_ATTEMPTS = 2
    OrmQ.objects.all().delete()
    job = run(alice, behaviour)
    assert job.state == JobState.QUEUED
    assert OrmQ.objects.count() == 2  # the submission's doorbell and the one for the next attempt

    second = claims.claim_next("test:1", now=timezone.now())
    assert second is not None
    run_claimed(second, command=behaving(behaviour))

    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert job.error_code.startswith("jobs.")
    assert not Dub.objects.exists()


def test_the_next_attempt_finds_the_workspace_of_the_one_before(alice: User) -> None:
    job = run(alice, "crash_once")
    assert job.state == JobState.QUEUED

    second = claims.claim_next("test:2", now=timezone.now())
    assert second is not None
    run_claimed(second, command=behaving("crash_once"))

    job.refresh_from_db()
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
    assert list((data_dir / "work").iterdir()) == []


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
        claims.take_over_expired(now=timezone.now() + timedelta(days=1))
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
