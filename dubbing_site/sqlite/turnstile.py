"""A line in which processes wait for SQLite's one writer, first come, first served.

The kernel wakes those who wait for a `flock` in the order in which they came (Linux 5.0 and later); SQLite's own
waiting is a lottery. The lock dies with its process, and is held only while its holder waits to begin.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def turn(path: Path, until_s: float) -> Iterator[None]:
    """First in the line, or `until_s` (monotonic) has come: a process that was frozen at its head must not stop all."""
    place = _Place(path)
    place.wait(until_s)
    try:
        yield
    finally:
        place.leave()


class _Place:
    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o640)
        self._is_first = threading.Event()
        self._guard = threading.Lock()
        self._has_left = False

    def wait(self, until_s: float) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # `flock` knows no time limit, so that whoever has one lets a thread wait in its place.
            threading.Thread(target=self._stand, name="turnstile", daemon=True).start()
            self._is_first.wait(max(0.0, until_s - time.monotonic()))
        else:
            self._is_first.set()

    def leave(self) -> None:
        with self._guard:
            self._has_left = True
            if self._is_first.is_set():
                self._close()

    def _stand(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_EX)
        with self._guard:
            self._is_first.set()
            if self._has_left:
                self._close()

    def _close(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_UN)  # closing is not enough while a forked child has the file too
        os.close(self._file)
