"""Who is served next when several users want something at once."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db import connection
from django.utils import timezone

from accounts.models import User
from jobs import claims, dispatch
from jobs.execution.outcomes import Finished
from jobs.execution.settling import settle
from jobs.models import Job, JobState, QueueClass, Shard, UserLimits
from jobs.services import Claim
from tests.factories import make_job, make_upload

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def limits(settings: LazySettings) -> None:
    settings.MAX_RUNNING_JOBS_PER_USER = 2


def jobs_of(owner: User, number: int) -> list[Job]:
    upload = make_upload(owner)
    return [make_job(owner, upload) for _ in range(number)]


def claim(*queues: QueueClass) -> Claim | None:
    return claims.claim_next("test:1", queues or tuple(QueueClass), now=timezone.now())


def owner_of(taken: Claim | None) -> str:
    return Job.objects.get(id=taken.job_id).owner.username if taken else "nobody"


def finish(taken: Claim | None) -> None:
    assert taken is not None
    settle(Shard.objects.select_related("job__upload").get(id=taken.shard_id), taken, Finished(), [])


def test_who_asks_for_one_is_served_after_who_asks_for_many(alice: User, bob: User) -> None:
    jobs_of(alice, 20)
    jobs_of(bob, 1)

    assert [owner_of(claim()) for _ in range(4)] == ["alice", "bob", "alice", "nobody"]


def test_nobody_has_more_jobs_running_than_the_limit(alice: User) -> None:
    jobs_of(alice, 5)

    taken = [claim() for _ in range(5)]

    assert [one is not None for one in taken] == [True, True, False, False, False]
    assert Job.objects.filter(state=JobState.RUNNING).count() == 2


def test_an_exception_for_one_user_counts(alice: User) -> None:
    UserLimits.objects.create(user=alice, max_running=1)
    jobs_of(alice, 2)

    assert claim() is not None
    assert claim() is None


def test_processes_that_start_jobs_at_once_do_not_exceed_the_limit(alice: User) -> None:
    jobs_of(alice, 12)
    together = threading.Barrier(8)

    def work() -> None:
        together.wait()
        while claim() is not None:
            pass
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert Job.objects.filter(state=JobState.RUNNING).count() == 2


def test_a_running_job_is_carried_on_before_another_of_its_user_starts(alice: User) -> None:
    first, second = jobs_of(alice, 2)
    finish(claim())

    taken = [claim(), claim()]

    assert [one and one.job_id for one in taken] == [first.id, second.id]


def test_a_higher_priority_goes_before_everything(alice: User, bob: User) -> None:
    jobs_of(alice, 1)
    finish(claim())
    urgent = make_job(bob, priority=5)

    taken = claim()

    assert taken is not None
    assert taken.job_id == urgent.id


def test_users_with_equally_much_running_take_turns(alice: User, bob: User, settings: LazySettings) -> None:
    settings.MAX_RUNNING_JOBS_PER_USER = 0
    jobs_of(alice, 3)
    jobs_of(bob, 3)
    turns = []
    for _ in range(6):
        taken = claim()
        turns.append(owner_of(taken))
        finish(taken)

    assert turns == ["alice", "bob"] * 3


def test_a_worker_takes_only_from_its_queues(alice: User) -> None:
    jobs_of(alice, 1)

    assert claim(QueueClass.CPU, QueueClass.GPU) is None
    assert claim(QueueClass.IO) is not None


def test_what_is_put_off_is_left_until_then(alice: User) -> None:
    [job] = jobs_of(alice, 1)
    later = timezone.now() + timedelta(minutes=1)
    job.shards.update(not_before=later)

    assert claim() is None
    assert claims.claim_next("test:1", now=later) is not None


def test_a_paused_job_is_left_until_it_is_resumed(alice: User) -> None:
    [job] = jobs_of(alice, 1)
    dispatch.pause(job, by=alice)
    assert claim() is None

    dispatch.resume(job, by=alice)

    assert claim() is not None
