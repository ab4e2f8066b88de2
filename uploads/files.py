"""The bytes of uploads on the disk: given room, written in place, copied, synced; and what a disk refuses, in words."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.utils.translation import gettext as _

from pipeline.errors import DiskFull, StorageError
from pipeline.storage import FULL_ERRORS

COPY_BYTES = 16 * 1024**2
NOT_COPIED_HERE = {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EBADF, errno.ETXTBSY}
FULL_TOO = {errno.EFBIG}  # a limit on the size of files, of the system or of the process


@contextmanager
def refusals() -> Iterator[None]:
    """Turns what the operating system refuses into DiskFull or StorageError, without naming a path of the server."""
    try:
        yield
    except OSError as error:
        raise refusal(error) from error


def refusal(error: OSError) -> StorageError:
    if error.errno in FULL_ERRORS | FULL_TOO:
        return disk_full()
    message = _("The server could not keep the file (%(reason)s); tell its administrator.")
    return StorageError(message % {"reason": os.strerror(error.errno or errno.EIO)})


def disk_full() -> DiskFull:
    return DiskFull(_("The server has too little free space for this file; ask its administrator to make room."))


def create(path: Path, size_bytes: int) -> int:
    """Makes the file with room for all its bytes, so that a full disk is told at once; its open descriptor.

    Raises OSError.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o640)
    try:
        os.posix_fallocate(file, 0, size_bytes)
        os.fsync(file)
    except BaseException:
        os.close(file)
        raise
    return file


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def unnamed(folder: Path) -> Iterator[int]:
    """The descriptor of a file without a name: however the process ends, nothing of it stays."""
    try:
        file = os.open(folder, os.O_RDWR | os.O_TMPFILE, 0o600)
    except OSError as error:
        if error.errno not in {errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL}:
            raise
        file, name = tempfile.mkstemp(dir=folder)
        os.unlink(name)
    try:
        yield file
    finally:
        os.close(file)


def write_all(file: int, piece: bytes | memoryview, offset: int) -> None:
    left = memoryview(piece)
    while left:
        written = os.pwrite(file, left, offset)
        left, offset = left[written:], offset + written


def copy(source: int, source_offset: int, target: int, target_offset: int, length: int) -> None:
    """Copies within the kernel where it can; shared blocks cost nothing where the file system has them.

    Raises OSError, also when the source is shorter than that.
    """
    while length > 0:
        copied = _copy_some(source, source_offset, target, target_offset, min(length, COPY_BYTES))
        if copied == 0:
            raise OSError(errno.EIO, "the source is too short")
        source_offset, target_offset, length = source_offset + copied, target_offset + copied, length - copied


def _copy_some(source: int, source_offset: int, target: int, target_offset: int, length: int) -> int:
    try:
        copied = os.copy_file_range(source, target, length, source_offset, target_offset)
    except OSError as error:
        if error.errno not in NOT_COPIED_HERE:
            raise
        copied = 0
    if copied:
        return copied
    piece = os.pread(source, length, source_offset)  # some file systems copy nothing and call it done
    write_all(target, piece, target_offset)
    return len(piece)
