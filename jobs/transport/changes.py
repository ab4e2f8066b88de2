"""Waiting until the database may hold a new doorbell, without asking it all the time."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Protocol

import psycopg
import structlog
from django.db import Error as DatabaseAway
from django.db import connection, connections

from jobs.database_changes import SqliteChanges
from jobs.transport.database_doorbells import CHANNEL

logger = structlog.get_logger(__name__)
SQLITE_POLL_S = 0.02


class Changes(Protocol):
    def wait(self, seconds: float) -> bool:
        """True as soon as something may have been written; False after so many seconds."""

    def close(self) -> None: ...


class SqliteWatch:
    """SQLite cannot tell, so that its change counter is looked at."""

    def __init__(self, path: Path) -> None:
        self._changes = SqliteChanges(path)

    def wait(self, seconds: float) -> bool:
        until_s = time.monotonic() + seconds
        while not self._changes.happened():
            if (left_s := until_s - time.monotonic()) <= 0:
                return False
            time.sleep(min(SQLITE_POLL_S, left_s))
        return True

    def close(self) -> None:
        self._changes.close()


class PostgresWatch:
    """Listens on a connection of its own. Where notifications get lost (a pooler), the caller's next look finds it."""

    def __init__(self) -> None:
        self._wrapper = connections.create_connection("default")
        self._is_listening = False

    def wait(self, seconds: float) -> bool:
        try:
            if not self._is_listening:
                return self._listen()  # what was written before cannot be heard any more
            link: psycopg.Connection[tuple[object, ...]] = self._wrapper.connection
            return any(True for _note in link.notifies(timeout=seconds, stop_after=1))
        except (psycopg.Error, DatabaseAway) as error:
            logger.warning("doorbell_listening_lost", error=str(error))
            self.close()
            time.sleep(seconds)
            return False

    def close(self) -> None:
        self._is_listening = False
        self._wrapper.close()

    def _listen(self) -> bool:
        with self._wrapper.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")
        self._is_listening = True
        return True


def watch() -> Changes:
    if connection.vendor == "sqlite":
        return SqliteWatch(Path(connection.settings_dict["NAME"]))
    return PostgresWatch()
