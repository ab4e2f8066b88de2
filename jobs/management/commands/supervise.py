"""Keeps the queue honest from outside the workers: lost doorbells, lost workers, left-over and old files."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from types import FrameType
from typing import Any
from uuid import UUID

import structlog
from django.core.management.base import BaseCommand
from django.db import Error as DatabaseError
from django.db import close_old_connections
from django.utils import timezone

from jobs import doorbell, privacy, releases
from jobs.transport import presence
from jobs.transport.trail import TransportTrail
from pipeline import processes

logger = structlog.get_logger(__name__)
CYCLE_S = 1.0
SWEEP_EVERY_S = 3600.0
PRIVATE_EVERY_S, PRIVATE_AT_LEAST_EVERY_S = 5.0, 300.0
FIRST_SWEEP_AFTER_S = 60.0  # what is starting beside us comes first
STEP_S = 0.1


class StopRequest:
    """A flag that SIGTERM and SIGINT raise; it is looked at between cycles, never inside a transaction."""

    def __init__(self) -> None:
        self.is_raised = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._raise)

    def _raise(self, number: int, frame: FrameType | None) -> None:
        self.is_raised = True

    def wait(self, seconds: float) -> bool:
        """Sleeps, and wakes early for a stop; whether one was requested."""
        until_s = time.monotonic() + seconds
        while not self.is_raised and time.monotonic() < until_s:
            time.sleep(STEP_S)
        return self.is_raised


class Pruning:
    """Retention and sweeping, in a process of their own: gigabytes take longer than a worker may be lost unnoticed."""

    def __init__(self, *options: str) -> None:
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        if self._process is not None and self._process.returncode:
            logger.error("prune_failed", exit_status=self._process.returncode)
        self._process = processes.start([sys.executable, "-m", "django", "prune", *self._options], stderr=None)

    def end(self) -> None:
        if self._process is not None:
            processes.end_group(self._process)


class PrivateTidying:
    """What private users leave goes soon; what a disk does not let go is tried again ever less often."""

    def __init__(self) -> None:
        self._pruning = Pruning("--private")
        self._next_s = 0.0
        self._wait_s = PRIVATE_EVERY_S
        self._left: set[UUID] = set()

    def look(self) -> None:
        if time.monotonic() < self._next_s:
            return
        left = {item.id for item in privacy.leftovers(now=timezone.now())}
        is_stuck = bool(left & self._left)
        self._wait_s = min(2 * self._wait_s, PRIVATE_AT_LEAST_EVERY_S) if is_stuck else PRIVATE_EVERY_S
        self._next_s, self._left = time.monotonic() + self._wait_s, left
        if left:
            self._pruning.start()

    def end(self) -> None:
        self._pruning.end()


class Command(BaseCommand):
    help = "Ring again for waiting jobs, take over from lost workers, remove left-over files and what is too old."
    requires_system_checks = []  # noqa: RUF012 - they import the whole site, which delays the first look

    def handle(self, **options: Any) -> None:
        stop, pruning, private, trail = StopRequest(), Pruning(), PrivateTidying(), TransportTrail()
        next_sweep_s = time.monotonic() + FIRST_SWEEP_AFTER_S
        while True:
            close_old_connections()
            try:
                keep_moving()
                trail.look()
                if time.monotonic() >= next_sweep_s:
                    next_sweep_s = time.monotonic() + SWEEP_EVERY_S
                    presence.forget_old(now=timezone.now())
                    pruning.start()
                private.look()
            except DatabaseError as error:
                logger.error("supervise_cycle_failed", error=str(error))  # the database is away; try again
            if stop.wait(CYCLE_S):
                pruning.end()
                private.end()
                return


def keep_moving() -> None:
    """At its first call after a start, too: what this machine's dead workers held is free at once."""
    now = timezone.now()
    taken = releases.take_over(now=now)
    rung = doorbell.ring_again(now=now)
    if taken or rung:
        logger.info("supervised", taken_over=taken, rung=rung)
