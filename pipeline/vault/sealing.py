"""Seals files, opens them again, and moves them from key to key: whole or not at all, whenever the process ends.

A program that reads a plain file by its path holds it (`held`): such a file is not replaced under its hands.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from pipeline.errors import FileInUse
from pipeline.storage import atomic_path
from pipeline.vault import header
from pipeline.vault.header import DATA_KEY_BYTES
from pipeline.vault.keys import KeyRing
from pipeline.vault.reading import is_sealed, opened
from pipeline.vault.segments import SEGMENT_BYTES, Layout, stream

Tell = Callable[[], None]


def nothing() -> None:
    """For `between` where nobody has to be heard meanwhile."""


def seal(source: Path, target: Path, object_id: str, ring: KeyRing) -> None:
    """Writes `source` sealed to `target`, which may be the same path, with its times and mode.

    Raises FileDamaged when it changes meanwhile, DiskFull, OutputNotWritable, OSError.
    """
    with source.open("rb") as file, atomic_path(target) as temporary:
        with temporary.open("xb") as sealed:
            os.fchmod(sealed.fileno(), os.fstat(file.fileno()).st_mode & 0o777)
            _write_sealed(file, sealed, object_id, ring)
        _copy_times(file.fileno(), temporary)


def unseal(path: Path, target: Path, object_id: str, ring: KeyRing | None, between: Tell = nothing) -> None:
    """Writes the plaintext of `path` to `target`, which may be the same path, with its times and mode.

    `between` is called after each piece, and may raise. Raises KeyMissing, FileDamaged, DiskFull, OutputNotWritable.
    """
    with opened(path, object_id, ring) as file, path.open("rb") as like, atomic_path(target) as temporary:
        with temporary.open("xb") as plain:
            os.fchmod(plain.fileno(), os.fstat(like.fileno()).st_mode & 0o777)
            for piece in file.pieces():
                plain.write(piece)
                between()
        _copy_times(like.fileno(), temporary)


def seal_in_place(path: Path, object_id: str, ring: KeyRing) -> None:
    """Raises FileInUse while somebody holds it, and what `seal` raises."""
    with _alone(path):
        seal(path, path, object_id, ring)


def unseal_in_place(path: Path, object_id: str, ring: KeyRing | None) -> None:
    """Raises FileInUse while somebody gives it another key, and what `unseal` raises."""
    with _alone(path):
        unseal(path, path, object_id, ring)


def rewrap(path: Path, object_id: str, ring: KeyRing) -> bool:
    """See `header.rewrap`; the file's times stay. Raises FileInUse, KeyMissing, FileDamaged, OSError."""
    with _alone(path, os.O_RDWR) as file:
        was = os.fstat(file)
        is_changed = header.rewrap(file, object_id, ring)
        os.utime(file, ns=(was.st_atime_ns, was.st_mtime_ns))
        return is_changed


@contextmanager
def held(path: Path) -> Iterator[bool]:
    """Whether the file is sealed. While this lasts, a plain one stays what it is. Raises OSError."""
    file = _locked(path, fcntl.LOCK_SH, os.O_RDONLY)
    try:
        yield is_sealed(path)
    finally:
        os.close(file)


@contextmanager
def _alone(path: Path, mode: int = os.O_RDONLY) -> Iterator[int]:
    try:
        file = _locked(path, fcntl.LOCK_EX | fcntl.LOCK_NB, mode)
    except BlockingIOError as error:
        raise FileInUse("the file is being read by a dub; try again later") from error
    try:
        yield file
    finally:
        os.close(file)


def _locked(path: Path, kind: int, mode: int) -> int:
    """The file that has this name when the lock is ours."""
    while True:
        file = os.open(path, mode | os.O_CLOEXEC)
        try:
            fcntl.flock(file, kind)
            if os.path.samestat(os.fstat(file), os.stat(path)):
                return file
        except BaseException:
            os.close(file)
            raise
        os.close(file)


def _write_sealed(source: BinaryIO, target: BinaryIO, object_id: str, ring: KeyRing) -> None:
    layout = Layout(os.fstat(source.fileno()).st_size, SEGMENT_BYTES)
    data_key = secrets.token_bytes(DATA_KEY_BYTES)
    target.write(header.made(data_key, layout.size_bytes, object_id, ring))
    for piece in stream(data_key, object_id.encode(), layout, source.read):
        target.write(piece)


def _copy_times(like: int, path: Path) -> None:
    """What a dub is made from is known by them (`pipeline.workspace.source_identity`)."""
    was = os.fstat(like)
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))
