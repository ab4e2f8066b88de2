"""Notices that a cluster no longer answers doorbells. The last resort: nothing known wedges it."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from enum import Enum

import structlog
from django.db import Error as DatabaseAway

from jobs.transport.broker import DoorbellBroker
from jobs.transport.shared import Board, TaskQueue

logger = structlog.get_logger(__name__)
CHECK_EVERY_S = 1.0
AWAY_S = 4.0  # between two looks: whatever held this process up held up the others too
REPLACE_IDLE_AFTER_S = 9.0
GIVE_UP_AFTER_S = 17.0


class Finding(Enum):
    FINE = "fine"
    STUCK = "stuck"  # idle processes are replaced, which costs nothing
    WEDGED = "wedged"  # the cluster has to be started anew


@dataclass(frozen=True, slots=True)
class Watched:
    """What can be seen of a cluster from outside."""

    board: Board
    tasks: TaskQueue
    broker: DoorbellBroker


class Watchdog:
    """Stuck is a cluster that leaves doorbells unanswered for a while though one of its slots is idle."""

    def __init__(self, cluster: Watched) -> None:
        self._cluster = cluster
        self._given = -1
        self._since_s = 0.0
        self._looked_s = 0.0
        self._has_replaced = False

    def look(self, now_s: float) -> Finding:
        given = self._cluster.tasks.given
        was_away = now_s - self._looked_s > AWAY_S
        self._looked_s = now_s
        if was_away or given != self._given or not self._is_owed_an_answer():
            self._given, self._since_s, self._has_replaced = given, now_s, False
        silent_s = now_s - self._since_s
        if silent_s > GIVE_UP_AFTER_S:
            return Finding.WEDGED
        if silent_s > REPLACE_IDLE_AFTER_S and not self._has_replaced:
            self._has_replaced = True
            return Finding.STUCK
        return Finding.FINE

    def _is_owed_an_answer(self) -> bool:
        if not self._cluster.board.idle_pids():
            return False
        try:
            return not self._cluster.tasks.empty() or self._cluster.broker.queue_size() > 0
        except DatabaseAway as error:
            logger.error("backlog_unknown", error=str(error))
            return False


def replace_idle(board: Board) -> None:
    """Ends what waits for work and what carries it; the sentinel starts them anew within a second."""
    logger.critical("cluster_stuck", silent_s=REPLACE_IDLE_AFTER_S)
    for pid in [*board.idle_pids(), board.pusher_pid]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
