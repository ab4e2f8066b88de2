"""A cluster of real processes of which some are killed or frozen: it answers again, and leaves no orphans."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil
import pytest
from django_q.models import OrmQ
from django_q.tasks import async_task

from jobs.models import Worker
from tests.web.conftest import child_environment, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
SLOTS = 2
ORPHANS_GONE_WITHIN_S = 5.0
CLAIMING_AGAIN_WITHIN_S = 20.0
DRAIN_S = 4


@dataclass
class Cluster:
    process: subprocess.Popen[bytes]
    marks: Path

    @property
    def sentinel(self) -> psutil.Process:
        [sentinel] = psutil.Process(self.process.pid).children()
        return sentinel

    def parts(self) -> list[psutil.Process]:
        """In the order they were first started in: the workers, the monitor, the pusher."""
        return sorted(self.sentinel.children(), key=lambda part: (part.create_time(), part.pid))

    def family(self) -> list[psutil.Process]:
        return [self.sentinel, *self.parts()]

    def is_complete_without(self, lost: list[psutil.Process]) -> bool:
        return len(self.parts()) == SLOTS + 2 and not any(map(is_alive, lost))

    def answered(self) -> int:
        return len(self.marks.read_text().splitlines()) if self.marks.exists() else 0

    def ring(self, what: str = "answer", queue: str = "cpu") -> None:
        async_task(f"tests.web.answers.{what}", str(self.marks), cluster=queue, save=False)

    def answers_within(self, within_s: float) -> None:
        before = self.answered()
        self.ring()
        wait_until(lambda: self.answered() > before, "a doorbell is answered", within_s)


Start = Callable[..., Cluster]


@pytest.fixture
def start(transactional_db: None, data_dir: Path, tmp_path: Path) -> Iterator[Start]:
    started: list[subprocess.Popen[bytes]] = []

    def start_cluster(*arguments: str, slots: int = SLOTS) -> Cluster:
        command = [sys.executable, "-m", "django", "worker", "--slots", str(slots), *arguments]
        environment = child_environment(data_dir, DRAIN_SECONDS=str(DRAIN_S), HEARTBEAT_SECONDS="1")
        process = subprocess.Popen(command, env=environment, start_new_session=True)
        started.append(process)
        wait_until(Worker.objects.exists, "the cluster has signed", 60)
        return Cluster(process, tmp_path / "marks")

    yield start_cluster
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_whoever_is_killed_below_the_sentinel_is_replaced(start: Start) -> None:
    cluster = start()
    worker, other_worker, monitor, pusher = cluster.parts()

    for lost in ([worker], [monitor], [pusher, other_worker]):
        for part in lost:
            part.kill()
        wait_until(partial(cluster.is_complete_without, lost), "they are replaced", 5)
        cluster.answers_within(CLAIMING_AGAIN_WITHIN_S)


@pytest.mark.parametrize("who", ["master", "sentinel"])
def test_no_orphan_outlives_a_killed_parent(start: Start, who: str) -> None:
    cluster = start()
    cluster.ring("stay")
    wait_until(cluster.answered, "a worker is busy")
    family = cluster.family()

    os.kill(cluster.process.pid if who == "master" else cluster.sentinel.pid, signal.SIGKILL)

    wait_until(lambda: not any(map(is_alive, family)), "all are gone", ORPHANS_GONE_WITHIN_S)
    assert cluster.process.wait(ORPHANS_GONE_WITHIN_S) != 0


@pytest.mark.parametrize("send", [os.kill, os.killpg], ids=["master", "group"])
def test_sigterm_drains(start: Start, send: Callable[[int, int], None]) -> None:
    cluster = start()
    cluster.ring("stay")
    wait_until(cluster.answered, "a worker is busy")
    family = cluster.family()

    send(cluster.process.pid, signal.SIGTERM)

    assert cluster.process.wait(DRAIN_S + 5) == 0
    assert not any(map(is_alive, family))
    assert not Worker.objects.exists()


def test_a_worker_that_does_not_stop_in_time_is_killed(start: Start) -> None:
    cluster = start()
    cluster.ring("stay")
    wait_until(cluster.answered, "a worker is busy")
    family = cluster.family()
    busy_pid = int(cluster.marks.read_text())
    os.kill(busy_pid, signal.SIGSTOP)

    cluster.process.terminate()

    assert cluster.process.wait(DRAIN_S + 5) == 1
    wait_until(lambda: not any(map(is_alive, family)), "all are gone", ORPHANS_GONE_WITHIN_S)


def test_a_frozen_pusher_is_replaced_though_a_worker_is_busy(start: Start) -> None:
    cluster = start()
    cluster.ring("stay")
    wait_until(cluster.answered, "a worker is busy")
    busy_pid = int(cluster.marks.read_text())

    cluster.parts()[SLOTS + 1].suspend()

    cluster.answers_within(CLAIMING_AGAIN_WITHIN_S)
    assert is_alive(psutil.Process(busy_pid))


def test_doorbells_are_left_to_others_while_no_slot_is_free(start: Start) -> None:
    busy = start(slots=1)
    busy.ring("stay")
    wait_until(busy.answered, "its only slot is busy")

    busy.ring()
    idle = start()

    wait_until(lambda: idle.answered() == 2, "the other cluster answers")
    assert OrmQ.objects.count() == 0


def test_a_worker_answers_only_for_its_queues(start: Start) -> None:
    cluster = start("--queue", "io", "--queue", "gpu")
    cluster.ring(queue="cpu")

    cluster.ring(queue="gpu")
    cluster.ring(queue="io")

    wait_until(lambda: cluster.answered() == 2, "its own are answered")
    assert [doorbell.key for doorbell in OrmQ.objects.all()] == ["cpu"]
    assert Worker.objects.get().queues == ["io", "gpu"]


def is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
