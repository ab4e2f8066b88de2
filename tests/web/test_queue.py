"""Who gets which job, and how doorbells and workers may get lost without losing a job."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import connection, transaction
from django.utils import timezone
from django_q.models import OrmQ

from accounts.models import User
from jobs import claims, dispatch, doorbell, drain, releases, tasks
from jobs.errors import LeaseLost, TooManyWaiting
from jobs.models import Job, JobState, QueueClass, Shard
from jobs.services import Claim
from jobs.transport.presence import Presence
from pipeline.errors import SettingsError
from pipeline.settings import DubSettings
from tests.factories import make_job, make_upload
from tests.web.conftest import child_environment

LONG = timedelta(days=1)


def sign_worker(slots: int = 1) -> None:
    """As a cluster of that many slots does when it starts."""
    Presence(tuple(QueueClass), slots).sign(busy=0, now=timezone.now())


@pytest.mark.django_db
def test_the_highest_priority_then_the_oldest_goes_first(alice: User, settings: LazySettings) -> None:
    settings.MAX_RUNNING_JOBS_PER_USER = 0
    older, newer, urgent = make_job(alice), make_job(alice), make_job(alice, priority=5)

    taken = [claims.claim_next("test:1", now=timezone.now()) for _ in range(4)]

    assert [claim and claim.job_id for claim in taken] == [urgent.id, older.id, newer.id, None]


@pytest.mark.django_db(transaction=True)
def test_workers_that_claim_at_once_get_different_jobs(alice: User, settings: LazySettings) -> None:
    settings.MAX_RUNNING_JOBS_PER_USER = 0
    jobs = {make_job(alice).id for _ in range(6)}
    together = threading.Barrier(8)
    got: list[Claim | None] = []

    def claim() -> None:
        together.wait()
        got.append(claims.claim_next("test:1", now=timezone.now()))
        connection.close()

    workers = [threading.Thread(target=claim) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    claimed = [claim.job_id for claim in got if claim is not None]
    assert sorted(claimed) == sorted(jobs)
    assert set(Shard.objects.values_list("attempts", "fencing_token", "state")) == {(1, 1, "running")}


@pytest.mark.django_db(transaction=True)
def test_processes_that_claim_at_once_get_different_jobs(alice: User, data_dir: Path) -> None:
    for _ in range(10):
        make_job(alice)
    code = (
        "import django; django.setup()\n"
        "from django.utils import timezone\n"
        "from jobs.claims import claim_next\n"
        "while claim := claim_next('other:1', now=timezone.now()): print(claim.job_id)\n"
    )
    command = [sys.executable, "-c", code]
    environment = child_environment(data_dir, MAX_RUNNING_JOBS_PER_USER="0")
    workers = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) for _ in range(3)]

    lines = [line for worker in workers for line in worker.communicate()[0].split()]

    assert [worker.returncode for worker in workers] == [0, 0, 0]
    assert len(lines) == len(set(lines)) == 10


@pytest.mark.django_db
def test_submitting_rings_in_the_same_transaction(alice: User) -> None:
    upload = make_upload(alice)

    with transaction.atomic():
        dispatch.submit(alice, upload, DubSettings(target_language="es"))
        assert OrmQ.objects.count() == 1
        transaction.set_rollback(True)

    assert not OrmQ.objects.exists()
    assert not Job.objects.exists()


@pytest.mark.django_db
def test_a_user_cannot_fill_the_queue(alice: User, bob: User, settings: LazySettings) -> None:
    settings.MAX_WAITING_JOBS_PER_USER = 2
    make_job(alice)
    make_job(alice)

    with pytest.raises(TooManyWaiting):
        make_job(alice)
    make_job(bob)


@pytest.mark.django_db
def test_settings_cannot_name_files_of_the_server(alice: User) -> None:
    settings = DubSettings(target_language="es", subtitles="/etc/passwd")

    with pytest.raises(SettingsError):
        dispatch.submit(alice, make_upload(alice), settings)


@pytest.mark.django_db
def test_a_lost_doorbell_is_rung_again(alice: User) -> None:
    sign_worker()
    make_job(alice)
    OrmQ.objects.all().delete()
    now = timezone.now()

    assert doorbell.ring_again(now=now) == 0  # the first may still be on its way
    assert doorbell.ring_again(now=now + timedelta(seconds=6)) == 1
    assert doorbell.ring_again(now=now + timedelta(seconds=7)) == 0
    assert OrmQ.objects.count() == 1


@pytest.mark.django_db
def test_nobody_is_rung_for_while_all_workers_are_busy(alice: User) -> None:
    sign_worker()
    make_job(alice, state=JobState.RUNNING)
    make_job(alice)

    assert doorbell.ring_again(now=timezone.now() + timedelta(seconds=6)) == 0


@pytest.mark.django_db
def test_nobody_is_rung_for_what_is_not_to_be_worked_on_now(alice: User) -> None:
    sign_worker()
    dispatch.pause(make_job(alice), by=alice)
    later = make_job(alice)
    later.shards.update(not_before=timezone.now() + LONG)

    assert doorbell.ring_again(now=timezone.now() + timedelta(seconds=6)) == 0


@pytest.mark.django_db(transaction=True)
def test_a_doorbell_without_a_job_does_nothing() -> None:
    assert tasks.work() == 0


@pytest.mark.django_db(transaction=True)
def test_a_draining_worker_takes_nothing(alice: User) -> None:
    make_job(alice)
    drain.request()

    assert tasks.work() == 0
    assert Job.objects.get().state == JobState.QUEUED


@pytest.mark.django_db
def test_a_live_lease_is_left_alone(alice: User) -> None:
    make_job(alice)
    now = timezone.now()
    claim = claims.claim_next("test:1", now=now)
    assert claim is not None

    assert releases.take_over(now=now + timedelta(seconds=29)) == 0
    claims.renew(claim, now=now + timedelta(seconds=29))
    assert releases.take_over(now=now + timedelta(seconds=58)) == 0


@pytest.mark.django_db
def test_a_lost_workers_job_waits_again_and_the_old_claim_is_worthless(alice: User) -> None:
    make_job(alice)
    now = timezone.now()
    lost = claims.claim_next("test:1", now=now)
    assert lost is not None

    assert releases.take_over(now=now + LONG) == 1

    assert Job.objects.get().state == JobState.QUEUED
    with pytest.raises(LeaseLost):
        claims.renew(lost, now=now)
    with pytest.raises(LeaseLost):
        claims.wishes(lost)
    with pytest.raises(LeaseLost):
        releases.give_back(lost, "late")


@pytest.mark.django_db
def test_a_job_that_loses_every_worker_fails_with_the_reason(alice: User, settings: LazySettings) -> None:
    settings.MAX_ATTEMPTS = 2
    make_job(alice)
    for _ in range(2):
        claims.claim_next("test:1", now=timezone.now())
        releases.take_over(now=timezone.now() + LONG)

    job = Job.objects.get()
    assert (job.state, job.error_code) == (JobState.FAILED, "jobs.worker_lost")
    assert "2 times" in job.error_message


@pytest.mark.django_db
def test_a_canceled_job_of_a_lost_worker_is_canceled(alice: User) -> None:
    job = make_job(alice)
    claims.claim_next("test:1", now=timezone.now())
    dispatch.cancel(job, by=alice)

    releases.take_over(now=timezone.now() + LONG)

    job.refresh_from_db()
    assert job.state == JobState.CANCELED
