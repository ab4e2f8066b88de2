"""Thousands of tiny jobs while processes are killed, Redis restarts and some jobs kill whoever works on them."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from jobs.models import Job, JobState
from tests.chaos import meddling, oracle, processes
from tests.chaos.behaviours import Behaviour, Script
from tests.chaos.row import Outcome, Scale
from tests.chaos.site import Site
from tests.chaos.submitting import LONG_S, SHORT_S, submit

TICK_S = 0.25
RESTARTS, KILLS, POISON = 0.02, 0.08, 0.05  # chances a tick
PRESSED = 0.25  # the chance that somebody presses a button
DIVIDED_EVERY = 10
DONE_SHARE = 0.95  # of the good jobs that nobody canceled; others may lose their worker too often
WITHIN_S = 600.0
WAITED_S = 1800.0
CLUSTERS, WORKERS_EACH = 2, 2


@dataclass(slots=True)
class Faults:
    restarts: int = 0
    kills: int = 0
    poison: int = 0
    pressed: int = 0


class Submitter(threading.Thread):
    """Submits all the good jobs while the faults go on already."""

    def __init__(self, count: int) -> None:
        super().__init__(name="submitter", daemon=True)
        self._count = count
        self.jobs: list[UUID] = []
        self.error = ""

    def run(self) -> None:
        try:
            for number in range(self._count):
                duration_s = SHORT_S if number % DIVIDED_EVERY else LONG_S
                self.jobs.append(submit(owner=f"user{number % 10}", duration_s=duration_s).job)
        except Exception as error:
            self.error = repr(error)
            raise
        finally:
            connection.close()


def run(site: Site, scale: Scale) -> Outcome:
    for _ in range(CLUSTERS):
        site.start("worker", is_kept=True, WORKERS=str(WORKERS_EACH))
    site.start("supervise", is_kept=True)
    began_s = time.monotonic()
    submitter = Submitter(scale.of(full=5000, short=200))
    submitter.start()
    faults, poison = _trouble(site, submitter, began_s + WAITED_S)
    took_s = time.monotonic() - began_s
    return _outcome(site, submitter, poison, faults, took_s)


def _trouble(site: Site, submitter: Submitter, until_s: float) -> tuple[Faults, list[UUID]]:
    """Ticks until every job ended."""
    chance = random.Random(20261121)
    faults, poison = Faults(), list[UUID]()
    while time.monotonic() < until_s:
        if not submitter.is_alive():
            meddling.resume_all()
            if oracle.are_over(submitter.jobs + poison):
                break
        tick_ends_s = time.monotonic() + TICK_S
        if site.redis and chance.random() < RESTARTS:
            site.redis.restart()
            faults.restarts += 1
        if chance.random() < KILLS:
            _kill_any(site, chance)
            faults.kills += 1
        if submitter.is_alive() and chance.random() < POISON:
            poison.append(submit(Script(Behaviour.KILL_ITSELF, "mix"), owner="mallory").job)
            faults.poison += 1
        if submitter.is_alive() and submitter.jobs and chance.random() < PRESSED:
            faults.pressed += meddling.press_any(submitter.jobs, chance)
        time.sleep(max(0.0, tick_ends_s - time.monotonic()))
    return faults, poison


def _kill_any(site: Site, chance: random.Random) -> None:
    """Any process of the site: a master, a worker, a runner, the supervisor."""
    pids = [part.pid for part in site.parts if not part.has_ended]
    pids += [process.pid for part in site.parts for process in processes.family(part.process)]
    if pids:
        processes.send(chance.choice(pids), signal.SIGKILL)


def _outcome(site: Site, submitter: Submitter, poison: list[UUID], faults: Faults, took_s: float) -> Outcome:
    jobs = submitter.jobs + poison
    verdict = oracle.judge(site, jobs)
    good = Counter(Job.objects.filter(id__in=submitter.jobs).values_list("state", flat=True))
    survived = Job.objects.filter(id__in=poison).exclude(state=JobState.FAILED).count()
    figure = (
        f"{len(jobs)} jobs in {took_s:.0f} s ({', '.join(f'{count} {state}' for state, count in good.items())}), "
        f"{faults.kills} kills, {faults.restarts} Redis restarts, {faults.pressed} buttons pressed, "
        f"{faults.poison} poison ({survived} not failed); {verdict}"
    )
    are_done = good[JobState.DONE] >= DONE_SHARE * (len(submitter.jobs) - good[JobState.CANCELED])
    holds = verdict.is_clean and are_done and not survived and not submitter.error and took_s <= WITHIN_S
    details = (*([submitter.error] if submitter.error else []), *verdict.details())
    return Outcome(holds, figure, {"took_s": took_s, "jobs_a_second": len(jobs) / took_s}, details)
