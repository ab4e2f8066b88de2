"""What the processes of a cluster share cannot be locked by one that is killed."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import closing

import pytest

from jobs.transport.shared import Flag, ResultQueue, SocketQueue, TaskQueue
from tests.web.conftest import wait_until

fork = multiprocessing.get_context("fork")


@pytest.fixture
def queue() -> Iterator[SocketQueue]:
    with closing(SocketQueue()) as made:
        yield made


@pytest.fixture
def tasks() -> Iterator[TaskQueue]:
    with closing(TaskQueue(slots=2)) as made:
        yield made


def test_a_reader_killed_while_it_waits_does_not_keep_others_from_reading(queue: SocketQueue) -> None:
    waiting = fork.Process(target=queue.get)
    waiting.start()
    os.kill(waiting.pid or 0, signal.SIGKILL)
    waiting.join()

    queue.put("task")

    assert queue.get() == "task"
    assert queue.empty()


def test_each_message_reaches_one_reader(queue: SocketQueue) -> None:
    with closing(SocketQueue()) as results:
        readers = [fork.Process(target=echo, args=(queue, results)) for _ in range(3)]
        for reader in readers:
            reader.start()

        for number in range(100):
            queue.put(number)

        assert sorted(results.get() for _ in range(100)) == list(range(100))
        for _reader in readers:
            queue.put("STOP")
        for reader in readers:
            reader.join(10)


def echo(tasks: SocketQueue, results: SocketQueue) -> None:
    for task in iter(tasks.get, "STOP"):
        results.put(task)


def test_a_task_is_given_only_to_a_slot_that_asks(tasks: TaskQueue) -> None:
    assert tasks.wait_for_slot(0) is None
    reader = fork.Process(target=tasks.get, args=(1,))
    reader.start()

    assert tasks.wait_for_slot(10) == 1
    tasks.give(1, "task")

    reader.join(10)
    assert tasks.wait_for_slot(0) is None
    assert tasks.given == 1


def test_what_a_lost_worker_was_given_is_its_successors(tasks: TaskQueue) -> None:
    lost = fork.Process(target=tasks.get, args=(0,))
    lost.start()
    assert tasks.wait_for_slot(10) == 0
    lost.kill()
    lost.join()
    tasks.give(0, "task")

    tasks.forget(0)

    assert tasks.get(0) == "task"
    assert tasks.wait_for_slot(0) is None


def test_a_worker_lost_before_it_asked_takes_nobody_elses_turn(tasks: TaskQueue) -> None:
    other = fork.Process(target=tasks.get, args=(1,))
    other.start()
    assert tasks.wait_for_slot(10) == 1

    tasks.forget(0)

    assert tasks.wait_for_slot(0) == 1
    tasks.give(1, "task")
    other.join(10)
    assert other.exitcode == 0


def test_every_slot_is_told_to_stop(tasks: TaskQueue) -> None:
    readers = [fork.Process(target=tasks.get, args=(slot,)) for slot in range(2)]
    for reader in readers:
        reader.start()

    for _reader in readers:
        tasks.put("STOP")

    for reader in readers:
        reader.join(10)
        assert reader.exitcode == 0


def test_an_endless_traceback_is_cut_to_its_end() -> None:
    with closing(ResultQueue()) as queue:
        queue.put({"success": False, "result": "x" * 1_000_000 + "the reason"})

        assert queue.get()["result"].endswith("the reason")


def test_large_messages_arrive_whole(queue: SocketQueue) -> None:
    content = os.urandom(100_000)

    queue.put({"content": content})

    assert queue.get() == {"content": content}


def test_what_was_put_is_there_after_the_writer_closed_it(queue: SocketQueue) -> None:
    with closing(SocketQueue()) as results:
        queue.put("STOP")
        reader = fork.Process(target=echo, args=(queue, results))
        reader.start()

        queue.close()

        reader.join(10)
        assert reader.exitcode == 0
        assert queue.qsize() == 0


def test_a_flag_wakes_all_who_wait_for_it() -> None:
    with closing(Flag()) as flag:
        waiting = [fork.Process(target=flag.wait) for _ in range(2)]
        for process in waiting:
            process.start()
        assert not flag.is_set()

        flag.set()

        wait_until(lambda: not any(process.is_alive() for process in waiting), "they are awake")
        assert flag.is_set()
