"""What tests send to the store of uploads: bytes in pieces, connections that are lost, clients that fall silent."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from typing import Any

from django.http import UnreadablePostError
from django.utils import timezone

from accounts.models import User
from uploads.checksums import Checksum
from uploads.models import Upload
from uploads.services import Announced, begin

PIECE_BYTES = 1000


def begun(owner: User, size_bytes: int, **announced: Any) -> Upload:
    wanted: dict[str, Any] = {"name": "film.mp4", "size_bytes": size_bytes} | announced
    return begin(owner, Announced(**wanted), now=timezone.now())


def in_pieces(content: bytes, piece_bytes: int = PIECE_BYTES) -> Iterator[bytes]:
    return (content[start : start + piece_bytes] for start in range(0, len(content), piece_bytes))


def cut_after(content: bytes) -> Iterator[bytes]:
    """The connection is lost then."""
    yield from in_pieces(content)
    raise UnreadablePostError("the connection was lost")


def silent_after(content: bytes, told: threading.Event) -> Iterator[bytes]:
    """Nothing comes any more, for ever; `told` is set when the silence begins."""
    yield from in_pieces(content)
    told.set()
    while True:
        threading.Event().wait(0.01)
        yield b""


def sha256_of(content: bytes) -> Checksum:
    return Checksum("sha256", hashlib.sha256(content).digest())


def kept_bytes(upload: Upload) -> bytes:
    """What lies on the disk for it, received or not."""
    path = upload.source_path if upload.source_path.exists() else upload.incoming_folder / "source"
    return path.read_bytes()
