"""Reads any range of a stored file, sealed or plain, without the rest of it; safe for several threads."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from pipeline.errors import FileDamaged
from pipeline.vault import header
from pipeline.vault.header import HEADER_BYTES, MAGIC, Header
from pipeline.vault.keys import KeyRing
from pipeline.vault.segments import HEADER_BYTES as STREAM_HEADER_BYTES
from pipeline.vault.segments import Layout, StreamCipher

PIECE_BYTES = 256 * 1024


class _Content(Protocol):
    @property
    def size_bytes(self) -> int: ...

    def read(self, file: int, offset: int, length: int) -> bytes:
        """Exactly these bytes, which lie inside. Raises FileDamaged, OSError."""


class StoredFile:
    """A file open for reading. `size_bytes` and all offsets are those of the plaintext.

    Closing waits for a read that goes on in another thread.
    """

    def __init__(self, file: int, content: _Content) -> None:
        self._file: int | None = file
        self._content = content
        self._lock = threading.Lock()

    @property
    def size_bytes(self) -> int:
        return self._content.size_bytes

    @property
    def is_sealed(self) -> bool:
        return isinstance(self._content, _Sealed)

    def read(self, offset: int, length: int) -> bytes:
        """What there is of these bytes: less only at the end. Nothing that was altered is given out.

        Raises FileDamaged, OSError, ValueError for a file that was closed.
        """
        length = min(length, self.size_bytes - offset)
        with self._lock:
            if self._file is None:
                raise ValueError("the file is closed")
            return self._content.read(self._file, offset, length) if length > 0 else b""

    def pieces(self, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The same in pieces. Raises what `read` raises."""
        end = self.size_bytes if length is None else min(offset + length, self.size_bytes)
        while offset < end:
            piece = self.read(offset, min(PIECE_BYTES, end - offset))
            yield piece
            offset += len(piece)

    def close(self) -> None:
        with self._lock:
            if self._file is not None:
                os.close(self._file)
                self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()


def opened(path: Path, object_id: str, ring: KeyRing | None) -> StoredFile:
    """Raises KeyMissing, FileDamaged, OSError; FileNotFoundError when there is none."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return StoredFile(file, _content(file, object_id, ring))
    except BaseException:
        os.close(file)
        raise


def is_sealed(path: Path) -> bool:
    """Raises OSError."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def header_of(path: Path, object_id: str, ring: KeyRing | None) -> Header:
    """Of a sealed file. Raises KeyMissing, FileDamaged, OSError."""
    with path.open("rb") as file:
        return header.read(file.read(HEADER_BYTES), object_id, ring)


def _content(file: int, object_id: str, ring: KeyRing | None) -> _Content:
    block = os.pread(file, HEADER_BYTES, 0)
    size_bytes = os.fstat(file).st_size
    if not block.startswith(MAGIC):
        return _Plain(size_bytes)
    found = header.read(block, object_id, ring)
    if size_bytes != HEADER_BYTES + found.layout.stream_bytes:
        raise FileDamaged("the file was cut short, or something was added to it")
    start = os.pread(file, STREAM_HEADER_BYTES, HEADER_BYTES)
    if start[0] != STREAM_HEADER_BYTES:
        raise FileDamaged("the header of the stream was altered")
    return _Sealed(found.layout, StreamCipher(found.data_key, start, object_id.encode(), found.layout))


class _Plain:
    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes

    def read(self, file: int, offset: int, length: int) -> bytes:
        return _exactly(file, offset, length)


class _Sealed:
    """Keeps the last segment it opened: pieces that follow each other share one."""

    def __init__(self, layout: Layout, cipher: StreamCipher) -> None:
        self._layout, self._cipher = layout, cipher
        self._kept: tuple[int, bytes] = (-1, b"")

    @property
    def size_bytes(self) -> int:
        return self._layout.size_bytes

    def read(self, file: int, offset: int, length: int) -> bytes:
        layout = self._layout
        first, last = layout.segment_of(offset), layout.segment_of(offset + length - 1)
        kept_number, kept = self._kept
        parts = [kept] if first == kept_number else []
        wanted = range(first + len(parts), last + 1)
        if wanted:
            base = layout.stream_start(wanted[0])
            sealed = memoryview(_exactly(file, HEADER_BYTES + base, layout.stream_end(last) - base))
            parts += [self._cipher.open(number, sealed[_place(layout, number, base)]) for number in wanted]
            self._kept = last, parts[-1]
        return _cut(parts, offset - layout.plain_start(first), length)


def _place(layout: Layout, number: int, base: int) -> slice:
    return slice(layout.stream_start(number) - base, layout.stream_end(number) - base)


def _cut(parts: list[bytes], start: int, length: int) -> bytes:
    """`length` bytes from `start` of the parts together, copied once."""
    views = []
    for part in parts:
        view = memoryview(part)[start : start + length]
        views.append(view)
        start, length = 0, length - len(view)
    return b"".join(views)


def _exactly(file: int, offset: int, length: int) -> bytes:
    """Raises FileDamaged where the file ends before."""
    piece = os.pread(file, length, offset)
    if len(piece) == length:
        return piece
    pieces = [piece]
    while piece:
        offset, length = offset + len(piece), length - len(piece)
        piece = os.pread(file, length, offset)
        pieces.append(piece)
    if length:
        raise FileDamaged("the file became shorter while it was read")
    return b"".join(pieces)
