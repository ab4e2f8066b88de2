"""What a doorbell makes a worker do."""

from __future__ import annotations

import os
import socket

from django.db import close_old_connections
from django.utils import timezone

from jobs import claims, drain, serving
from jobs.execution import run_claimed


def work() -> int:
    """Works on waiting jobs until none is left or the worker is asked to stop; how many it took."""
    owner = f"{socket.gethostname()}:{os.getpid()}"
    taken = 0
    while not drain.is_requested():
        close_old_connections()
        claim = claims.claim_next(owner, serving.queues(), now=timezone.now())
        if claim is None:
            break
        taken += 1
        run_claimed(claim)
    return taken
