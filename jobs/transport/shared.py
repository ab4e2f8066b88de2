"""What the processes of a cluster share: queues, flags and a board, none of them with a lock.

multiprocessing's have one, and a process killed while it holds it leaves all others waiting for good. Sockets and
eventfds are the kernel's: whatever a killed process was about to read stays there for the next.
"""

from __future__ import annotations

import os
import pickle
import select
import socket
from contextlib import AbstractContextManager, nullcontext
from multiprocessing.sharedctypes import RawArray, RawValue
from typing import Any

MESSAGE_MAX_BYTES = 128 * 1024  # less than a socket's buffer
RESULT_MAX_CHARS = 20_000
IDLE = -1.0  # django-q2's value for a worker that waits for a task


class Flag:
    """multiprocessing.Event as far as django-q2 uses it. Once set, it stays set."""

    def __init__(self) -> None:
        self._fd = os.eventfd(0, os.EFD_NONBLOCK)

    def set(self) -> None:
        os.eventfd_write(self._fd, 1)

    def is_set(self) -> bool:
        return self.wait(0)

    def close(self) -> None:
        os.close(self._fd)

    def wait(self, timeout: float | None = None) -> bool:
        return _is_readable(self._fd, timeout)


class Nudge:
    """Wakes whoever waits; nudges while nobody waits are one."""

    def __init__(self) -> None:
        self._fd = os.eventfd(0, os.EFD_NONBLOCK)

    def give(self) -> None:
        os.eventfd_write(self._fd, 1)

    def wait(self, timeout_s: float) -> bool:
        if not _is_readable(self._fd, timeout_s):
            return False
        os.eventfd_read(self._fd)
        return True

    def close(self) -> None:
        os.close(self._fd)


class SocketQueue:
    """multiprocessing.Queue as far as django-q2 uses it: any number of writers and readers, whole messages."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def put(self, item: Any) -> None:
        """Waits while the reader is far behind."""
        self._writer.send(pickle.dumps(item))

    def get(self) -> Any:
        return pickle.loads(self._reader.recv(MESSAGE_MAX_BYTES))  # noqa: S301 - from our own process tree

    def empty(self) -> bool:
        return self._reader.fileno() < 0 or not _is_readable(self._reader, 0)

    def qsize(self) -> int:
        """django-q2 shows it and knows 0 from more."""
        return 0 if self.empty() else 1

    def close(self) -> None:
        """In this process; what was put is there for those who have it open still."""
        self._reader.close()
        self._writer.close()

    def join_thread(self) -> None:
        """Nothing is buffered outside the kernel."""


class ResultQueue(SocketQueue):
    def put(self, item: Any) -> None:
        if isinstance(item, dict) and isinstance(item.get("result"), str):
            item["result"] = item["result"][-RESULT_MAX_CHARS:]  # a traceback; its end tells more than its beginning
        super().put(item)


class TaskQueue:
    """A queue for each slot, whose worker asks before it is given anything: no doorbell waits here while another
    machine is idle, and none reaches a worker that did not ask for it.

    Asking and serving are two counters with one writer each, so that whoever is killed between two steps leaves at
    worst one doorbell too many, which finds nothing to do.
    """

    def __init__(self, slots: int) -> None:
        self._queues = [SocketQueue() for _ in range(slots)]
        self._asked = RawArray("L", slots)
        self._served = RawArray("L", slots)
        self._nudged = Nudge()
        self._given = RawValue("L", 0)
        self._stopped = 0

    @property
    def given(self) -> int:
        """Goes up with every message somebody took (by fewer, when two take one at once)."""
        return int(self._given.value)

    def get(self, slot: int) -> Any:
        """In the slot's worker."""
        if self._queues[slot].empty():  # else there is what its predecessor did not take
            self._asked[slot] += 1
            self._nudged.give()
        item = self._queues[slot].get()
        self._given.value += 1
        return item

    def wait_for_slot(self, timeout_s: float) -> int | None:
        """One whose worker waits for something to do."""
        slot = self._waiting_slot()
        if slot is None and self._nudged.wait(timeout_s):
            slot = self._waiting_slot()
        return slot

    def give(self, slot: int, item: Any) -> None:
        asked = self._asked[slot]
        self._queues[slot].put(item)
        self._served[slot] = asked

    def forget(self, slot: int) -> None:
        """Its worker is gone, and its wish with it; what it was given and did not take is its successor's."""
        self._served[slot] = self._asked[slot]

    def put(self, item: Any) -> None:
        """As django-q2 stops its workers: once for each, in whatever order they wait."""
        self._queues[self._stopped % len(self._queues)].put(item)
        self._stopped += 1

    def empty(self) -> bool:
        return all(queue.empty() for queue in self._queues)

    def qsize(self) -> int:
        return 0 if self.empty() else 1

    def close(self) -> None:
        self._nudged.close()
        for queue in self._queues:
            queue.close()

    def join_thread(self) -> None:
        """Nothing is buffered outside the kernel."""

    def _waiting_slot(self) -> int | None:
        pairs = enumerate(zip(self._asked, self._served, strict=True))
        return next((slot for slot, (asked, served) in pairs if asked != served), None)


class SlotTasks:
    """The task queue as the worker of one slot sees it."""

    def __init__(self, tasks: TaskQueue, slot: int) -> None:
        self._tasks = tasks
        self._slot = slot

    def get(self) -> Any:
        return self._tasks.get(self._slot)


class Board:
    """What each worker slot does, for whoever watches over them: its django-q2 timer and its process."""

    def __init__(self, slots: int) -> None:
        self.timers = RawArray("f", [IDLE] * slots)
        self.pids = RawArray("i", slots)  # 0 before the first start
        self._pusher = RawValue("i", 0)

    @property
    def slots(self) -> int:
        return len(self.pids)

    @property
    def pusher_pid(self) -> int:
        return int(self._pusher.value)

    @pusher_pid.setter
    def pusher_pid(self, pid: int) -> None:
        self._pusher.value = pid

    def busy(self) -> int:
        return sum(timer > 0 for timer in self.timers)

    def idle_pids(self) -> list[int]:
        return [pid for timer, pid in zip(self.timers, self.pids, strict=True) if timer == IDLE and pid]


class SlotTimer:
    """One slot's timer, as django-q2 takes it: a value, and a lock that is none."""

    def __init__(self, board: Board, slot: int) -> None:
        self._board = board
        self.slot = slot

    @property
    def value(self) -> float:
        return float(self._board.timers[self.slot])

    @value.setter
    def value(self, value: float) -> None:
        self._board.timers[self.slot] = value

    def get_lock(self) -> AbstractContextManager[None]:
        return nullcontext()


def _is_readable(end: socket.socket | int, timeout_s: float | None) -> bool:
    return bool(select.select([end], [], [], timeout_s)[0])
