"""Workers are stopped in the middle of a shard, outlive their lease asleep, and wake when another has taken over."""

from __future__ import annotations

import signal
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from uuid import UUID

from django.db import connection

from jobs.models import Job, JobState
from tests.chaos import oracle, processes
from tests.chaos.behaviours import Behaviour, Script
from tests.chaos.holders import is_held_by_another, wait_for_holder
from tests.chaos.row import Outcome, Scale
from tests.chaos.site import LEASE_S, Site
from tests.chaos.submitting import submit
from tests.chaos.waiting import wait_until

STAGES = ("mix", "export", "transcribe")
TAKEN_OVER_WITHIN_S = 60  # not promised here; the other worker may be busy with the one before
ENDS_WITHIN_S = 90


def run(site: Site, scale: Scale) -> Outcome:
    for _ in range(2):
        site.start("worker")
    site.start("supervise")
    jobs = []
    for number in range(scale.of(full=20, short=2)):
        stage = STAGES[number % len(STAGES)]
        job = submit(Script(Behaviour.STEADY, stage, 2 * LEASE_S)).job
        jobs.append(job)
        _sleep_past_the_lease(site, job, stage, with_runner=number % 2 == 1)
    wait_until(lambda: oracle.are_over(jobs), "every job ended", ENDS_WITHIN_S)
    return _outcome(site, jobs)


def _sleep_past_the_lease(site: Site, job: UUID, stage: str, *, with_runner: bool) -> None:
    """The worker alone, which leaves its runner working, or both."""
    holder = wait_for_holder(site, job, stage, ENDS_WITHIN_S)
    asleep = (holder.worker, holder.runner) if with_runner else (holder.worker,)
    _stop(asleep)
    try:
        wait_until(lambda: is_held_by_another(holder), "another took over", TAKEN_OVER_WITHIN_S)
    finally:
        _send(asleep, signal.SIGCONT)


def _stop(asleep: Sequence[int]) -> None:
    """On SQLite, not in the middle of a transaction: its lock is the file's, and nobody could write until it wakes."""
    _send(asleep, signal.SIGSTOP)
    while connection.vendor == "sqlite" and not _can_write():
        _send(asleep, signal.SIGCONT)
        time.sleep(0.01)
        _send(asleep, signal.SIGSTOP)


def _can_write() -> bool:
    with closing(sqlite3.connect(connection.settings_dict["NAME"], timeout=0.5)) as link:
        try:
            link.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        link.rollback()
        return True


def _send(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        processes.send(pid, number)


def _outcome(site: Site, jobs: Sequence[UUID]) -> Outcome:
    verdict = oracle.judge(site, jobs)
    done = Job.objects.filter(id__in=jobs, state=JobState.DONE).count()
    figure = f"{len(jobs)} sleepers, {done} jobs done, {verdict}"
    return Outcome(verdict.is_clean and done == len(jobs), figure, details=tuple(verdict.details()))
