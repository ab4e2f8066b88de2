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

# Of 256 KiB to 1 MiB: to hand fewer to another thread costs more than to open them, and each client holds two batches.
BATCH_BYTES = 512 * 1024


class _Content(Protocol):
    @property
    def size_bytes(self) -> int: ...

    def batch_bytes(self, offset: int) -> int:
        """How many bytes from there on are best read at once where more are wanted than BATCH_BYTES."""

    def read(self, file: int, offset: int, length: int) -> list[bytes]:
        """Exactly these bytes, which lie inside, in order. Raises FileDamaged, OSError."""


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
        return b"".join(self._parts(offset, min(length, self.size_bytes - offset)))

    def batches(self, offset: int = 0, length: int | None = None) -> Iterator[list[bytes]]:
        """The same, not much more than BATCH_BYTES at a time, in the parts that it was opened in: to copy them together
        takes longer than to open them. Raises what `read` raises.
        """
        end = self.size_bytes if length is None else min(offset + length, self.size_bytes)
        while offset < end:
            start, left = offset, end - offset
            offset += left if left <= BATCH_BYTES else self._content.batch_bytes(start)
            yield self._parts(start, offset - start)

    def pieces(self) -> Iterator[bytes]:
        """All of it. Raises what `read` raises."""
        for batch in self.batches():
            yield from batch

    def _parts(self, offset: int, length: int) -> list[bytes]:
        with self._lock:
            if self._file is None:
                raise ValueError("the file is closed")
            return self._content.read(self._file, offset, length) if length > 0 else []

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

    def batch_bytes(self, offset: int) -> int:
        return BATCH_BYTES

    def read(self, file: int, offset: int, length: int) -> list[bytes]:
        return [_exactly(file, offset, length)]


class _Sealed:
    def __init__(self, layout: Layout, cipher: StreamCipher) -> None:
        self._layout, self._cipher = layout, cipher

    @property
    def size_bytes(self) -> int:
        return self._layout.size_bytes

    def batch_bytes(self, offset: int) -> int:
        """To the end of a segment, so that none is opened for two batches."""
        last = max(self._layout.segment_of(offset + BATCH_BYTES) - 1, self._layout.segment_of(offset))
        return self._layout.plain_end(last) - offset

    def read(self, file: int, offset: int, length: int) -> list[bytes]:
        layout = self._layout
        first, last = layout.segment_of(offset), layout.segment_of(offset + length - 1)
        base = layout.stream_start(first)
        sealed = memoryview(_exactly(file, HEADER_BYTES + base, layout.stream_end(last) - base))
        parts = [self._cipher.open(number, sealed[_place(layout, number, base)]) for number in range(first, last + 1)]
        parts[-1] = parts[-1][: offset + length - layout.plain_start(last)]
        parts[0] = parts[0][offset - layout.plain_start(first) :]
        return parts


def _place(layout: Layout, number: int, base: int) -> slice:
    return slice(layout.stream_start(number) - base, layout.stream_end(number) - base)


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
