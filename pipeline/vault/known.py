"""Which keys files may be sealed with, noted beside them: a start without one of these keys is refused, so that nobody
finds out by losing files, or by keeping new ones in clear. Of the keys themselves the note tells nothing.
"""

from __future__ import annotations

import json
from pathlib import Path

from pipeline.errors import KeyMissing
from pipeline.storage import write_json
from pipeline.vault.keys import KeyRing

NAME = "encryption_keys_in_use.json"


def require(folder: Path, ring: KeyRing | None) -> None:
    """Notes the current key, too, if that is new. Raises KeyMissing, StorageError."""
    noted = _noted(folder)
    given = {key.id: key.check for key in ring.keys} if ring else {}
    for id_, check in noted.items():
        if id_ not in given:
            raise KeyMissing(f"files are sealed with the key {id_!r}: give it back, and see docs/encryption.md")
        if given[id_] != check:
            raise KeyMissing(f"the key {id_!r} is another one than that which files are sealed with; give that back")
    if ring is not None and ring.current.id not in noted:
        write_json(folder / NAME, noted | {ring.current.id: ring.current.check})


def note_only_current(folder: Path, ring: KeyRing | None) -> None:
    """When no file needs another key any more; None when none is sealed."""
    if ring is None:
        (folder / NAME).unlink(missing_ok=True)
    else:
        write_json(folder / NAME, {ring.current.id: ring.current.check})


def _noted(folder: Path) -> dict[str, str]:
    try:
        noted: dict[str, str] = json.loads((folder / NAME).read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return noted
