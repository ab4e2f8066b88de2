"""django-q2's way to ours: a doorbell is rung in Redis while that is healthy, in the database otherwise.

It is answered from both at any time, so that a switch strands nothing.
"""

from __future__ import annotations

import time
from functools import partial

import structlog
from django.conf import settings
from django.db import transaction
from django_q.brokers import Broker

from jobs.models import QueueClass
from jobs.transport import database_doorbells, health
from jobs.transport.changes import Changes, watch
from jobs.transport.limits import RedisAway

logger = structlog.get_logger(__name__)
SEPARATOR = "+"
WAIT_S = 0.1
LOOK_ANYWAY_S = 1.0  # at the database, whatever its changes say


class DoorbellBroker(Broker):
    """`list_key` names the queues: one to ring in, one or more, joined by `+`, to answer for."""

    def __init__(self, list_key: str | None = None) -> None:
        super().__init__(list_key or SEPARATOR.join(QueueClass))
        self.queues = tuple(QueueClass(name) for name in self.list_key.split(SEPARATOR))
        self._changes: Changes | None = None
        self._looked_s = 0.0

    @staticmethod
    def get_cache() -> None:
        """The cluster would write its state there twice a second; `jobs.transport.presence` does it more rarely."""
        return

    # Ringing

    def enqueue(self, task: str) -> None:
        """In Redis after the caller's transaction, in the database within it. Fails only with the database."""
        if health.is_configured() and health.health().is_good:
            transaction.on_commit(partial(self._push, task), robust=True)
        elif settings.QUEUE_MODE == "redis":
            logger.warning("doorbell_not_rung", queue=self.list_key)  # the supervisor will, when Redis is back
        else:
            database_doorbells.push(self.queues[0], task)

    def _push(self, task: str) -> None:
        """Looks at the health again: of several that wait for one commit, only the first meets a lost Redis."""
        if health.health().is_good:
            try:
                health.doorbells().push(self.queues[0], task)
                return
            except RedisAway:
                health.health().lost()
        if settings.QUEUE_MODE != "redis":
            database_doorbells.push(self.queues[0], task)

    # Answering

    def dequeue(self) -> list[tuple[None, str]]:
        """At most one doorbell, waited for a moment. Taking it is its acknowledgement."""
        package = self._from_database() or self._from_redis()
        return [(None, package)] if package else []

    def _from_database(self) -> str | None:
        self._changes = self._changes or watch()
        seconds = 0.0 if self._asks_redis() else WAIT_S
        now_s = time.monotonic()
        if not self._changes.wait(seconds) and now_s - self._looked_s < LOOK_ANYWAY_S:
            return None
        package = database_doorbells.take(self.queues)
        self._looked_s = 0.0 if package else now_s  # there may be more that were written with it
        return package

    def _from_redis(self) -> str | None:
        if not self._asks_redis():
            return None
        try:
            return health.doorbells().pop(self.queues, wait_s=WAIT_S)
        except RedisAway:
            health.health().lost()
            return None

    @staticmethod
    def _asks_redis() -> bool:
        """Also one that is not trusted yet: others may trust it still."""
        return health.is_configured() and health.health().answers

    # Sizes

    def queue_size(self) -> int:
        """Doorbells nobody answered yet; those in a Redis that does not answer are left out."""
        waiting = database_doorbells.pending(self.queues)
        if self._asks_redis():
            try:
                waiting += health.doorbells().pending(self.queues)
            except RedisAway:
                health.health().lost()
        return waiting

    def lock_size(self) -> int:
        return 0

    def purge_queue(self) -> None:
        database_doorbells.clear(self.queues)
        if self._asks_redis():
            health.doorbells().clear(self.queues)

    def delete_queue(self) -> None:
        self.purge_queue()

    def ping(self) -> bool:
        return True

    def info(self) -> str:
        return "doorbells"
