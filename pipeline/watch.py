"""Looks after a request while it is worked on: signs of life both ways, and an end to what nobody wants any more.

Whoever asked gives signs of life while it holds the right to the work. When none comes for the length of a lease it has
lost that right, or was stopped, and somebody else may be writing to the same workspace: this process ends itself and
its group, at once and without cleaning up. A thread sees to that; where native code keeps the interpreter from running
any thread, and where the process itself was stopped and is woken, the kernel's alarm does.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from pipeline.errors import OutOfMemory
from pipeline.memory import resident_bytes

LOOK_EVERY_S = 0.25
BEAT_EVERY_S = 1.0
LEASE_SHARE = 0.9  # of a lease: what is left covers the way the sign of life took
ALARM_AFTER_S = 1.0  # the thread goes first, for it takes the whole group along
SOON_S = 0.001  # 0 would be no alarm
MIB = 2**20


class Watch:
    """Use as a context manager around the work. `say` sends an answer, from another thread.

    A lease of 0 s never runs out; 0 MiB is no limit.
    """

    def __init__(
        self, say: Callable[[dict[str, Any]], None], lease_s: float, said_at_s: float, memory_mib: int
    ) -> None:
        self._say = say
        self._lease_s = lease_s * LEASE_SHARE
        self._memory_mib = memory_mib
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look_after, name="watch", daemon=True)
        self._renewing = threading.Lock()
        self._ends_at_s = said_at_s + self._lease_s

    def __enter__(self) -> Self:
        self._set_alarm()
        self._thread.start()
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: object, _where: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()
        with self._renewing:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def renew(self, said_at_s: float) -> None:
        """A sign of life has come: the lease began anew at that moment of the machine's monotonic clock."""
        with self._renewing:
            self._ends_at_s = said_at_s + self._lease_s
            if not self._ended.is_set():
                self._set_alarm()

    def _set_alarm(self) -> None:
        if self._lease_s:
            left_s = self._ends_at_s + ALARM_AFTER_S - time.monotonic()
            signal.setitimer(signal.ITIMER_REAL, max(left_s, SOON_S))

    def _look_after(self) -> None:
        beat_at_s = 0.0
        while not self._ended.wait(LOOK_EVERY_S):
            now_s = time.monotonic()
            if self._lease_s and now_s >= self._ends_at_s:
                end_own_group()
            used_mib = resident_bytes(os.getpid()) // MIB
            if self._memory_mib and used_mib > self._memory_mib:
                self._say(_too_large(used_mib, self._memory_mib))
                end_own_group()
            if now_s >= beat_at_s:
                beat_at_s = now_s + BEAT_EVERY_S
                self._say({"kind": "heartbeat", "data": {"rss_mib": used_mib}})


def end_own_group() -> None:
    """Its tools have groups of their own, and die with it (`pipeline.processes`)."""
    os.killpg(os.getpgid(0), signal.SIGKILL)


def _too_large(used_mib: int, limit_mib: int) -> dict[str, Any]:
    error = OutOfMemory(
        f"the dub needs more memory than it may have ({used_mib} of {limit_mib} MiB);"
        " raise RUNNER_MEMORY_MIB, or choose smaller models or a lower mode"
    )
    return {"kind": "error", "message": str(error), "data": {"code": error.code}}
