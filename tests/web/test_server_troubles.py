"""Trouble on the server's side — a full or refusing disk, a fault, a database that is away — costs time, not jobs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import OperationalError
from django.utils import timezone

from accounts.models import User
from jobs import claims, services, workspaces
from jobs.execution import run_claimed
from jobs.models import Job, JobState, Shard, ShardState
from jobs.runner_process import RunnerProcess
from jobs.services import Claim
from tests.factories import make_job

pytestmark = pytest.mark.django_db(transaction=True)
FAKE_RUNNER = (sys.executable, str(Path(__file__).with_name("fake_runner.py")), "good")


def claimed(owner: User) -> Claim:
    make_job(owner)
    taken = claims.claim_next("test:1", now=timezone.now())
    assert taken is not None
    return taken


def work_on(claim: Claim) -> Shard:
    with RunnerProcess(FAKE_RUNNER) as runner:
        run_claimed(claim, runner)
    return Shard.objects.select_related("job").get(id=claim.shard_id)


def wait_s(shard: Shard) -> float:
    assert shard.not_before is not None
    return (shard.not_before - timezone.now()).total_seconds()


def test_a_dub_waits_while_the_disk_is_full_and_tells_so_less_and_less_often(
    alice: User, settings: LazySettings
) -> None:
    settings.FREE_SPACE_RESERVE_BYTES = 2**62

    shard = work_on(claimed(alice))

    assert (shard.state, shard.attempts, shard.job.state) == (ShardState.WAITING, 0, JobState.QUEUED)
    assert 20 < wait_s(shard) <= 30
    assert shard.job.events.filter(message__contains="free disk space").count() == 1
    assert shard.not_before is not None
    again = claims.claim_next("test:1", now=shard.not_before)
    assert again is not None
    assert 200 < wait_s(work_on(again)) <= 300


def test_a_dub_that_waited_for_the_disk_goes_on(alice: User, settings: LazySettings) -> None:
    settings.FREE_SPACE_RESERVE_BYTES = 2**62
    shard = work_on(claimed(alice))
    settings.FREE_SPACE_RESERVE_BYTES = 0
    assert shard.not_before is not None
    again = claims.claim_next("test:1", now=shard.not_before)
    assert again is not None

    shard = work_on(again)

    assert (shard.state, shard.error_code) == (ShardState.DONE, "")


def test_a_disk_that_refuses_counts_as_an_attempt_and_holds_nothing(alice: User) -> None:
    claim = claimed(alice)
    workspaces.job_folder(claim.job_id).write_text("a file where a folder should be")

    shard = work_on(claim)

    assert (shard.state, shard.attempts, shard.error_code) == (ShardState.WAITING, 1, "storage")
    assert shard.lease_owner == ""


def test_a_fault_of_the_server_counts_as_an_attempt_and_holds_nothing(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = claimed(alice)
    monkeypatch.setattr(RunnerProcess, "begin", lambda *_: 1 / 0)

    shard = work_on(claim)

    assert (shard.state, shard.attempts, shard.error_code) == (ShardState.WAITING, 1, "jobs.fault")


def test_a_database_that_is_away_for_a_moment_costs_neither_events_nor_the_attempt(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = claimed(alice)
    finish, refusals = services.finish, iter(range(3))

    def refuse_first(*arguments: object) -> None:
        if next(refusals, None) is not None:
            raise OperationalError("the connection was closed")
        finish(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(services, "finish", refuse_first)

    shard = work_on(claim)

    assert (shard.state, shard.attempts) == (ShardState.DONE, 1)
    kinds = list(Job.objects.get().events.filter(stage="extract").values_list("kind", flat=True))
    assert (kinds[0], kinds[-1]) == ("stage_started", "stage_finished")
