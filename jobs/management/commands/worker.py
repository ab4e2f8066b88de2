"""Runs this machine's workers until told to stop."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import structlog
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import Error as DatabaseAway
from django.db import close_old_connections, connections
from django.utils import timezone

from jobs import drain, serving
from jobs.models import QueueClass
from jobs.transport import kinship
from jobs.transport.broker import SEPARATOR, DoorbellBroker
from jobs.transport.cluster import Cluster
from jobs.transport.presence import Presence
from jobs.transport.watchdog import CHECK_EVERY_S, Finding, Watchdog, Watched, replace_idle
from uploads import storage

logger = structlog.get_logger(__name__)
DOORBELL_MODULE = "jobs.tasks"
JOIN_S = 0.2
KEEP_CONNECTIONS_S = 60
STOP_MARGIN_S = 2.0  # beyond DRAIN_SECONDS, for the processes around the running shards


class Command(BaseCommand):
    help = "Work on jobs until told to stop with SIGTERM; running ones are then left at their last checkpoint."
    requires_system_checks = []  # noqa: RUF012 - they import every page; `prepare` makes them before a start

    def add_arguments(self, parser: CommandParser) -> None:
        choices = [*QueueClass.values, "all"]
        parser.add_argument(
            "--queue", action="append", choices=choices, help="What to take: io, cpu, gpu or all; may be repeated."
        )
        parser.add_argument(
            "--slots", type=int, default=settings.WORKERS, help="How many shards to work on at a time; WORKERS."
        )

    def handle(self, *, queue: list[str] | None, slots: int, **options: Any) -> None:
        names = queue or ["all"]
        queues = [each for each in QueueClass if each in names or "all" in names]
        serving.serve(queues)
        storage.remove_left_copies()
        import_module(DOORBELL_MODULE)  # once, for all that are forked from here
        kinship.bind_children()
        connections.settings["default"]["CONN_MAX_AGE"] = KEEP_CONNECTIONS_S  # to connect anew costs ten times a claim
        connections.close_all()  # a connection must not be shared with the processes forked from here
        cluster = Cluster(DoorbellBroker(SEPARATOR.join(queues)), max(slots, 1))
        cluster.start()
        try:
            Master(cluster).follow()
        finally:
            storage.remove_left_copies()


class Master:
    """What the first process does while the others work."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._presence = Presence(cluster.broker.queues, cluster.board.slots)
        self._watchdog = Watchdog(Watched(cluster.board, cluster.task_queue, cluster.broker))
        self._next_check_s = self._next_sign_s = time.monotonic()

    def follow(self) -> None:
        """Until the cluster ends; exits with 1 when nobody asked for that."""
        kill_at_s: float | None = None
        while self._cluster.sentinel.is_alive():
            self._cluster.sentinel.join(JOIN_S)
            if not drain.is_requested():
                self._look_after(time.monotonic())
            elif kill_at_s is None:
                kill_at_s = time.monotonic() + settings.DRAIN_SECONDS + STOP_MARGIN_S
            elif time.monotonic() > kill_at_s:
                self._end("the workers did not stop in time and were killed")
        if not drain.is_requested():
            self._end("the cluster ended by itself")
        self._tell(self._presence.sign_off)

    def _look_after(self, now_s: float) -> None:
        if now_s >= self._next_sign_s:
            self._next_sign_s = now_s + settings.HEARTBEAT_SECONDS
            self._tell(lambda: self._presence.sign(self._cluster.board.busy(), now=timezone.now()))
        if now_s >= self._next_check_s:
            self._next_check_s = now_s + CHECK_EVERY_S
            close_old_connections()
            finding = self._watchdog.look(now_s)
            if finding is Finding.STUCK:
                replace_idle(self._cluster.board)
            elif finding is Finding.WEDGED:
                self._end("the cluster is wedged")

    def _tell(self, others: Callable[[], None]) -> None:
        """In the database; that it is away for a while is no reason to stop working."""
        try:
            others()
        except DatabaseAway as error:
            logger.error("presence_not_told", error=str(error))
            connections.close_all()

    def _end(self, reason: str) -> None:
        """Whoever started this starts it again."""
        self._cluster.kill()
        self._tell(self._presence.sign_off)
        logger.critical("worker_ends", reason=reason)
        sys.exit(1)
