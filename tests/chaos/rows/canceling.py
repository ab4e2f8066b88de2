"""Jobs canceled while they wait, while ffmpeg runs, and in native code that hears no signal."""

from __future__ import annotations

import time
from uuid import UUID

import psutil
from django.conf import settings

from jobs import dispatch
from jobs.models import Job, JobState
from tests.chaos import oracle, processes
from tests.chaos.behaviours import Behaviour, Script
from tests.chaos.holders import wait_for_holder
from tests.chaos.row import Outcome, Scale
from tests.chaos.site import Site
from tests.chaos.submitting import submit, user
from tests.chaos.waiting import wait_until

STAGE = "extract"
WITHIN_S = 2.0
WAITED_S = 60.0


def run(site: Site, scale: Scale) -> Outcome:
    count = scale.of(full=20, short=2)
    waiting = [_cancel_waiting() for _ in range(count)]
    site.start("worker", WORKERS="1")
    site.start("supervise")
    in_ffmpeg = [_cancel_at_work(site, Behaviour.FFMPEG) for _ in range(count)]
    in_native_code = [_cancel_at_work(site, Behaviour.NATIVE_HANG) for _ in range(count)]
    times = {"waiting": waiting, "in ffmpeg": in_ffmpeg, "in native code": in_native_code}
    slowest = {where: max(took_s) for where, took_s in times.items()}
    verdict = oracle.judge(site, list(Job.objects.values_list("id", flat=True)))
    left = [str(path) for path in settings.WORK_ROOT.glob("*/attempt-*")]
    figure = (
        ", ".join(f"{where} {took_s:.2f} s" for where, took_s in slowest.items())
        + f" at most, {count} each; {len(left)} attempts left on disk, {verdict}"
    )
    holds = max(slowest.values()) <= WITHIN_S and not left and verdict.is_clean
    return Outcome(holds, figure, slowest, (*left, *verdict.details()))


def _cancel_waiting() -> float:
    job = submit().job
    began_s = time.monotonic()
    _cancel(job)
    wait_until(lambda: _is_canceled(job), "the job is canceled", WAITED_S)
    return time.monotonic() - began_s


def _cancel_at_work(site: Site, behaviour: Behaviour) -> float:
    """Until the state says so and neither the runner nor anything it started is left."""
    job = submit(Script(behaviour, STAGE)).job
    runner = psutil.Process(wait_for_holder(site, job, STAGE, WAITED_S).runner)
    if behaviour == Behaviour.FFMPEG:
        wait_until(lambda: runner.children(recursive=True), "ffmpeg runs", WAITED_S)
    family = [runner, *runner.children(recursive=True)]
    began_s = time.monotonic()
    _cancel(job)
    wait_until(lambda: _is_canceled(job) and not processes.any_alive(family), "everything is gone", WAITED_S)
    return time.monotonic() - began_s


def _cancel(job: UUID) -> None:
    dispatch.cancel(Job.objects.get(id=job), by=user("alice"))


def _is_canceled(job: UUID) -> bool:
    return Job.objects.filter(id=job, state=JobState.CANCELED).exists()
