"""Whether Redis can be used, as this process sees it.

Each process looks for itself, every QUEUE_CHECK_SECONDS in a thread of its own: a Redis that hangs costs one time
limit for those who were about to use it, and nothing for those who come later. All of them use the same rule, and
doorbells are taken from both transports, so that it does not matter when they disagree for a while.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog
from django.conf import settings
from django.utils import timezone

from jobs.transport.hysteresis import Hysteresis, Recovery
from jobs.transport.limits import RedisAway

if TYPE_CHECKING:
    from jobs.transport.redis_doorbells import RedisDoorbells

logger = structlog.get_logger(__name__)


class RedisHealth:
    """`is_good`: it may be relied on. `answers`: the newest look found it there."""

    def __init__(self, look: Callable[[], None], recovery: Recovery, every_s: float) -> None:
        self._look = look
        self._every_s = every_s
        self._lock = threading.Lock()
        self.answers = self._looked()
        self._hysteresis = Hysteresis(recovery, is_good=self.answers, now_s=time.monotonic())
        self.since = timezone.now()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep_looking, name="redis-health", daemon=True)
        self._thread.start()

    @property
    def is_good(self) -> bool:
        return self._hysteresis.is_good

    def lost(self) -> None:
        """A command failed."""
        self._saw(False)

    def close(self) -> None:
        self._stop.set()
        self._thread.join()

    def _keep_looking(self) -> None:
        while not self._stop.wait(self._every_s):
            self._saw(self._looked())

    def _looked(self) -> bool:
        try:
            self._look()
        except RedisAway:
            return False
        return True

    def _saw(self, answers: bool) -> None:
        with self._lock:
            self.answers = answers
            if not self._hysteresis.saw(answers, time.monotonic()):
                return
            self.since = timezone.now()
        if self.is_good:
            logger.warning("queue_recovered", transport="redis")
        else:
            logger.error("queue_degraded", transport="database", mode=settings.QUEUE_MODE)


class _Site:
    """The Redis of this process's settings; made at the first use, anew after a fork."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: tuple[RedisDoorbells, RedisHealth] | None = None

    def get(self) -> tuple[RedisDoorbells, RedisHealth]:
        with self._lock:
            if self._made is None:
                from jobs.transport.redis_doorbells import RedisDoorbells  # slow, and often not configured

                doorbells = RedisDoorbells(settings.REDIS_URL)
                recovery = Recovery(settings.QUEUE_RECOVERY_CHECKS, settings.QUEUE_RECOVERY_SECONDS)
                self._made = doorbells, RedisHealth(doorbells.ping, recovery, settings.QUEUE_CHECK_SECONDS)
            return self._made

    def forget(self) -> None:
        with self._lock:
            if self._made is not None:
                doorbells, health = self._made
                health.close()
                doorbells.close()
            self._made = None


_site = _Site()


def _forked() -> None:
    """The thread did not come along, and a connection must not be shared."""
    global _site
    _site = _Site()


os.register_at_fork(after_in_child=_forked)


def is_configured() -> bool:
    return bool(settings.REDIS_URL) and settings.QUEUE_MODE != "fallback"


def doorbells() -> RedisDoorbells:
    return _site.get()[0]


def health() -> RedisHealth:
    return _site.get()[1]


def forget() -> None:
    """The next use looks at the settings again."""
    _site.forget()
