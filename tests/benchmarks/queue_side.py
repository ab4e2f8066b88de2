"""One side of the comparison: its workers, and so many no-op tasks or shards through them.

Run by `tests.benchmarks.bench_queue` in a process of its own, because the two sides need different settings.
Prints its figures as one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import django
import psutil
from django.core.management import call_command

from tests.benchmarks.queue_no_op import MARKS

if TYPE_CHECKING:
    from uploads.models import Upload

LOOK_AGAIN_S = 0.002
GIVE_UP_AFTER_S = 180.0
PAUSE_S = (0.05, 0.3)  # between two rings of an idle queue, so that they meet a poll at any point of it
WARM_UP = 3
CHAIN = 8  # shards a job


class Side(Protocol):
    @property
    def command(self) -> tuple[str, ...]: ...

    def enqueue(self, count: int) -> None:
        """So much work at once."""

    def ring_once(self) -> float:
        """One piece of work for an idle queue; when it was asked for (seconds of the clock)."""


class Bare:
    """django-q2's own broker and cluster, with tasks that do nothing."""

    command = ("qcluster",)

    def enqueue(self, count: int) -> None:
        from django_q.tasks import async_task

        for _ in range(count):
            async_task("tests.benchmarks.queue_no_op.mark")

    def ring_once(self) -> float:
        began_s = time.time()
        self.enqueue(1)
        return began_s


class Ours:
    """The site's, with jobs whose shards do nothing."""

    command = ("worker",)

    def enqueue(self, count: int) -> None:
        from jobs import dispatch
        from pipeline.settings import DubSettings

        for _ in range(math.ceil(count / CHAIN)):
            dispatch.submit(self._upload.owner, self._upload, DubSettings(target_language="es"))

    def ring_once(self) -> float:
        from django.db import transaction

        from jobs.doorbell import ring
        from jobs.models import Job, QueueClass, Shard, ShardKind
        from jobs.services import add_shards
        from pipeline.progress import StageName
        from pipeline.settings import DubSettings

        upload, wanted = self._upload, DubSettings(target_language="es").to_json()
        job = Job.objects.create(owner=upload.owner, upload=upload, name=upload.name, settings=wanted)
        began_s = time.time()
        with transaction.atomic():
            add_shards(job, [Shard(stage=StageName.EXPORT, kind=ShardKind.STAGE, queue=QueueClass.CPU)])
            ring(QueueClass.CPU)
        return began_s

    @cached_property
    def _upload(self) -> Upload:
        from tests.factories import make_upload, make_user

        return make_upload(make_user("alice"))


SIDES: dict[str, type[Side]] = {"bare": Bare, "ours": Ours}


@dataclass(frozen=True, slots=True)
class Rate:
    """Pieces of work a second, and what one takes of all the cluster's processes, which load does not change."""

    per_s: float
    cpu_ms: float


class Measurement:
    def __init__(self, side: Side, marks: Path) -> None:
        self._side = side
        self._marks = marks

    def throughput(self, count: int) -> Rate:
        """Of a backlog that was there when the workers started."""
        self._side.enqueue(count)
        before = len(self._started())
        with self._workers() as master:
            first = len(self._wait_for(before + 1)) - before
            spent_s = cpu_s(master)
            marks = self._wait_for(before + count)[before : before + count]
            spent_s = cpu_s(master) - spent_s
        return Rate((count - 1) / (marks[-1] - marks[0]), 1000 * spent_s / (count - first))

    def latencies_ms(self, count: int) -> list[float]:
        """From asking to beginning, one at a time."""
        with self._workers():
            waits = [self._latency_ms() for _ in range(WARM_UP + count)]
        return waits[WARM_UP:]

    def _latency_ms(self) -> float:
        before = len(self._started())
        began_s = self._side.ring_once()
        started_s = self._wait_for(before + 1)[-1]
        time.sleep(random.uniform(*PAUSE_S))
        return (started_s - began_s) * 1000

    @contextmanager
    def _workers(self) -> Iterator[psutil.Process]:
        command = [sys.executable, "-m", "django", *self._side.command]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(60)

    def _started(self) -> list[float]:
        """When each began, in order."""
        return sorted(float(line) for line in self._marks.read_text().splitlines())

    def _wait_for(self, count: int) -> list[float]:
        deadline_s = time.monotonic() + GIVE_UP_AFTER_S
        while len(marks := self._started()) < count:
            if time.monotonic() > deadline_s:
                raise TimeoutError(f"{len(marks)} of {count} began")
            time.sleep(LOOK_AGAIN_S)
        return marks


def cpu_s(master: psutil.Process) -> float:
    spent = [process.cpu_times() for process in (master, *master.children(recursive=True))]
    return float(sum(each.user + each.system for each in spent))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("side", choices=SIDES)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--rings", type=int, required=True)
    arguments = parser.parse_args()
    marks = Path(os.environ[MARKS])
    marks.touch()
    django.setup()
    call_command("prepare", verbosity=0)
    measurement = Measurement(SIDES[arguments.side](), marks)
    waits_ms = measurement.latencies_ms(arguments.rings)
    rate = measurement.throughput(arguments.count)
    hundredths = statistics.quantiles(waits_ms, n=100)
    print(json.dumps({"p50_ms": hundredths[49], "p99_ms": hundredths[98], "per_s": rate.per_s, "cpu_ms": rate.cpu_ms}))


if __name__ == "__main__":
    main()
