"""Whoever submits is killed between the commit and the doorbell; the supervisor finds the job."""

from __future__ import annotations

import os
import signal
from uuid import UUID

from django.db import connections

from jobs import failpoints
from jobs.models import Job
from tests.chaos import oracle
from tests.chaos.row import Outcome, Scale
from tests.chaos.site import Site
from tests.chaos.submitting import submit, user
from tests.chaos.waiting import wait_until

WITHIN_S = 5.0
ENDS_WITHIN_S = 60.0
FAILPOINT = "after_submit_commit"


def run(site: Site, scale: Scale) -> Outcome:
    site.start("worker", WORKERS="2")
    site.start("supervise")
    warm_up = submit().job
    wait_until(lambda: oracle.are_over([warm_up]), "the workers are up", ENDS_WITHIN_S)
    count = scale.of(full=50, short=3)
    crashes = sum(_crash_and_start() for _ in range(count))
    jobs = list(Job.objects.exclude(id=warm_up).values_list("id", flat=True))
    wait_until(lambda: oracle.are_over(jobs), "every job ended", ENDS_WITHIN_S)
    return _outcome(site, crashes, count, jobs)


def _crash_and_start() -> bool:
    """One at a time: how long a job waits for those before it is not asked here."""
    is_crashed = _crash_after_commit()
    wait_until(lambda: not Job.objects.filter(started_at=None).exists(), "the job has started", ENDS_WITHIN_S)
    return is_crashed


def _crash_after_commit() -> bool:
    """Submits in a child that dies at the failpoint; whether it did."""
    user("alice")
    connections.close_all()
    child = os.fork()
    if child == 0:
        failpoints.ARMED = FAILPOINT
        try:
            submit()
        finally:
            os._exit(0)  # it should never come here
    _pid, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def _outcome(site: Site, crashes: int, count: int, jobs: list[UUID]) -> Outcome:
    verdict = oracle.judge(site, jobs)
    waits_s = [
        (started - created).total_seconds()
        for created, started in Job.objects.filter(id__in=jobs).values_list("created_at", "started_at")
        if started
    ]
    in_time = sum(wait_s <= WITHIN_S for wait_s in waits_s)
    slowest = max(waits_s, default=0.0)
    figure = (
        f"{crashes} crashes, {len(jobs)} jobs, {in_time} of {count} started in time, slowest {slowest:.1f} s; {verdict}"
    )
    holds = crashes == in_time == len(jobs) == count and verdict.is_clean
    return Outcome(holds, figure, {"slowest_s": slowest}, tuple(verdict.details()))
