"""Tells the audit trail when a machine's queue falls back to the database, and when it is itself again."""

from __future__ import annotations

import socket

from accounts.audit.recording import Action, record
from jobs.transport import state


class TransportTrail:
    """For one process a machine, the supervisor: every process sees the same, and would say it too."""

    def __init__(self) -> None:
        self._is_degraded = False

    def look(self) -> None:
        is_degraded = state.current().is_degraded
        if is_degraded == self._is_degraded:
            return
        action = Action.QUEUE_DEGRADED if is_degraded else Action.QUEUE_RECOVERED
        record(action, actor=None, host=socket.gethostname())
        self._is_degraded = is_degraded
