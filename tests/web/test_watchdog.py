"""A cluster that owes an answer while one of its slots is idle is noticed; one that is merely busy is left alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from jobs.transport.broker import DoorbellBroker
from jobs.transport.shared import Board, TaskQueue
from jobs.transport.watchdog import GIVE_UP_AFTER_S, REPLACE_IDLE_AFTER_S, Finding, Watchdog, Watched

pytestmark = pytest.mark.django_db
BUSY = 100.0
LONG_S = 60


@pytest.fixture
def cluster() -> Iterator[Watched]:
    """With one idle slot, and nobody who answers."""
    board = Board(1)
    board.pids[0] = 12345
    with closing(TaskQueue(1)) as tasks:
        yield Watched(board, tasks, DoorbellBroker("cpu"))


def looks(watchdog: Watchdog, seconds: int, *, from_s: int = 1000) -> dict[int, Finding]:
    """What it found, by seconds after the first look, where it found anything."""
    found = {second: watchdog.look(from_s + second) for second in range(seconds)}
    return {second: finding for second, finding in found.items() if finding is not Finding.FINE}


def test_an_unanswered_doorbell_has_the_idle_replaced_then_the_cluster_ended(cluster: Watched) -> None:
    cluster.broker.enqueue("ring")

    found = looks(Watchdog(cluster), 20)

    assert found.pop(int(REPLACE_IDLE_AFTER_S) + 1) is Finding.STUCK
    assert set(found.values()) == {Finding.WEDGED}
    assert min(found) == int(GIVE_UP_AFTER_S) + 1


def test_one_that_was_handed_over_and_not_taken_counts_too(cluster: Watched) -> None:
    cluster.tasks.give(0, "task")

    assert looks(Watchdog(cluster), LONG_S)


def test_a_busy_cluster_may_let_others_wait(cluster: Watched) -> None:
    cluster.board.timers[0] = BUSY
    cluster.broker.enqueue("ring")

    assert not looks(Watchdog(cluster), LONG_S)


def test_a_quiet_cluster_owes_nothing(cluster: Watched) -> None:
    assert not looks(Watchdog(cluster), LONG_S)


def test_any_answer_begins_the_waiting_anew(cluster: Watched) -> None:
    cluster.broker.enqueue("ring")
    watchdog = Watchdog(cluster)
    assert not looks(watchdog, 8)

    cluster.tasks.give(0, "task")
    reader = threading.Thread(target=cluster.tasks.get, args=(0,))
    reader.start()
    reader.join()

    assert not looks(watchdog, 8, from_s=1008)


def test_time_in_which_nobody_ran_does_not_count(cluster: Watched) -> None:
    cluster.broker.enqueue("ring")
    watchdog = Watchdog(cluster)
    assert not looks(watchdog, 8)

    assert not looks(watchdog, 8, from_s=5000)
