"""Doorbells in Redis: one short list a queue. The only module that knows redis-py, which takes 0.3 s to import."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import redis
from django.conf import settings
from django.utils.encoding import force_str
from redis.backoff import NoBackoff
from redis.retry import Retry

from jobs.models import QueueClass
from jobs.transport.limits import MOST_WAITING, RedisAway

TIMEOUT_S = 0.5  # of one command; a Redis slower than that is no help


class RedisDoorbells:
    """Every method raises RedisAway when Redis does not answer in time; nothing is tried twice."""

    def __init__(self, url: str) -> None:
        # redis-py tries again by default, and a push that timed out may have landed.
        self._client = redis.Redis.from_url(
            url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S, retry=Retry(NoBackoff(), 0)
        )
        # Sites that share a Redis must not take each other's doorbells.
        self._site = hashlib.sha256(settings.SECRET_KEY.encode()).hexdigest()[:12]

    def ping(self) -> None:
        with _told():
            self._client.ping()

    def push(self, queue: QueueClass, package: str) -> None:
        with _told():
            if self._client.rpush(self._key(queue), package) > MOST_WAITING:
                self._client.ltrim(self._key(queue), -MOST_WAITING, -1)

    def pop(self, queues: Sequence[QueueClass], *, wait_s: float) -> str | None:
        """The first of any queue; waits for one at most `wait_s`, which must be less than the time limit."""
        with _told():
            found = self._client.blpop([self._key(queue) for queue in queues], wait_s)
        return force_str(found[1]) if found else None

    def pending(self, queues: Sequence[QueueClass]) -> int:
        with _told(), self._client.pipeline(transaction=False) as commands:
            for queue in queues:
                commands.llen(self._key(queue))
            return sum(commands.execute())

    def clear(self, queues: Sequence[QueueClass]) -> None:
        with _told():
            self._client.delete(*(self._key(queue) for queue in queues))

    def close(self) -> None:
        self._client.close()

    def _key(self, queue: QueueClass) -> str:
        return f"dubbing:{self._site}:doorbell:{queue}"


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except redis.RedisError as error:
        raise RedisAway(str(error)) from error
