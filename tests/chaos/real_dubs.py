"""Real films, dubbed by the real runner, whose worker is killed with everything around it in the middle of a stage."""

from __future__ import annotations

import signal
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile

from jobs import dispatch
from jobs.models import EventKind, Job, JobEvent, Shard
from pipeline.settings import DubSettings
from tests.chaos import oracle, processes
from tests.chaos.site import Part, Site
from tests.chaos.submitting import user
from tests.chaos.waiting import wait_until
from tests.demo_video import make_video
from uploads.services import receive

STAGES = ("transcribe", "synthesize")
WITHIN_S = 300.0


def kill_each(site: Site) -> tuple[list[UUID], list[str]]:
    """The jobs, and what of them was done more or less often than it should."""
    film = make_video(site.folder / "talk.mp4").read_bytes()
    jobs, wrong = [], []
    for stage in STAGES:
        upload = receive(user("alice"), SimpleUploadedFile("talk.mp4", film))
        job = dispatch.submit(upload.owner, upload, DubSettings(target_language="es"))
        _kill_at(site, job, stage)
        jobs.append(job.id)
        wrong += _attempts_other_than_expected(job, stage)
    return jobs, wrong


def _kill_at(site: Site, job: Job, stage: str) -> None:
    first = _start_real_worker(site)
    begun = JobEvent.objects.filter(job=job, stage=stage, kind=EventKind.STAGE_STARTED)
    wait_until(begun.exists, f"{stage} has begun", WITHIN_S)
    processes.send_to_group(first.pid, signal.SIGKILL)
    second = _start_real_worker(site)
    wait_until(lambda: oracle.are_over([job.id]), "the dub is over", WITHIN_S)
    site.stop(second)


def _start_real_worker(site: Site) -> Part:
    return site.start("worker", CHAOS_RUNNER="", WORKERS="1")


def _attempts_other_than_expected(job: Job, stage: str) -> list[str]:
    shards = Shard.objects.filter(job=job)
    return [
        f"{shard} of a real dub was begun {shard.attempts} times"
        for shard in shards
        if shard.attempts != (2 if shard.stage == stage else 1)
    ]
