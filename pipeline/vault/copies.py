"""Lends programs that need a file with a name, such as ffmpeg, the plaintext of a sealed one.

Such a copy lies in a private folder of its own, is shared by all who ask for it at once, and goes with the last of
them: who uses it holds a lock, which ends with the process however that ends. What a killed process left is therefore
told from what is in use, and `remove_left` takes it away.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.storage import storage_errors

NAME = "source"
Make = Callable[[Path], None]


@contextmanager
def lent(folder: Path, make: Make) -> Iterator[Path]:
    """The copy in `folder`, made by `make` unless others have it already. Raises what `make` raises, StorageError."""
    with storage_errors(folder.parent):
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = _shared(folder, make)
    try:
        yield folder / NAME
    finally:
        _leave(folder, lock)


def is_there(folder: Path) -> bool:
    return (folder / NAME).exists()


def remove_left(root: Path) -> int:
    """Removes the copies that nobody uses; how many."""
    folders = list(root.iterdir()) if root.is_dir() else []
    return sum(_is_removed(folder) for folder in folders)


def _shared(folder: Path, make: Make) -> int:
    """The lock on a folder that has its copy."""
    while True:
        lock = _locked(folder)
        try:
            if not is_there(folder):
                make(folder / NAME)
            fcntl.flock(lock, fcntl.LOCK_SH)  # lets go of the other lock first: somebody may take it away in between
            if _is_same(lock, folder) and is_there(folder):
                return lock
        except BaseException:
            _leave(folder, lock)
            raise
        os.close(lock)


def _locked(folder: Path) -> int:
    while True:
        with storage_errors(folder.parent), suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        try:
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _is_same(lock, folder):
            return lock
        os.close(lock)


def _is_same(lock: int, folder: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(lock), folder.stat())
    except FileNotFoundError:
        return False


def _leave(folder: Path, lock: int) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _is_same(lock, folder):
            shutil.rmtree(folder, ignore_errors=True)
    except BlockingIOError:
        pass  # others use it, and the last of them removes it
    finally:
        os.close(lock)


def _is_removed(folder: Path) -> bool:
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:  # gone meanwhile, or no folder
        return False
    _leave(folder, lock)
    return not folder.exists()
