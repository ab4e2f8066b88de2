"""Twelve processes and more write to one SQLite file at once: workers, supervisor, web server and users."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from jobs.models import Job
from tests.chaos import oracle, transactions
from tests.chaos.row import Outcome, Scale
from tests.chaos.site import Site
from tests.chaos.waiting import wait_until
from tests.servers import free_port

USERS = 4
P99_WITHIN_S = 0.25
ENDS_WITHIN_S = 300.0


def run(site: Site, scale: Scale) -> Outcome:
    path = site.folder / "transactions"
    seconds = scale.of(full=300, short=5)
    os.environ[transactions.PATH_VARIABLE] = str(path)  # for the processes started from here
    for _ in range(2):
        site.start("worker", WORKERS="3")
    site.start("supervise")
    site.run([sys.executable, "-m", "dubbing_site.server"], PORT=str(free_port()))
    users = [
        site.run([sys.executable, "-m", "tests.chaos.busy_user", f"user{number}", str(seconds)])
        for number in range(USERS)
    ]
    wait_until(lambda: all(each.has_ended for each in users), "the users are done", seconds + 60)
    jobs = list(Job.objects.values_list("id", flat=True))
    wait_until(lambda: oracle.are_over(jobs), "every job ended", ENDS_WITHIN_S)
    failed = sum(each.process.returncode != 0 for each in users)
    return _outcome(site, jobs, path, failed)


def _outcome(site: Site, jobs: Sequence[UUID], path: Path, failed: int) -> Outcome:
    verdict = oracle.judge(site, jobs)
    times_s, locked, processes = transactions.read(path)
    ordered = sorted(times_s)
    p50_s, p99_s = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
    figure = (
        f"{len(times_s)} transactions of {processes} processes, {locked} lock errors, {failed} users failed, "
        f"p50 {1000 * p50_s:.0f} ms, p99 {1000 * p99_s:.0f} ms, longest {1000 * ordered[-1]:.0f} ms; {verdict}"
    )
    holds = not locked and not failed and p99_s <= P99_WITHIN_S and verdict.is_clean
    return Outcome(holds, figure, {"p50_s": p50_s, "p99_s": p99_s}, tuple(verdict.details()))
