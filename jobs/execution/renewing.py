"""Keeping a lease alive while its worker is busy with files."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.utils import timezone

from jobs import claims
from jobs.errors import LeaseLost
from jobs.services import Claim

logger = structlog.get_logger(__name__)


@contextmanager
def renewed(claim: Claim) -> Iterator[None]:
    """Renews the lease every HEARTBEAT_SECONDS from a thread. That it was lost is found out by the next write."""
    ended = threading.Event()
    thread = threading.Thread(target=_renew_until, args=(ended, claim), name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _renew_until(ended: threading.Event, claim: Claim) -> None:
    while not ended.wait(settings.HEARTBEAT_SECONDS):
        try:
            claims.renew(claim, now=timezone.now())
        except LeaseLost:
            logger.warning("lease_lost_while_publishing", shard_id=claim.shard_id)
            break
        except DatabaseError as error:
            logger.warning("lease_not_renewed", shard_id=claim.shard_id, error=str(error))
        finally:
            connection.close()  # this thread's own
