"""The queue at a glance: the command for operators, the API for all, with more for administrators."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.scopes import Role
from jobs.models import JobState, QueueClass, Shard, Worker
from jobs.transport import presence
from jobs.transport.presence import Presence
from tests.factories import make_job, make_user, verified_client

pytestmark = pytest.mark.django_db
NEVER = "00000000-0000-0000-0000-000000000000"


def command(*arguments: str) -> str:
    output = StringIO()
    call_command("queue", *arguments, stdout=output)
    return output.getvalue()


def test_the_command_shows_what_waits_who_works_and_what_wakes_them(alice: User) -> None:
    make_job(alice)
    queue = Shard.objects.get().queue
    Presence([QueueClass(queue)], 3).sign(1, now=timezone.now())

    shown = command("status")

    assert "mode auto, woken through the database" in shown
    assert "doorbells not answered yet: 1" in shown
    assert "longest waiting: 0 s" in shown
    [row] = [line.split() for line in shown.splitlines() if line.startswith(queue)]
    assert row == [queue, "1", "0", "3"]
    assert "1 of 3 busy" in shown


def test_the_command_says_how_to_start_workers_when_there_are_none() -> None:
    assert "workers: none; start one with manage.py worker" in command("status")


def test_the_command_takes_a_job_from_its_worker(alice: User) -> None:
    job = make_job(alice, state=JobState.RUNNING)

    shown = command("requeue", str(job.id))

    job.refresh_from_db()
    assert job.state == JobState.QUEUED
    assert shown == "talk.mp4: queued\n"


def test_the_command_says_when_there_is_no_such_job() -> None:
    with pytest.raises(CommandError, match="there is no job"):
        command("requeue", NEVER)


def test_users_see_how_long_the_queue_is_and_no_more(as_alice: Client, alice: User) -> None:
    make_job(alice)

    answer = as_alice.get("/api/runtime/queue").json()

    assert answer.keys() == {"mode", "is_degraded", "queues"}
    assert (answer["mode"], answer["is_degraded"]) == ("auto", False)
    assert sum(queue["waiting"] for queue in answer["queues"]) == 1


def test_administrators_see_the_workers_too() -> None:
    as_admin = verified_client(make_user("admin", role=Role.ADMIN))
    Presence(QueueClass, 2).sign(0, now=timezone.now())

    answer = as_admin.get("/api/runtime/queue").json()

    [worker] = answer["workers"]
    assert (worker["slots"], worker["queues"]) == (2, ["io", "cpu", "gpu"])
    assert (answer["transport"], answer["doorbells"], answer["oldest_waiting_s"]) == ("database", 0, None)


def test_nobody_sees_it_without_signing_in(client: Client) -> None:
    assert client.get("/api/runtime/queue").status_code in (401, 403)


def test_silent_workers_do_not_count_and_are_forgotten() -> None:
    now = timezone.now()
    signed = Presence([QueueClass.CPU], 2)
    signed.sign(0, now=now)

    assert presence.slots_alive(QueueClass.CPU, now=now) == 2
    assert presence.slots_alive(QueueClass.GPU, now=now) == 0
    assert presence.slots_alive(QueueClass.CPU, now=now + timedelta(minutes=1)) == 0
    assert presence.forget_old(now=now + timedelta(minutes=1)) == 0
    assert presence.forget_old(now=now + timedelta(hours=2)) == 1


def test_a_worker_signs_one_line_and_takes_it_away() -> None:
    signed = Presence([QueueClass.CPU], 2)
    signed.sign(0, now=timezone.now())
    signed.sign(2, now=timezone.now())

    assert Worker.objects.get().busy == 2
    signed.sign_off()
    assert not Worker.objects.exists()
