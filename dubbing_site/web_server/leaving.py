"""How the web server ends when it is told to: those it is answering may finish, for a while."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from types import FrameType

from twisted.internet import reactor

from jobs import drain

LOOK_EVERY_S = 0.05


class Leaving:
    """From SIGTERM on it is not ready, takes no new jobs, and stops when it answers nobody, or after `within_s`.

    It stops at once when it has been told before: by a launcher, which was waiting for others meanwhile, or by somebody
    in a hurry.
    """

    def __init__(self, is_answering: Callable[[], bool], within_s: float) -> None:
        self._is_answering = is_answering
        self._within_s = within_s
        self._until_s = 0.0

    def watch(self) -> None:
        """Called in the main thread. The reactor sets a handler of its own for SIGTERM when it starts."""
        signal.signal(signal.SIGUSR1, _take_no_more_jobs)
        reactor.callWhenRunning(signal.signal, signal.SIGTERM, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if not drain.is_requested():
            self._until_s = time.monotonic() + self._within_s
            drain.request()
        else:
            self._until_s = 0.0
        reactor.callFromThread(self._go)

    def _go(self) -> None:
        if self._is_answering() and time.monotonic() < self._until_s:
            reactor.callLater(LOOK_EVERY_S, self._go)  # type: ignore[arg-type]  # the interface, not the object
        elif reactor.running:
            reactor.stop()  # type: ignore[misc]


def _take_no_more_jobs(number: int, frame: FrameType | None) -> None:
    drain.request()
