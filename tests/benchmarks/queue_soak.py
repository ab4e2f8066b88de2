"""The queue for a long time: what its processes hold in memory and its tables in rows must stop growing."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import django
import psutil
from django.core.management import call_command

from tests.benchmarks.queue_no_op import MARKS
from tests.servers import running_redis

SAMPLES = 20
WARM_UP_SHARE = 0.4  # of the time, in which it may grow
MAY_GROW = 1.1
WAITING_AT_MOST = 40
LOGS_BYTES = 50_000  # of events; a few seconds of them


@dataclass(frozen=True, slots=True)
class Sample:
    at_s: float
    memory_mib: float
    rows: int
    finished: int


def soak(minutes: float) -> int:
    """Jobs all the time, with Redis and SQLite, and retention by size; 1 when memory or rows go on growing."""
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="dubbing-soak-")))
        redis = opened.enter_context(running_redis())
        prepare(folder, redis.url)
        parts = [opened.enter_context(running(name)) for name in ("worker", "supervise")]
        samples = list(sampled(minutes * 60, parts))
    settled = samples[int(len(samples) * WARM_UP_SHARE) :]
    growth = {
        "memory": settled[-1].memory_mib / settled[0].memory_mib,
        "rows": settled[-1].rows / max(settled[0].rows, 1),
    }
    for sample in samples:
        print(" ".join(f"{name}={value:g}" for name, value in asdict(sample).items()))
    print(", ".join(f"{name} × {times:.2f}" for name, times in growth.items()), f"(goal: at most × {MAY_GROW})")
    return 0 if all(times <= MAY_GROW for times in growth.values()) else 1


def prepare(folder: Path, redis_url: str) -> None:
    unlimited = ("MAX_RUNNING_JOBS_PER_USER", "MAX_WAITING_JOBS_PER_USER", "MAX_JOBS_PER_DAY_PER_USER")
    os.environ |= dict.fromkeys(unlimited, "0") | {
        "DJANGO_SETTINGS_MODULE": "tests.benchmarks.queue_settings",
        "BENCH_SYSTEM": "ours",
        MARKS: os.devnull,
        "ENV_FILE": "",
        "DATA_DIR": str(folder),
        "DATABASE_URL": "",
        "REDIS_URL": redis_url,
        "WORKERS": "2",
        "LOG_LEVEL": "ERROR",
        "SECRET_KEY": "only for benchmarks",
        "RETAIN_LOGS_BYTES": str(LOGS_BYTES),
    }
    django.setup()
    call_command("prepare", verbosity=0)


@contextmanager
def running(command: str) -> Iterator[psutil.Process]:
    process = subprocess.Popen([sys.executable, "-m", "django", command])
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(60)


def sampled(seconds: float, parts: Sequence[psutil.Process]) -> Iterator[Sample]:
    from jobs import dispatch
    from jobs.models import Job, JobState
    from pipeline.settings import DubSettings
    from tests.factories import make_upload, make_user

    upload = make_upload(make_user("alice"))
    began_s = time.monotonic()
    finished = 0
    for number in range(1, SAMPLES + 1):
        while time.monotonic() < began_s + seconds * number / SAMPLES:
            if Job.objects.filter(state=JobState.QUEUED).count() < WAITING_AT_MOST:
                dispatch.submit(upload.owner, upload, DubSettings(target_language="es"))
                finished += 1
        call_command("prune", verbosity=0)
        yield Sample(round(time.monotonic() - began_s), memory_mib(parts), rows(), finished)


def memory_mib(parts: Sequence[psutil.Process]) -> float:
    """What the processes have for themselves, with all their children."""
    family = [member for part in parts for member in (part, *part.children(recursive=True))]
    return round(float(sum(member.memory_full_info().uss for member in family)) / 2**20, 1)


def rows() -> int:
    """In the tables that jobs fill, beside those that retention bounds by size."""
    from django_q.models import OrmQ, Task

    from jobs.models import JobEvent, Shard, Worker

    return sum(model.objects.count() for model in (OrmQ, Task, Worker, Shard, JobEvent))
