"""Workers sign a list while they live; others read how many slots there are."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet

from jobs.models import QueueClass, Worker
from jobs.transport import state

FORGET_AFTER = timedelta(hours=1)


class Presence:
    """One running cluster's line in the list."""

    def __init__(self, queues: Iterable[QueueClass], slots: int) -> None:
        self._name = uuid.uuid4().hex
        self._queues = [queue.value for queue in queues]
        self._slots = slots

    def sign(self, busy: int, *, now: datetime) -> None:
        transport = state.current()
        signed = {
            "queues": self._queues,
            "slots": self._slots,
            "busy": busy,
            "transport": transport.transport,
            "transport_since": transport.since,
            "seen_at": now,
        }
        first = {"host": socket.gethostname()[:64], "pid": os.getpid(), "started_at": now}
        Worker.objects.update_or_create(name=self._name, defaults=signed, create_defaults=signed | first)

    def sign_off(self) -> None:
        Worker.objects.filter(name=self._name).delete()


def alive(*, now: datetime) -> QuerySet[Worker]:
    """Those that signed within a lease."""
    return Worker.objects.filter(seen_at__gte=now - timedelta(seconds=settings.LEASE_SECONDS))


def slots_alive(queue: QueueClass, *, now: datetime) -> int:
    """How many shards of this queue can be worked on at the same time, by all machines together."""
    return sum(worker.slots for worker in alive(now=now) if queue in worker.queues)


def forget_old(*, now: datetime) -> int:
    """Removes workers that ended without a word; how many."""
    removed, _kinds = Worker.objects.filter(seen_at__lt=now - FORGET_AFTER).delete()
    return removed
