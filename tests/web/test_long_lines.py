"""Choosing what is next takes as much work with a long line as with a short one."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.db import connection

from accounts.models import User
from jobs import policy
from jobs.models import Job, QueueClass, Shard, ShardKind
from pipeline.progress import StageName
from tests.factories import make_upload, make_user

pytestmark = pytest.mark.django_db
STEPS_A_LOOK = 100


def queue_up(owner: User, count: int, priority: int = 0) -> None:
    upload = make_upload(owner)
    settings = {"target_language": "es"}
    jobs = [Job(id=uuid4(), owner=owner, upload=upload, name=upload.name, settings=settings) for _ in range(count)]
    Job.objects.bulk_create(jobs)
    wanted = {"stage": StageName.EXTRACT, "kind": ShardKind.STAGE, "queue": QueueClass.IO, "priority": priority}
    Shard.objects.bulk_create(Shard(job=job, owner=owner, **wanted) for job in jobs)


def steps_of(question: Callable[[], object]) -> int:
    """Of SQLite's virtual machine, roughly."""
    looks = [0]

    def look() -> int:
        looks[0] += 1
        return 0

    connection.connection.set_progress_handler(look, STEPS_A_LOOK)
    try:
        question()
    finally:
        connection.connection.set_progress_handler(None, 0)
    return looks[0] * STEPS_A_LOOK


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="counts the steps of SQLite's machine")
def test_whose_turn_it_is_is_told_as_fast_with_a_long_line(alice: User, bob: User) -> None:
    queue_up(alice, 10)
    queue_up(bob, 10)
    short = steps_of(lambda: policy.turns(QueueClass))
    queue_up(alice, 1000)
    queue_up(bob, 1000)

    long = steps_of(lambda: policy.turns(QueueClass))

    assert long <= 2 * short
    assert {turn.owner_id for turn in policy.turns(QueueClass)} == {alice.id, bob.id}


def test_everybody_who_waits_has_a_turn_at_each_priority(alice: User, bob: User) -> None:
    carol = make_user("carol")
    for owner, priority in ((alice, 0), (bob, 5), (carol, 0), (alice, 5), (bob, -1)):
        queue_up(owner, 2, priority)

    turns = [(turn.priority, turn.owner_id) for turn in policy.turns(QueueClass)]

    assert sorted(turns) == sorted({(0, alice.id), (5, bob.id), (0, carol.id), (5, alice.id), (-1, bob.id)})
    assert [priority for priority, _owner in turns] == [5, 5, 0, 0, -1]
