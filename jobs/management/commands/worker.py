"""Runs this machine's workers: django-q2's cluster, made to drain, and to be noticed when it wedges.

django-q2 waits for running tasks when it stops, and its own status says "working" when a killed worker has left the
queue locked; FACTS behind both are in docs/architecture.md.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from types import FrameType
from typing import Any

import structlog
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import OperationalError, close_old_connections, connections
from django.db.models import Sum
from django_q.cluster import Cluster

from jobs import drain
from jobs.models import Shard, ShardState

logger = structlog.get_logger(__name__)
CHECK_EVERY_S = 5.0
WEDGED_AFTER_S = 60.0


class DrainingCluster(Cluster):
    """Running dubs are told to stop, and are continued by the next worker; then the cluster stops as usual."""

    def sig_handler(self, signum: int, frame: FrameType | None) -> None:
        drain.request()
        super().sig_handler(signum, frame)


class Backlog:
    """Notices that jobs wait, a worker could be free, and yet nobody claims anything for a while."""

    def __init__(self, patience_s: float = WEDGED_AFTER_S) -> None:
        self._patience_s = patience_s
        self._claims: int | None = None
        self._since_s = 0.0

    def is_stuck(self, now_s: float) -> bool:
        waiting = Shard.objects.filter(state=ShardState.WAITING).exists()
        running = Shard.objects.filter(state=ShardState.RUNNING).count()
        claims = Shard.objects.aggregate(claims=Sum("fencing_token"))["claims"] or 0
        if not waiting or running >= settings.WORKERS or claims != self._claims:
            self._claims, self._since_s = claims, now_s
        return now_s - self._since_s > self._patience_s


class Command(BaseCommand):
    help = "Work on jobs until told to stop (SIGTERM to this process only)."

    def handle(self, **options: Any) -> None:
        connections.close_all()  # a connection must not be shared with the processes forked from here
        cluster = DrainingCluster()
        cluster.start()
        backlog, next_check_s = Backlog(), time.monotonic() + CHECK_EVERY_S
        while cluster.sentinel.is_alive():
            cluster.sentinel.join(0.5)
            if time.monotonic() < next_check_s or drain.is_requested():
                continue
            next_check_s = time.monotonic() + CHECK_EVERY_S
            close_old_connections()
            try:
                if backlog.is_stuck(time.monotonic()):
                    self._give_up()
            except OperationalError as error:
                logger.error("backlog_check_failed", error=str(error))
        if not drain.is_requested():
            sys.exit("worker: the cluster ended by itself")

    def _give_up(self) -> None:
        """Ends the wedged cluster, which no longer listens to SIGTERM; whoever started this starts it again."""
        logger.critical("cluster_wedged", patience_s=WEDGED_AFTER_S)
        if os.getpgrp() == os.getpid():
            os.killpg(os.getpid(), signal.SIGKILL)
        sys.exit("worker: the cluster is wedged")
