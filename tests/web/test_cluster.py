"""The real workers and their supervisor as processes: jobs get done, also when somebody pulls the plug."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django_q.models import OrmQ

from accounts.models import User
from jobs import dispatch
from jobs.models import EventKind, Job, JobState, ShardState
from library.models import Dub
from pipeline.settings import DubSettings
from tests.web.conftest import child_environment, wait_until
from uploads.services import receive

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
Start = Callable[[str], "subprocess.Popen[bytes]"]
DUB_WITHIN_S = 90.0


@pytest.fixture
def start(transactional_db: None, data_dir: Path) -> Iterator[Start]:
    """Starts a management command as the launcher does; whatever still runs at the end is killed."""
    environment = child_environment(data_dir, LEASE_SECONDS="2", HEARTBEAT_SECONDS="1")
    started: list[subprocess.Popen[bytes]] = []

    def start_command(name: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "django", name]
        process = subprocess.Popen(command, env=environment, start_new_session=True)
        started.append(process)
        return process

    yield start_command
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def job(start: Start, alice: User, spoken_clip: Path) -> Job:
    upload = receive(alice, SimpleUploadedFile("talk.mp4", spoken_clip.read_bytes()))
    return dispatch.submit(alice, upload, DubSettings(target_language="es"))


def is_done(job: Job) -> bool:
    if state_of(job) == JobState.FAILED:
        pytest.fail(f"the job failed: {job.error_code}: {job.error_message}")
    return job.state == JobState.DONE


def state_of(job: Job) -> str:
    job.refresh_from_db()
    return job.state


def is_at_work(job: Job) -> bool:
    """On its second stage, the first being finished."""
    return job.shards.filter(stage="transcribe", state=ShardState.RUNNING).exists()


def test_a_submitted_job_is_done_by_the_cluster(start: Start, job: Job) -> None:
    start("worker")

    wait_until(lambda: is_done(job), "the job is done", DUB_WITHIN_S)
    assert Dub.objects.filter(job_id=job.id).count() == 1


def test_a_lost_doorbell_costs_a_delay_not_the_job(start: Start, job: Job) -> None:
    OrmQ.objects.all().delete()
    start("worker")
    start("supervise")

    wait_until(lambda: is_done(job), "the job is done", DUB_WITHIN_S)


def test_a_killed_cluster_loses_no_job(start: Start, job: Job) -> None:
    first = start("worker")
    wait_until(lambda: is_at_work(job), "its second stage is worked on", DUB_WITHIN_S)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()

    start("supervise")
    start("worker")

    wait_until(lambda: is_done(job), "the job is done", DUB_WITHIN_S)
    assert job.attempts == 2
    assert job.events.filter(kind=EventKind.STAGE_STARTED, stage="extract").count() == 1
    numbers = list(job.events.order_by("seq").values_list("seq", flat=True))
    assert numbers == list(range(1, job.last_seq + 1))
    assert Dub.objects.filter(job_id=job.id).count() == 1


def test_sigterm_to_the_master_gives_running_jobs_back(start: Start, job: Job) -> None:
    cluster = start("worker")
    wait_until(lambda: is_at_work(job), "its second stage is worked on", DUB_WITHIN_S)

    cluster.terminate()

    assert cluster.wait(15) == 0
    shard = job.shards.get(stage="transcribe")
    assert (state_of(job), shard.attempts, shard.lease_owner) == (JobState.QUEUED, 0, "")


def test_the_supervisor_ends_on_sigterm(start: Start) -> None:
    supervisor = start("supervise")
    wait_until(lambda: signal.SIGTERM in caught_signals(supervisor.pid), "it is in its loop")

    supervisor.terminate()

    assert supervisor.wait(5) == 0


def caught_signals(pid: int) -> set[int]:
    [line] = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("SigCgt")]
    mask = int(line.split()[1], 16)
    return {number for number in range(1, 65) if mask >> (number - 1) & 1}
