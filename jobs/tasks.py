"""What a doorbell makes a worker do."""

from __future__ import annotations

from django.db import close_old_connections
from django.utils import timezone
from django.utils.translation import gettext as _

from jobs import claims, drain, holders, releases, serving, warm
from jobs.claims import Taker
from jobs.execution import run_claimed


def work() -> int:
    """Works on waiting shards until none is left or the worker is asked to stop; how many it took."""
    taker = Taker(holders.this_process(), serving.queues())
    taken, claim = 0, None
    while not drain.is_requested():
        close_old_connections()
        claim = claim or claims.claim_next(taker.holder, taker.queues, now=timezone.now())
        if claim is None:
            break
        taken += 1
        claim = run_claimed(claim, warm.runner(), taker)
    if drain.is_requested():
        warm.end()
    if claim is not None:
        releases.give_back(claim, _("The worker stops; the job waits again."))
    return taken
