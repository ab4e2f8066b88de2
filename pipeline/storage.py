"""Files that are either whole or absent: written under a temporary name, synced, then renamed."""

from __future__ import annotations

import errno
import json
import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from typing import Any

from pipeline.errors import DiskFull, OutputNotWritable, StorageError

PARTIAL_SUFFIX = ".partial"
NOTHING_LEFT_BYTES = 2**20
FULL_ERRORS = {errno.ENOSPC, errno.EDQUOT}
DISK_ERRORS = FULL_ERRORS | {errno.EIO, errno.EROFS}


@contextmanager
def atomic_path(final: Path) -> Iterator[Path]:
    """Gives a temporary path of its own beside `final`; on a clean exit it is synced and renamed to `final`.

    On any error the temporary file is removed and `final` is as it was. Raises DiskFull, OutputNotWritable.
    """
    temporary = final.with_name(f".{final.name}.{_own_name()}{PARTIAL_SUFFIX}")
    try:
        with storage_errors(final.parent):
            yield temporary
            sync(temporary)
            os.replace(temporary, final)
            sync(final.parent)
    finally:
        temporary.unlink(missing_ok=True)


def remove_partial(final: Path) -> None:
    """What killed processes left of writing `final` by `atomic_path`; nobody may be writing it now."""
    for path in final.parent.glob(f".{escape(final.name)}.*{PARTIAL_SUFFIX}"):
        path.unlink(missing_ok=True)


def write_json(final: Path, value: Any) -> None:
    write_text(final, json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def write_text(final: Path, text: str) -> None:
    with atomic_path(final) as temporary:
        temporary.write_text(text, encoding="utf-8")


@contextmanager
def storage_errors(folder: Path) -> Iterator[None]:
    """Turns the operating system's refusals into errors a user can act on."""
    try:
        yield
    except OSError as error:
        raise storage_error(error, folder) from error
    except RuntimeError as error:
        sound = sys.modules.get("soundfile")  # not imported: it would cost every worker and web process 0.2 s
        if sound is None or not isinstance(error, sound.LibsndfileError):
            raise
        # libsndfile says only "System error" when a write fails: what is left on the disk tells why.
        if shutil.disk_usage(folder).free < NOTHING_LEFT_BYTES:
            raise storage_error(OSError(errno.ENOSPC, ""), folder) from error
        raise StorageError(
            f"{folder}: sound cannot be written or read ({error.error_string}); check the disk and run again to resume"
        ) from error


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Around work that does more than write: of the system's refusals, only those that a disk is to blame for."""
    try:
        yield
    except OSError as error:
        if error.errno not in DISK_ERRORS:
            raise
        raise storage_error(error, folder) from error


def storage_error(error: OSError, folder: Path) -> StorageError:
    if error.errno in FULL_ERRORS:
        return DiskFull(f"the disk that holds {folder} is full; free some space and run again to resume")
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR}:
        return OutputNotWritable(f"{folder} cannot be written to; choose another folder with -o")
    return StorageError(f"{folder}: {error.strerror or error}; check the disk that holds it and run again to resume")


def make_folder(folder: Path) -> None:
    """Raises OutputNotWritable or DiskFull."""
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".write-test-{_own_name()}"
        probe.touch()
        probe.unlink(missing_ok=True)


def require_free_space(folder: Path, needed_bytes: int) -> None:
    """Raises DiskFull when the disk of `folder`, which need not exist yet, has less than `needed_bytes` left."""
    there = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    free_bytes = shutil.disk_usage(there).free
    if free_bytes < needed_bytes:
        raise DiskFull(
            f"the disk that holds {folder} has {free_bytes // 2**20} MiB free and this dub needs about"
            f" {needed_bytes // 2**20} MiB; free some space or use -o and --work with another disk"
        )


def sync(path: Path) -> None:
    """What a file or folder holds stays, also when the power fails."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _own_name() -> str:
    """Nobody else's, also not on another machine that shares the folder: there, process numbers are often equal."""
    return f"{os.getpid()}-{secrets.token_hex(4)}"
