"""The supervisor frees what lost workers held, gives up what kills them, and lives through a database that is away."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.utils import timezone

from accounts.models import User
from jobs import claims, holders, releases
from jobs.management.commands import supervise
from jobs.models import Job, JobState, ShardState
from jobs.services import Claim
from tests.factories import make_job

pytestmark = pytest.mark.django_db(transaction=True)
LONG = timedelta(days=1)


def held_by(owner: str, alice: User) -> Claim:
    make_job(alice)
    taken = claims.claim_next(owner, now=timezone.now())
    assert taken is not None
    return taken


def test_what_a_dead_process_of_this_machine_held_is_free_at_once(alice: User) -> None:
    machine, number, _started = holders.this_process().rsplit(":", 2)
    held_by(f"{machine}:{number}:1", alice)

    supervise.keep_moving()

    assert Job.objects.get().state == JobState.QUEUED
    assert claims.claim_next("test:2", now=timezone.now()) is not None


def test_what_a_living_process_holds_is_left_until_its_lease_ends(alice: User) -> None:
    held_by(holders.this_process(), alice)
    now = timezone.now()

    assert releases.take_over(now=now + timedelta(seconds=29)) == 0
    assert releases.take_over(now=now + timedelta(seconds=31)) == 1


def test_what_loses_every_worker_is_given_up_after_exactly_that_many(alice: User, settings: LazySettings) -> None:
    settings.MAX_ATTEMPTS = 3
    make_job(alice)
    runs, now = 0, timezone.now()
    while claims.claim_next("test:1", now=now):
        runs += 1
        releases.take_over(now=now + LONG)
        now += 2 * LONG  # after any pause

    job = Job.objects.get()
    assert runs == 3
    assert (job.state, job.error_code) == (JobState.FAILED, "jobs.worker_lost")
    assert job.shards.get().state == ShardState.FAILED


def test_the_pause_before_each_new_attempt_grows(alice: User, settings: LazySettings) -> None:
    settings.MAX_ATTEMPTS = 5
    make_job(alice)
    pauses, now = [], timezone.now()
    for _ in range(4):
        claims.claim_next("test:1", now=now)
        now += LONG
        releases.take_over(now=now)
        not_before = Job.objects.get().shards.get().not_before
        pauses.append((not_before - now).total_seconds() if not_before else 0)
        now += LONG

    assert pauses == [0, 5, 30, 30]


def test_a_lost_part_is_done_again_and_the_others_go_on(alice: User) -> None:
    job = make_job(alice, state=JobState.RUNNING)
    other = job.shards.get()
    other.pk, other.part, other.kind, other.parts = None, 1, "part", 2
    other.lease_expires_at = timezone.now() + LONG
    other.save()
    job.shards.exclude(pk=other.pk).update(lease_expires_at=timezone.now() - LONG)

    assert releases.take_over(now=timezone.now()) == 1

    job.refresh_from_db()
    assert job.state == JobState.RUNNING
    assert set(job.shards.values_list("state", flat=True)) == {ShardState.RUNNING, ShardState.WAITING}
