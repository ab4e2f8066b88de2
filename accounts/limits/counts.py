"""Counts that hold across processes: in Redis when there is one, in the database otherwise and while Redis is away.

A window begins with its first try and ends after its time, whatever happens within it. So at most twice the limit,
less one, passes in any stretch as long as the window: the tries at its end and the whole next one. Where a count
moves between Redis and the database, which is when Redis goes away or comes back, a new window begins.

Refused before writing this: `limits` 5.8 keeps no counts in a database and wants a redis-py below 8; allauth's and
Django's own lie in a cache that anybody can make forget, because the database cache drops a third of its entries
whenever there are more than 300; and allauth's read and write them under a lock that lapses after 10 s.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import structlog
from django.conf import settings
from django.db import connection, transaction

from accounts.models import RateCount

logger = structlog.get_logger(__name__)
REDIS_TIMEOUT_S = 0.5  # of one command; a Redis slower than that is no help
REDIS_AWAY_S = 5.0  # for which it is not asked again
FORGET_EVERY_S = 300.0


@dataclass(frozen=True, slots=True)
class Count:
    """What has been taken in the window so far, this try included, and when the window ends."""

    taken: int
    left_s: float


class Counts(Protocol):
    def add(self, key: str, amount: int, *, full: int, within_s: int) -> Count:
        """What it is with `amount` more. One that has reached `full` may stay as it is."""

    def take_back(self, key: str) -> None:
        """Counts one less."""


class DatabaseCounts:
    """One statement a try, so that no two processes see the same count."""

    _forgotten_at_s = -FORGET_EVERY_S

    def add(self, key: str, amount: int, *, full: int, within_s: int) -> Count:
        now_ms = time.time_ns() // 1_000_000
        row = RateCount.objects.filter(key=key, ends_at_ms__gt=now_ms).values_list("taken", "ends_at_ms").first()
        if row is not None and row[0] >= full:  # who is refused anyway writes nothing
            return Count(row[0] + amount, (row[1] - now_ms) / 1000)
        taken, ends_at_ms = self._added(key, amount, now_ms, now_ms + within_s * 1000)
        return Count(taken, (ends_at_ms - now_ms) / 1000)

    def _added(self, key: str, amount: int, now_ms: int, ends_at_ms: int) -> tuple[int, int]:
        # Durable: a try that is rolled back with what it led to would not count.
        with transaction.atomic(durable=True):
            self._forget_old(now_ms)
            with connection.cursor() as cursor:
                cursor.execute(UPSERT, {"key": key, "amount": amount, "now": now_ms, "ends": ends_at_ms})
                taken, ends = cursor.fetchone()
        return int(taken), int(ends)

    def take_back(self, key: str) -> None:
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            cursor.execute("UPDATE accounts_ratecount SET taken = taken - 1 WHERE key = %s AND taken > 0", [key])

    def _forget_old(self, now_ms: int) -> None:
        if time.monotonic() - self._forgotten_at_s >= FORGET_EVERY_S:
            self._forgotten_at_s = time.monotonic()
            RateCount.objects.filter(ends_at_ms__lte=now_ms).delete()


UPSERT = """
INSERT INTO accounts_ratecount AS kept (key, taken, ends_at_ms) VALUES (%(key)s, %(amount)s, %(ends)s)
ON CONFLICT (key) DO UPDATE SET
    taken = CASE WHEN kept.ends_at_ms <= %(now)s THEN excluded.taken ELSE kept.taken + excluded.taken END,
    ends_at_ms = CASE WHEN kept.ends_at_ms <= %(now)s THEN excluded.ends_at_ms ELSE kept.ends_at_ms END
RETURNING taken, ends_at_ms
"""


class RedisCounts:
    """A number that expires; made and raised in one transaction. Every method raises redis.RedisError."""

    def __init__(self, url: str) -> None:
        import redis  # 0.3 s that a site without Redis need not wait
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        # redis-py tries again by default: a try that timed out may have been counted.
        self._client = redis.Redis.from_url(
            url, socket_timeout=REDIS_TIMEOUT_S, socket_connect_timeout=REDIS_TIMEOUT_S, retry=Retry(NoBackoff(), 0)
        )

    def add(self, key: str, amount: int, *, full: int, within_s: int) -> Count:
        with self._client.pipeline(transaction=True) as commands:
            commands.set(_name(key), 0, ex=within_s, nx=True)
            commands.incrby(_name(key), amount)
            commands.pttl(_name(key))
            _made, taken, left_ms = commands.execute()
        return Count(int(taken), max(0, int(left_ms)) / 1000)

    def take_back(self, key: str) -> None:
        # Nothing to take back when the window has ended: a count made now would never expire.
        self._client.eval("if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('DECR', KEYS[1]) end", 1, _name(key))


class SharedCounts:
    """Redis' while it answers. When it does not, the caller's next try is the database's, at once and for a while."""

    def __init__(self, url: str) -> None:
        self._redis = RedisCounts(url)
        self._database = DatabaseCounts()
        self._away_until_s = 0.0
        self._turn = threading.Lock()

    def add(self, key: str, amount: int, *, full: int, within_s: int) -> Count:
        from redis import RedisError  # see RedisCounts

        if self._is_there():
            try:
                return self._redis.add(key, amount, full=full, within_s=within_s)
            except RedisError as error:
                self._lost(error)
        return self._database.add(key, amount, full=full, within_s=within_s)

    def take_back(self, key: str) -> None:
        from redis import RedisError  # see RedisCounts

        if self._is_there():
            try:
                return self._redis.take_back(key)
            except RedisError as error:
                self._lost(error)
        return self._database.take_back(key)

    def _is_there(self) -> bool:
        return time.monotonic() >= self._away_until_s

    def _lost(self, error: Exception) -> None:
        with self._turn:
            is_news = self._is_there()
            self._away_until_s = time.monotonic() + REDIS_AWAY_S
        if is_news:
            logger.warning("rate_counts_without_redis", error=str(error), again_in_s=REDIS_AWAY_S)


def _name(key: str) -> str:
    return f"dubbing:rate:{key}"


def current() -> Counts:
    return _counts_in(str(settings.REDIS_URL))


@lru_cache(maxsize=8)
def _counts_in(redis_url: str) -> Counts:
    return SharedCounts(redis_url) if redis_url else DatabaseCounts()
