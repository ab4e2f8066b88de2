"""What both transports keep to."""

from __future__ import annotations

MOST_WAITING = 64  # doorbells of one queue; more cannot wake more workers: each works until nothing is left


class RedisAway(Exception):
    """Redis refused, hung or answered nonsense."""
