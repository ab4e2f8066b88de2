"""What one user may ask for: at once, a day, and in the mode for administrators."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import LazySettings
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.scopes import Role
from jobs import dispatch, quotas
from jobs.errors import DailyLimitReached, NotAllowed, TooManyWaiting
from jobs.models import Job, JobState, Shard, ShardKind, UserLimits
from jobs.orders import Order
from pipeline.progress import StageName
from pipeline.settings import DubSettings, Mode
from tests.factories import make_job, make_upload, make_user
from tests.web.conftest import wait_until

SPANISH = DubSettings(target_language="es")
EVENING = datetime(2026, 11, 21, 22, 30, tzinfo=UTC)


@pytest.fixture
def admin(db: None) -> User:
    return make_user("admin", role=Role.ADMIN)


@pytest.mark.django_db
def test_a_batch_goes_into_the_queue_whole_or_not_at_all(alice: User, settings: LazySettings) -> None:
    settings.MAX_WAITING_JOBS_PER_USER = 3
    upload = make_upload(alice)

    with pytest.raises(TooManyWaiting, match="may have 3 waiting and have 0"):
        dispatch.submit_batch(alice, [Order(upload, SPANISH)] * 4)
    assert not Job.objects.exists()

    assert len(dispatch.submit_batch(alice, [Order(upload, SPANISH)] * 3)) == 3


@pytest.mark.django_db(transaction=True)
def test_two_submissions_at_once_count_each_other(alice: User, settings: LazySettings) -> None:
    settings.MAX_WAITING_JOBS_PER_USER = 2
    upload, together = make_upload(alice), threading.Barrier(6)
    refused: list[TooManyWaiting] = []

    def submit() -> None:
        together.wait()
        try:
            dispatch.submit(alice, upload, SPANISH)
        except TooManyWaiting as error:
            refused.append(error)
        finally:
            connection.close()

    clients = [threading.Thread(target=submit) for _ in range(6)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()

    assert (Job.objects.count(), len(refused)) == (2, 4)


@pytest.mark.django_db
def test_the_daily_limit_says_when_it_ends_and_deleting_makes_no_room(alice: User, settings: LazySettings) -> None:
    settings.MAX_JOBS_PER_DAY_PER_USER = 2
    quotas.admit(alice, [SPANISH] * 2, now=EVENING)
    Job.objects.all().delete()

    with pytest.raises(DailyLimitReached, match="have started 2") as refusal:
        quotas.admit(alice, [SPANISH], now=EVENING)

    assert refusal.value.retry_after_s == 90 * 60
    quotas.admit(alice, [SPANISH], now=EVENING + timedelta(seconds=refusal.value.retry_after_s))


def test_the_daily_limit_is_429_with_retry_after(as_alice: Client, alice: User, settings: LazySettings) -> None:
    settings.MAX_JOBS_PER_DAY_PER_USER = 1
    body = {"upload": str(make_upload(alice).id), "target_language": "es"}
    make_job(alice)

    answer = as_alice.post("/api/jobs", body, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (429, "jobs.daily_limit")
    assert 1 <= int(answer["Retry-After"]) <= 86_400


@pytest.mark.django_db
def test_an_administrators_exception_goes_before_the_settings(alice: User, bob: User, settings: LazySettings) -> None:
    settings.MAX_WAITING_JOBS_PER_USER = settings.MAX_RUNNING_JOBS_PER_USER = 1
    UserLimits.objects.create(user=alice, max_waiting=0, max_running=5, may_use_high=True)

    limits = quotas.limits_of(alice)

    assert (limits.waiting, limits.running, limits.may_use_high) == (None, 5, True)
    assert quotas.limits_of(bob).running == 1
    assert not quotas.limits_of(bob).may_use_high


@pytest.mark.django_db
def test_zero_is_no_limit(alice: User, settings: LazySettings) -> None:
    settings.MAX_WAITING_JOBS_PER_USER = settings.MAX_RUNNING_JOBS_PER_USER = settings.MAX_JOBS_PER_DAY_PER_USER = 0

    quotas.admit(alice, [SPANISH] * 1000, now=timezone.now())

    assert quotas.limits_of(alice).running is None


@pytest.mark.django_db
def test_high_mode_and_priority_are_for_administrators(alice: User, admin: User) -> None:
    thorough = DubSettings(target_language="es", mode=Mode.HIGH)

    with pytest.raises(NotAllowed, match="high"):
        dispatch.submit(alice, make_upload(alice), thorough)
    with pytest.raises(NotAllowed, match="priority"):
        dispatch.submit(alice, make_upload(alice), SPANISH, priority=1)

    assert dispatch.submit(admin, make_upload(admin), thorough, priority=1).priority == 1


def test_high_mode_is_a_problem_for_a_user(as_alice: Client, alice: User) -> None:
    body = {"upload": str(make_upload(alice).id), "target_language": "es", "mode": "high"}

    answer = as_alice.post("/api/jobs", body, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (403, "jobs.not_allowed")


@pytest.mark.django_db
def test_coming_back_to_the_queue_needs_room_too(alice: User, settings: LazySettings) -> None:
    settings.MAX_WAITING_JOBS_PER_USER = 1
    make_job(alice, state=JobState.PAUSED)
    make_job(alice)

    with pytest.raises(TooManyWaiting):
        quotas.admit_again(alice)


@pytest.mark.django_db
def test_making_a_job_anew_counts_like_a_new_one(alice: User, settings: LazySettings) -> None:
    settings.MAX_JOBS_PER_DAY_PER_USER = 2
    job = make_job(alice, state=JobState.DONE)
    job.shards.all().delete()
    dispatch.retry(job, by=alice, from_stage=StageName.EXPORT)
    dispatch.cancel(job, by=alice)

    with pytest.raises(DailyLimitReached):
        dispatch.retry(job, by=alice, from_stage=StageName.EXPORT)

    assert dispatch.retry(job, by=alice).state == JobState.QUEUED  # going on with what is undone does not


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite locks no rows")
def test_a_retry_does_not_stand_in_the_way_of_a_worker_that_finishes(alice: User) -> None:
    job = make_job(alice, state=JobState.FAILED)
    refused: list[Exception] = []

    def retry() -> None:
        try:
            dispatch.retry(job, by=alice)
        except DatabaseError as error:
            refused.append(error)
        finally:
            connection.close()

    clicks = threading.Thread(target=retry)
    with transaction.atomic():
        Job.objects.select_for_update().get(id=job.id)
        clicks.start()  # holds the user, and waits for the job
        wait_until(somebody_waits_for_a_lock, "the retry waits")
        Shard.objects.create(job=job, owner=alice, stage=StageName.MIX, kind=ShardKind.STAGE)  # names the user
    clicks.join()

    assert refused == []
    assert Job.objects.get(id=job.id).state == JobState.QUEUED


def somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])
