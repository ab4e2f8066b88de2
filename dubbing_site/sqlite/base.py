"""Django's SQLite backend, with another way to wait for the one who writes.

SQLite waits in steps that grow to 100 ms, so that whoever came early looks rarely and whoever comes late is lucky. Here
they wait in a line, and only the first looks.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import nullcontext
from pathlib import Path

from django.db.backends.sqlite3 import base

from dubbing_site.sqlite.turnstile import turn

STEP_S = 0.001
IN_LINE_S = 1.0  # then the first is taken for frozen, and everybody looks for themselves
PRIMARY_CODE = 0xFF  # of SQLite's extended result codes


class DatabaseWrapper(base.DatabaseWrapper):
    def _start_transaction_under_autocommit(self) -> None:
        """Raises OperationalError when somebody else writes for as long as the `timeout` option says."""
        options = self.settings_dict["OPTIONS"]
        timeout_s, begin = float(options["timeout"]), f"BEGIN {options['transaction_mode']}"
        until_s = time.monotonic() + timeout_s
        link: sqlite3.Connection = self.connection
        link.execute("PRAGMA busy_timeout = 0")
        try:
            self._wait_and_begin(link, begin, until_s)
            if not link.in_transaction:
                super()._start_transaction_under_autocommit()  # type: ignore[misc] # says why not
        finally:
            link.execute(f"PRAGMA busy_timeout = {int(timeout_s * 1000)}")

    def _wait_and_begin(self, link: sqlite3.Connection, begin: str, until_s: float) -> None:
        path = Path(f"{self.settings_dict['NAME']}-turnstile")
        in_line_until_s = min(until_s, time.monotonic() + IN_LINE_S)
        line = nullcontext() if self.is_in_memory_db() else turn(path, in_line_until_s)
        with line:
            while is_busy(link, begin) and time.monotonic() < until_s:
                time.sleep(STEP_S)


def is_busy(link: sqlite3.Connection, begin: str) -> bool:
    """Whether a transaction could not begin because somebody else writes."""
    try:
        link.execute(begin)
    except sqlite3.OperationalError as error:
        return error.sqlite_errorcode & PRIMARY_CODE == sqlite3.SQLITE_BUSY
    return False
