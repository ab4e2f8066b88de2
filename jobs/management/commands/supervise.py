"""Keeps the queue honest from outside the workers: lost doorbells, lost workers, left-over and old files."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from types import FrameType
from typing import Any

import structlog
from django.core.management.base import BaseCommand
from django.db import OperationalError, close_old_connections
from django.utils import timezone

from jobs import doorbell, releases
from jobs.transport import presence
from jobs.workspaces import remove_stale
from library import services as library
from pipeline import processes
from uploads import services as uploads

logger = structlog.get_logger(__name__)
CYCLE_S = 1.0
SWEEP_EVERY_S = 3600.0
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
    """Retention, in a process of its own: removing gigabytes takes longer than a worker may be lost unnoticed."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        if self._process is None or self._process.poll() is not None:
            self._process = processes.start([sys.executable, "-m", "django", "prune"])

    def end(self) -> None:
        if self._process is not None:
            processes.end_group(self._process)


class Command(BaseCommand):
    help = "Ring again for waiting jobs, take over from lost workers, remove left-over files and what is too old."
    requires_system_checks = []  # noqa: RUF012 - they import the whole site, which delays the first look

    def handle(self, **options: Any) -> None:
        stop, pruning = StopRequest(), Pruning()
        next_sweep_s = time.monotonic()
        while True:
            close_old_connections()
            try:
                keep_moving()
                if time.monotonic() >= next_sweep_s:
                    next_sweep_s = time.monotonic() + SWEEP_EVERY_S
                    sweep()
                    pruning.start()
            except OperationalError as error:
                logger.error("supervise_cycle_failed", error=str(error))  # the database is away; try again
            if stop.wait(CYCLE_S):
                pruning.end()
                return


def keep_moving() -> None:
    """At its first call after a start, too: what this machine's dead workers held is free at once."""
    now = timezone.now()
    taken = releases.take_over(now=now)
    rung = doorbell.ring_again(now=now)
    if taken or rung:
        logger.info("supervised", taken_over=taken, rung=rung)


def sweep() -> None:
    removed = {
        "uploads": uploads.remove_abandoned() + uploads.remove_orphans(),
        "dubs": library.remove_orphans(),
        "workspaces": remove_stale(),
        "workers": presence.forget_old(now=timezone.now()),
    }
    if any(removed.values()):
        logger.info("swept", **removed)
