"""What a doorbell makes a worker do."""

from __future__ import annotations

from django.db import close_old_connections
from django.utils import timezone

from jobs import claims, drain, holders, serving, warm
from jobs.execution import run_claimed


def work() -> int:
    """Works on waiting shards until none is left or the worker is asked to stop; how many it took."""
    holder = holders.this_process()
    taken = 0
    while not drain.is_requested():
        close_old_connections()
        claim = claims.claim_next(holder, serving.queues(), now=timezone.now())
        if claim is None:
            break
        taken += 1
        run_claimed(claim, warm.runner())
    if drain.is_requested():
        warm.end()
    return taken
