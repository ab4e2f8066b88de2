"""Which queues the workers of this process tree take from: set before they are forked, read by each of them."""

from __future__ import annotations

from collections.abc import Iterable

from jobs.models import QueueClass

_served: tuple[QueueClass, ...] = tuple(QueueClass)


def serve(queues: Iterable[QueueClass]) -> None:
    global _served
    _served = tuple(queues)


def queues() -> tuple[QueueClass, ...]:
    """All of them where nothing else was asked for."""
    return _served
