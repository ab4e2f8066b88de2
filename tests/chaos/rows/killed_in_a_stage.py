"""In every stage the runner, the worker or its cluster is killed; the stage is done again, those before are not."""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from itertools import cycle, islice
from uuid import UUID

from django.db import connection

from jobs.models import Job, JobState
from pipeline.progress import StageName
from tests.chaos import oracle, processes, real_dubs
from tests.chaos.behaviours import Behaviour, Script
from tests.chaos.holders import Holder, wait_for_holder
from tests.chaos.row import Outcome, Scale
from tests.chaos.side_log import Did
from tests.chaos.site import LEASE_S, Site
from tests.chaos.submitting import LONG_S, SHORT_S, submit
from tests.chaos.waiting import wait_until

CLUSTERS = 3  # of one worker each, so that a killed cluster is one lost shard
TAKEN_OVER_WITHIN_S = LEASE_S + 5
WAITED_S = 60  # how long a take-over is waited for, to tell how late it was
STAGE_S = 1.0


class Victim(StrEnum):
    RUNNER = "runner"
    WORKER = "worker"
    CLUSTER = "cluster"


@dataclass(frozen=True, slots=True)
class Killed:
    job: UUID
    shard: str
    stage: str
    victim: Victim
    taken_over_s: float


def run(site: Site, scale: Scale) -> Outcome:
    clusters = [site.start("worker", is_kept=True, WORKERS="1") for _ in range(CLUSTERS)]
    site.start("supervise", is_kept=True)
    stages = [stage.value for stage in StageName]
    wanted = islice(cycle(stages), len(stages) * 20 if scale == Scale.FULL else 3)
    victims = cycle(Victim)
    with ThreadPoolExecutor(CLUSTERS) as pool:
        killed = list(pool.map(lambda each: _kill_one(site, *each), [(stage, next(victims)) for stage in wanted]))
    jobs = [each.job for each in killed]
    wait_until(lambda: oracle.are_over(jobs), "every job ended", 120)
    for cluster in clusters:
        site.stop(cluster)
    real, wrong = real_dubs.kill_each(site) if scale == Scale.FULL else ([], [])
    return _outcome(site, killed, real, wrong)


def _kill_one(site: Site, stage: str, victim: Victim) -> Killed:
    try:
        # Where stages are divided, a part is what is killed.
        duration_s = LONG_S if victim == Victim.WORKER else SHORT_S
        job = submit(Script(Behaviour.STEADY, stage, STAGE_S), duration_s=duration_s).job
        holder = wait_for_holder(site, job, stage, within_s=WAITED_S)
        _kill(site, holder, victim)
        killed_s = time.monotonic()
        wait_until(lambda: _is_begun_again(site, holder), f"{stage} is taken over", WAITED_S)
        return Killed(job, str(holder.shard), stage, victim, time.monotonic() - killed_s)
    finally:
        connection.close()


def _kill(site: Site, holder: Holder, victim: Victim) -> None:
    if victim == Victim.RUNNER:
        processes.send(holder.runner, signal.SIGKILL)
    elif victim == Victim.WORKER:
        processes.send(holder.worker, signal.SIGKILL)
    else:
        for part in site.parts:
            if any(process.pid == holder.worker for process in processes.family(part.process)):
                processes.send_to_group(part.pid, signal.SIGKILL)


def _is_begun_again(site: Site, holder: Holder) -> bool:
    return any(
        (entry.shard, entry.did) == (str(holder.shard), Did.BEGAN) and entry.token > holder.token
        for entry in site.entries()
    )


def _outcome(site: Site, killed: Sequence[Killed], real: Sequence[UUID], wrong: Sequence[str]) -> Outcome:
    jobs = [*(each.job for each in killed), *real]
    verdict = oracle.judge(site, jobs)
    redone = [*_done_again(site, killed), *wrong]
    done = Job.objects.filter(id__in=jobs, state=JobState.DONE).count()
    slowest = max(killed, key=lambda each: each.taken_over_s)
    in_time = slowest.taken_over_s <= TAKEN_OVER_WITHIN_S
    figure = (
        f"{len(killed)} kills of tiny stages and {len(real)} of real ones, {done} jobs done, {verdict}, "
        f"{len(redone)} others done again, "
        f"slowest take-over {slowest.taken_over_s:.1f} s ({slowest.victim} in {slowest.stage}; lease {LEASE_S} s)"
    )
    holds = verdict.is_clean and not redone and in_time and done == len(jobs)
    return Outcome(holds, figure, {"slowest_s": slowest.taken_over_s}, (*verdict.details(), *redone))


def _done_again(site: Site, killed: Sequence[Killed]) -> list[str]:
    """Shards other than the killed one that ran more than once."""
    hit = {str(each.job): each.shard for each in killed}
    return [
        f"{stage} of {job}, shard {shard}, ran {count} times"
        for (job, stage, shard), count in oracle.executions(site.entries()).items()
        if count > 1 and shard != hit.get(job)
    ]
