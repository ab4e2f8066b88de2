"""How long each transaction of each process takes, and every time the database said that it is locked."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.transaction import Atomic

PATH_VARIABLE = "CHAOS_TRANSACTIONS"
LOCKED = "locked"
WRITES = ("INSERT", "UPDATE", "DELETE")
_began = threading.local()


def watch() -> None:
    """From here on, this process and those it forks note theirs, if they are asked to."""
    if PATH_VARIABLE not in os.environ:
        return
    connection_created.connect(_watch_statements)
    enter, leave = Atomic.__enter__, Atomic.__exit__

    def timed_enter(atomic: Atomic) -> None:
        if not connections[atomic.using or "default"].in_atomic_block:
            _began.at_s = time.monotonic()
        _noting_locks(lambda: enter(atomic))

    def timed_leave(atomic: Atomic, *error: Any) -> None:
        _noting_locks(lambda: leave(atomic, *error))
        if not connections[atomic.using or "default"].in_atomic_block:
            note(f"{time.monotonic() - _began.at_s:.6f}")

    Atomic.__enter__ = timed_enter  # type: ignore[method-assign]
    Atomic.__exit__ = timed_leave  # type: ignore[method-assign]


def note(line: str) -> None:
    file = os.open(os.environ[PATH_VARIABLE], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        os.write(file, f"{line} {os.getpid()}\n".encode())
    finally:
        os.close(file)


def read(path: Path) -> tuple[list[float], int, int]:
    """The seconds each took, how often the database was locked, and how many processes there were."""
    rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    times_s = [float(word) for word, _pid in rows if word != LOCKED]
    return times_s, len(rows) - len(times_s), len({pid for _word, pid in rows})


def _watch_statements(connection: BaseDatabaseWrapper, **_signal: object) -> None:
    connection.execute_wrappers.append(_timed_statement)


def _timed_statement(
    execute: Callable[..., Any], sql: str, parameters: Any, many: bool, context: dict[str, Any]
) -> Any:
    """One that writes outside a transaction is one of its own."""
    is_alone = not context["connection"].in_atomic_block and sql.startswith(WRITES)
    began_s = time.monotonic()
    result = _noting_locks(lambda: execute(sql, parameters, many, context))
    if is_alone:
        note(f"{time.monotonic() - began_s:.6f}")
    return result


def _noting_locks(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except OperationalError as error:
        if LOCKED in str(error):
            note(LOCKED)
        raise
