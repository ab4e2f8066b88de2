"""Which keys files may be sealed with, noted beside them: a start without one of these keys is refused, so that nobody
finds out by losing files, or by keeping new ones in clear. Of the keys themselves the note tells nothing.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import KeyMissing
from pipeline.storage import storage_errors, write_json
from pipeline.vault.keys import Key, KeyRing

NAME = "encryption_keys_in_use.json"


def require(folder: Path, ring: KeyRing | None) -> None:
    """Raises KeyMissing, StorageError."""
    given = {key.id: key.check for key in ring.keys} if ring else {}
    for id_, check in _noted(folder).items():
        if id_ not in given:
            raise KeyMissing(f"files are sealed with the key {id_!r}: give it back, and see docs/encryption.md")
        if given[id_] != check:
            raise KeyMissing(f"the key {id_!r} is another one than that which files are sealed with; give that back")
    if ring is not None:
        note(folder, ring.current)


def note(folder: Path, key: Key) -> None:
    """That files may be sealed with it; cheap where that is noted already. Raises StorageError."""
    if _noted(folder).get(key.id) == key.check:
        return
    with _alone(folder):
        write_json(folder / NAME, _noted(folder) | {key.id: key.check})


def note_only_current(folder: Path, ring: KeyRing | None) -> None:
    """When no file needs another key any more; None when none is sealed. Raises StorageError."""
    with _alone(folder):
        write_json(folder / NAME, {ring.current.id: ring.current.check} if ring else {})


def _noted(folder: Path) -> dict[str, str]:
    try:
        noted: dict[str, str] = json.loads((folder / NAME).read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return noted


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two that note something at once must not forget each other's."""
    with storage_errors(folder):
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
