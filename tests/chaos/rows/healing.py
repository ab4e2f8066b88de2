"""Each process of a site started by its launcher is killed while nothing is to do; work is claimed again soon."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

import psutil

from jobs.models import Shard
from tests.chaos import oracle, processes
from tests.chaos.row import Outcome, Scale
from tests.chaos.site import Part, Site
from tests.chaos.submitting import submit, submit_without_doorbell
from tests.chaos.waiting import wait_until
from tests.servers import free_port

CLAIMED_WITHIN_S = 20.0
ORPHANS_WITHIN_S = 5.0
WAITED_S = 90.0
UP_WITHIN_S = 60.0
LOOK_AGAIN_S = 0.1


class Victim(StrEnum):
    IDLE_WORKER = "idle worker"
    ANY_OF_THE_CLUSTER = "process of the cluster"
    MASTER = "master"
    SUPERVISOR = "supervisor"


@dataclass(frozen=True, slots=True)
class Healed:
    victim: Victim
    claimed_s: float
    orphans_s: float
    masters: int  # most seen at once


def run(site: Site, scale: Scale) -> Outcome:
    launcher = site.run([sys.executable, "-m", "dubbing_site.launcher"], WORKERS="2", PORT=str(free_port()))
    wait_until(lambda: "/setup/" in launcher.log.read_text("utf-8"), "the site is ready", UP_WITHIN_S)
    _wait_until_it_works()
    jobs: list[UUID] = []
    healed = [
        _kill(launcher, victim, number, jobs) for victim in Victim for number in range(scale.of(full=20, short=1))
    ]
    wait_until(lambda: oracle.are_over(jobs), "every job ended", WAITED_S)
    verdict = oracle.judge(site, jobs)
    claimed = sum(each.claimed_s <= CLAIMED_WITHIN_S for each in healed)
    gone = sum(each.orphans_s <= ORPHANS_WITHIN_S for each in healed)
    slowest = {victim: max(each.claimed_s for each in healed if each.victim == victim) for victim in Victim}
    masters = max(each.masters for each in healed)
    figure = (
        f"claiming in time {claimed} of {len(healed)} (slowest: "
        + ", ".join(f"{victim} {took_s:.1f} s" for victim, took_s in slowest.items())
        + f"), orphans gone in time {gone} of {len(healed)}, {masters} cluster at most; {verdict}"
    )
    holds = claimed == gone == len(healed) and masters == 1 and verdict.is_clean
    return Outcome(
        holds, figure, {victim.value: took_s for victim, took_s in slowest.items()}, tuple(verdict.details())
    )


def _wait_until_it_works() -> None:
    job = submit().job
    wait_until(lambda: oracle.are_over([job]), "the first job ended", UP_WITHIN_S)


def _kill(launcher: Part, victim: Victim, number: int, jobs: list[UUID]) -> Healed:
    """A job is submitted right after; its first claim is what is timed."""
    lost = _find(launcher, victim, number)
    bereaved = lost.children(recursive=True)
    lost.kill()
    began_s = time.monotonic()
    # Without its doorbell only a supervisor finds it, so that this shows that there is one again.
    job = submit_without_doorbell() if victim == Victim.SUPERVISOR else submit().job
    jobs.append(job)
    masters = 1
    claimed_s: float | None = None
    orphans_s: float | None = None
    while (claimed_s is None or orphans_s is None) and time.monotonic() - began_s < WAITED_S:
        masters = max(masters, len(_masters(launcher)))
        if claimed_s is None and Shard.objects.filter(job=job, attempts__gt=0).exists():
            claimed_s = time.monotonic() - began_s
        if orphans_s is None and not processes.any_alive(bereaved):
            orphans_s = time.monotonic() - began_s
        time.sleep(LOOK_AGAIN_S)
    wait_until(lambda: len(_masters(launcher)) == 1 and len(_supervisors(launcher)) == 1, "all parts run", WAITED_S)
    return Healed(victim, claimed_s or WAITED_S, orphans_s or WAITED_S, masters)


def _find(launcher: Part, victim: Victim, number: int) -> psutil.Process:
    [master] = _masters(launcher)
    if victim == Victim.MASTER:
        return master
    if victim == Victim.SUPERVISOR:
        [supervisor] = _supervisors(launcher)
        return supervisor
    cluster = sorted(master.children(recursive=True), key=lambda process: process.pid)
    if victim == Victim.IDLE_WORKER:
        return next(process for process in cluster if any(map(_is_runner, process.children())))
    return cluster[number % len(cluster)]


def _masters(launcher: Part) -> list[psutil.Process]:
    """The site's clusters, also one that its launcher would have lost."""
    return processes.leaders(launcher.environment["DATA_DIR"], "worker")


def _supervisors(launcher: Part) -> list[psutil.Process]:
    return processes.leaders(launcher.environment["DATA_DIR"], "supervise")


def _is_runner(process: psutil.Process) -> bool:
    return "tests.chaos.runner" in processes.command_of(process)
