"""What every fake runner did, in the order it was done: one file they all append to, whatever the database says."""

from __future__ import annotations

import json
import os
import threading
import time
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

PATH_VARIABLE = "CHAOS_SIDE_LOG"


class Did(StrEnum):
    BEGAN = "began"
    WROTE = "wrote"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Entry:
    """One act of one runner on one shard; `at_s` is the machine's monotonic clock, the same in every process."""

    did: Did
    job: str
    shard: str
    stage: str
    kind: str
    token: int
    pid: int
    at_s: float


@dataclass(frozen=True, slots=True)
class Shard:
    """Whose acts are noted."""

    job: str
    shard: str
    stage: str
    kind: str
    token: int

    def note(self, did: Did) -> None:
        """One line in one write: appends of several processes never mix."""
        fields = asdict(self) | {"did": did, "pid": os.getpid(), "at_s": time.monotonic()}
        file = os.open(os.environ[PATH_VARIABLE], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        try:
            os.write(file, json.dumps(fields).encode() + b"\n")
        finally:
            os.close(file)


class Reader:
    """Reads on from where it stopped: rows ask many times a second."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._entries: list[Entry] = []
        self._lock = threading.Lock()

    def entries(self) -> list[Entry]:
        """All that was noted so far, in the order it was written."""
        with self._lock:
            if self._path.exists():
                with self._path.open("rb") as file:
                    file.seek(self._offset)
                    for line in file:
                        if not line.endswith(b"\n"):  # of a line across two pages the first part shows first
                            break
                        self._entries.append(_parse(line))
                        self._offset += len(line)
            return self._entries.copy()


def _parse(line: bytes) -> Entry:
    fields = json.loads(line)
    return Entry(**(fields | {"did": Did(fields["did"])}))
