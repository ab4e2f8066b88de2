"""Lends programs that need a file with a name, such as ffmpeg, the plaintext of a sealed one.

Such a copy lies in a private folder of its own, is shared by all who ask for it at once, and goes with the last of
them: who uses it holds a lock, which ends with the process however that ends. What a killed process left is therefore
told from what is in use, and `remove_left` takes it away.
"""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.storage import storage_errors
from pipeline.vault.sealing import Tell, nothing

NAME = "source"
LOOK_AGAIN_S = (0.02, 0.08)
Make = Callable[[Path], None]


@contextmanager
def lent(folder: Path, make: Make, between: Tell = nothing) -> Iterator[Path]:
    """The copy in `folder`, made by `make` unless others have it already, or make it: then `between` is called now and
    then, and may raise. Raises what `make` raises, StorageError.
    """
    with storage_errors(folder.parent):
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = _shared(folder, make, between)
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


def _shared(folder: Path, make: Make, between: Tell) -> int:
    """The lock on a folder that has its copy. It never waits long without calling `between`."""
    while True:
        lock = _opened(folder)
        try:
            if _try_share(lock, folder):
                return lock
            if not is_there(folder) and _try_lock(lock, fcntl.LOCK_EX) and _is_same(lock, folder):
                if not is_there(folder):
                    make(folder / NAME)
                if _try_share(lock, folder):  # which lets go of the other lock first
                    return lock
        except BaseException:
            _leave(folder, lock)
            raise
        os.close(lock)
        between()
        time.sleep(random.uniform(*LOOK_AGAIN_S))


def _try_share(lock: int, folder: Path) -> bool:
    return is_there(folder) and _try_lock(lock, fcntl.LOCK_SH) and _is_same(lock, folder) and is_there(folder)


def _try_lock(lock: int, kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _opened(folder: Path) -> int:
    while True:
        with storage_errors(folder.parent), suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        with suppress(FileNotFoundError):  # its last user took it away
            return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def _is_same(lock: int, folder: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(lock), folder.stat())
    except FileNotFoundError:
        return False


def _leave(folder: Path, lock: int) -> None:
    """Whoever is the last one removes it."""
    try:
        if _try_lock(lock, fcntl.LOCK_EX) and _is_same(lock, folder):
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)


def _is_removed(folder: Path) -> bool:
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:  # gone meanwhile, or no folder
        return False
    _leave(folder, lock)
    return not folder.exists()
