"""Doorbells in the database: django-q2's own table, joined to the transaction that rings.

A doorbell is deleted when it is taken. django-q2's broker keeps it locked until the task ends, which for a dub is
hours, and rings again when a worker was killed; here the supervisor does that, and the table stays small.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ

from jobs.models import QueueClass
from jobs.transport.limits import MOST_WAITING

CHANNEL = "dubbing_doorbell"


def push(queue: QueueClass, package: str) -> None:
    """Not when enough wait already: the caller's work is found by whoever answers those."""
    if pending([queue]) >= MOST_WAITING:
        return
    OrmQ.objects.create(key=queue.value, payload=package, lock=timezone.now())
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"NOTIFY {CHANNEL}")  # sent when the transaction commits


def take(queues: Sequence[QueueClass]) -> str | None:
    """The oldest, of which nobody else is given the same."""
    waiting = OrmQ.objects.filter(key__in=queues).order_by("id").values_list("id", "payload")
    for row_id, package in waiting[:MOST_WAITING]:
        deleted, _kinds = OrmQ.objects.filter(id=row_id).delete()
        if deleted:
            return str(package)
    return None


def pending(queues: Sequence[QueueClass]) -> int:
    waiting: int = OrmQ.objects.filter(key__in=queues).count()
    return waiting


def clear(queues: Sequence[QueueClass]) -> None:
    OrmQ.objects.filter(key__in=queues).delete()
