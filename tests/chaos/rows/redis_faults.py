"""Redis is absent, killed, frozen, flapping or emptied while users submit; they notice nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings

from jobs.transport import health
from tests.chaos import oracle
from tests.chaos.row import Outcome, Scale
from tests.chaos.site import Site
from tests.chaos.submitting import Submitted, submit, submit_batch
from tests.chaos.waiting import wait_until
from tests.servers import RedisServer

P99_WITHIN_S = 1.0
LOOK_S = 0.01
ENDS_WITHIN_S = 240.0
FLAP_S = 2.0
FROZEN_S = 15.0
BATCH = 50


@dataclass(slots=True)
class Trouble:
    """One fault and what the users saw meanwhile."""

    name: str
    times_s: list[float] = field(default_factory=list)
    switches_s: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    jobs: list[UUID] = field(default_factory=list)

    @property
    def p99_s(self) -> float:
        ordered = sorted(self.times_s)
        return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]

    @property
    def switches_a_window(self) -> int:
        """The most switches in any stretch of time as long as a recovery takes."""
        window_s = settings.QUEUE_RECOVERY_SECONDS
        return max(
            (sum(first <= s < first + window_s for s in self.switches_s) for first in self.switches_s), default=0
        )


def run(site: Site, scale: Scale) -> Outcome:
    redis = site.redis
    assert redis is not None
    count = scale.of(full=200, short=20)
    redis.kill()
    site.start("worker", WORKERS="2")
    site.start("supervise")
    troubles = [_submit("absent at boot", count, 0.0, _nothing)]
    _recover(redis)
    faults = _faults(redis, flaps=20, frozen_s=FROZEN_S) if scale == Scale.FULL else _faults(redis, 2, 3.0)
    for name, (lasts_s, fault) in faults.items():
        troubles.append(_submit(name, count, lasts_s, fault))
        _recover(redis)
    healthy, frozen = submit_batch(BATCH), _submit_batch_while_frozen(redis)
    batches = {"healthy": healthy[0].took_s, "frozen": frozen[0].took_s}
    jobs = [job for trouble in troubles for job in trouble.jobs]
    jobs += [submitted.job for submitted in (*healthy, *frozen)]
    wait_until(lambda: oracle.are_over(jobs), "every job ended", ENDS_WITHIN_S)
    return _outcome(site, troubles, jobs, batches)


def _faults(redis: RedisServer, flaps: int, frozen_s: float) -> dict[str, tuple[float, Callable[[], None]]]:
    """How long each lasts, and the fault itself: it goes on beside the submissions and ends by itself."""

    def freeze() -> None:
        redis.freeze()
        time.sleep(frozen_s)
        redis.thaw()

    def flap() -> None:
        for _ in range(flaps):
            redis.kill()
            time.sleep(FLAP_S)
            redis.start()
            time.sleep(FLAP_S)

    def empty() -> None:
        for _ in range(10):
            redis.flush()
            time.sleep(0.2)

    return {
        "killed": (2.0, redis.kill),
        "frozen": (frozen_s, freeze),
        "flapping": (2 * FLAP_S * flaps, flap),
        "emptied": (2.0, empty),
    }


def _submit_batch_while_frozen(redis: RedisServer) -> list[Submitted]:
    redis.freeze()
    try:
        return submit_batch(BATCH)
    finally:
        redis.thaw()


def _nothing() -> None:
    return


def _submit(name: str, count: int, lasts_s: float, fault: Callable[[], None]) -> Trouble:
    """`count` submissions, spread over the time the fault lasts."""
    trouble = Trouble(name)
    pause_s = lasts_s / count
    with _beside(fault), _watching_switches(trouble):
        for _ in range(count):
            began_s = time.monotonic()
            try:
                submitted = submit()
            except Exception as error:
                trouble.failed.append(f"{name}: {error!r}")
            else:
                trouble.times_s.append(submitted.took_s)
                trouble.jobs.append(submitted.job)
            time.sleep(max(0.0, began_s + pause_s - time.monotonic()))
    return trouble


@contextmanager
def _beside(work: Callable[[], None]) -> Iterator[None]:
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join()


@contextmanager
def _watching_switches(trouble: Trouble) -> Iterator[None]:
    done = threading.Event()

    def watch() -> None:
        known = health.health().is_good
        while not done.wait(LOOK_S):
            if (seen := health.health().is_good) != known:
                known = seen
                trouble.switches_s.append(time.monotonic())

    with _beside(watch):
        try:
            yield
        finally:
            done.set()


def _recover(redis: RedisServer) -> None:
    if not redis.answers():
        redis.start()
    wait_until(lambda: health.health().is_good, "Redis is trusted again", settings.QUEUE_RECOVERY_SECONDS + 30)


def _outcome(site: Site, troubles: Sequence[Trouble], jobs: Sequence[UUID], batches: dict[str, float]) -> Outcome:
    verdict = oracle.judge(site, jobs)
    failed = [line for trouble in troubles for line in trouble.failed]
    told = ", ".join(
        f"{trouble.name} p99 {1000 * trouble.p99_s:.0f} ms, {trouble.switches_a_window} switches a window"
        for trouble in troubles
    )
    slowest = max(trouble.p99_s for trouble in troubles)
    thrashing = max(trouble.switches_a_window for trouble in troubles)
    figure = f"{len(jobs)} submissions, {len(failed)} failed; {told}; "
    figure += f"a batch of {BATCH} {batches['frozen']:.1f} s frozen, {batches['healthy']:.1f} s healthy; {verdict}"
    is_batch_in_time = batches["frozen"] <= batches["healthy"] + P99_WITHIN_S
    holds = not failed and slowest <= P99_WITHIN_S and is_batch_in_time and thrashing <= 1 and verdict.is_clean
    numbers = {trouble.name: trouble.p99_s for trouble in troubles}
    return Outcome(holds, figure, numbers, (*failed[:3], *verdict.details()))
