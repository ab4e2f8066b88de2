"""A worker that finishes a shard holds the next one of its job at once, unless something else comes first."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.utils import timezone

from accounts.models import User
from jobs import claims, dispatch, drain, services, tasks, warm
from jobs.claims import Taker
from jobs.execution.outcomes import Finished
from jobs.execution.settling import settle
from jobs.models import Job, JobState, QueueClass, Shard, ShardState
from jobs.services import Claim
from tests.factories import make_job

pytestmark = pytest.mark.django_db(transaction=True)
FAKE_RUNNER = Path(__file__).with_name("fake_runner.py")
EVERYTHING = Taker("test:1", tuple(QueueClass))
STATEMENTS = (
    8  # begin, lock the job, end the shard, its events' absence, ask for rivals, add the next, commit; one spare
)


def claimed() -> Claim:
    claim = claims.claim_next(EVERYTHING.holder, now=timezone.now())
    assert claim is not None
    return claim


def finish(claim: Claim, taker: Taker = EVERYTHING) -> Claim | None:
    shard = Shard.objects.select_related("job__upload").get(id=claim.shard_id)
    return settle(shard, claim, Finished(), [], taker)


def test_the_next_shard_of_the_job_is_held_when_it_is_added(alice: User) -> None:
    job = make_job(alice)

    held = finish(claimed())

    assert held is not None
    shard = job.shards.get(state=ShardState.RUNNING)
    assert (shard.id, shard.fencing_token, shard.stage) == (held.shard_id, held.token, "transcribe")
    assert (shard.attempts, shard.lease_owner) == (1, "test:1")
    assert shard.lease_expires_at is not None
    assert shard.lease_expires_at > timezone.now()
    assert claims.claim_next("test:2", now=timezone.now()) is None


def test_what_is_held_can_be_finished_like_anything_claimed(alice: User) -> None:
    make_job(alice)
    held = finish(claimed())
    assert held is not None
    assert held.shard is not None

    again = settle(held.shard, held, Finished(), [], EVERYTHING)

    assert again is not None
    assert Shard.objects.get(id=again.shard_id).stage == "diarize"


def test_another_user_who_waits_comes_first(alice: User, bob: User) -> None:
    make_job(alice)
    claim = claimed()
    waiting = make_job(bob)

    assert finish(claim) is None

    assert claimed().job_id == waiting.id


def test_something_more_urgent_comes_first(alice: User, settings: LazySettings) -> None:
    settings.MAX_RUNNING_JOBS_PER_USER = 0
    make_job(alice)
    claim = claimed()
    urgent = make_job(alice, priority=5)

    assert finish(claim) is None

    assert claimed().job_id == urgent.id


def test_an_older_shard_of_the_users_running_jobs_comes_first(alice: User, settings: LazySettings) -> None:
    settings.MAX_RUNNING_JOBS_PER_USER = 0
    older, newer = make_job(alice), make_job(alice)
    first, second = claimed(), claimed()
    assert settle(Shard.objects.get(id=first.shard_id), first, Finished(), []) is None  # by somebody who then ends

    assert finish(second) is None

    assert [claimed().job_id, claimed().job_id] == [older.id, newer.id]


def test_the_users_jobs_that_wait_to_start_come_later(alice: User) -> None:
    job = make_job(alice)
    claim = claimed()
    make_job(alice)

    held = finish(claim)

    assert held is not None
    assert held.job_id == job.id


def test_a_shard_for_other_workers_is_left_to_them(alice: User) -> None:
    make_job(alice)
    claim = claimed()

    assert finish(claim, Taker("test:1", [QueueClass.IO])) is None

    assert Shard.objects.get(stage="transcribe").state == ShardState.WAITING


def test_a_job_that_was_paused_is_left(alice: User) -> None:
    job = make_job(alice)
    claim = claimed()
    dispatch.pause(job, by=alice)

    assert finish(claim) is None

    assert job.shards.get(stage="transcribe").state == ShardState.WAITING


def test_a_job_that_is_to_be_canceled_ends(alice: User) -> None:
    job = make_job(alice)
    claim = claimed()
    dispatch.cancel(job, by=alice)

    assert finish(claim) is None

    job.refresh_from_db()
    assert job.state == JobState.CANCELED


def test_a_worker_that_is_to_end_gives_back_what_it_held(
    alice: User, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RUNNER_COMMAND = (sys.executable, str(FAKE_RUNNER), "good")
    finish_shard = services.finish

    def drain_meanwhile(*arguments: Any) -> None:
        drain.request()
        finish_shard(*arguments)

    monkeypatch.setattr(services, "finish", drain_meanwhile)
    job = make_job(alice)

    taken = tasks.work()

    assert taken == 1
    shard = job.shards.get(stage="transcribe")
    assert (shard.state, shard.attempts, shard.lease_owner) == (ShardState.WAITING, 0, "")
    job.refresh_from_db()
    assert job.state == JobState.QUEUED


def test_a_worker_makes_a_whole_job_in_one_go(alice: User, settings: LazySettings) -> None:
    settings.RUNNER_COMMAND = (sys.executable, str(FAKE_RUNNER), "good")
    make_job(alice)

    taken = tasks.work()
    warm.end()

    job = Job.objects.get()
    assert (taken, job.state) == (8, JobState.DONE)
    assert set(job.shards.values_list("attempts", "fencing_token", "state")) == {(1, 1, ShardState.DONE)}


def test_it_costs_few_statements(alice: User, django_assert_max_num_queries: Any) -> None:
    make_job(alice)
    held = finish(claimed())
    assert held is not None
    assert held.shard is not None

    with django_assert_max_num_queries(STATEMENTS):
        settle(held.shard, held, Finished(), [], EVERYTHING)
