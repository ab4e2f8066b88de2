"""Who may write to an upload: one at a time to each byte of it, and the one who asked last.

The lock is on the file that receives the bytes, on all of it or on a range (an open file description lock, see
fcntl(2)): it ends with the process and leaves nothing behind. The row names who asked last; a long writer looks there
once a second and lets go: a phone that lost its network comes back long before the server notices that the old
connection is dead.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from uploads.errors import UploadGone, UploadLocked
from uploads.models import Upload, UploadState
from uploads.ranges import Range

LOCK_WAIT_S = 5.0
LOOK_AGAIN_S = 0.01
ASK_AFTER_S = 0.1  # most who hold a part have finished by then
EVERYWHERE: Range = (0, 2**62)  # larger than any file
GATE: Range = (2**62, 2**62 + 1)
FLOCK = "@hhqqi4x"  # Linux' struct flock on 64 bits: type, whence, start, length, process, padding


@dataclass(frozen=True, slots=True)
class Held:
    """An upload nobody else writes to. `upload` is the row as it was then; `file` its source, open for both."""

    upload: Upload
    file: int


def ask(upload_id: UUID) -> str:
    """Makes the present writer let go; the token that says who asked."""
    token = secrets.token_hex(8)
    Upload.objects.filter(id=upload_id).update(writer=token)
    return token


@contextmanager
def exclusive(
    upload_id: UUID, place: Range = EVERYWHERE, *, token: str = "", wait_s: float = LOCK_WAIT_S
) -> Iterator[Held]:
    """The upload, or a range of its bytes, for this writer alone. `token` is the one of a writer that has asked before.

    Raises Upload.DoesNotExist, UploadGone when its file is lost, UploadLocked.
    """
    file = _locked(upload_id, place, token, wait_s)
    try:
        upload = Upload.objects.get(id=upload_id)
        _put_back(upload)
        yield Held(upload, file)
    finally:
        os.close(file)


def is_busy(upload_id: UUID) -> bool:
    """Whether somebody writes to it now. Raises Upload.DoesNotExist, UploadGone."""
    file = _open(upload_id)
    try:
        return not _try_lock(file, EVERYWHERE)
    finally:
        os.close(file)


def give_connection_back() -> None:
    """Before waiting for a client: a slow one must not keep a connection that others need. SQLite has enough."""
    if connection.vendor != "sqlite" and not connection.in_atomic_block:
        connection.close()


def _locked(upload_id: UUID, place: Range, token: str, wait_s: float) -> int:
    began_s = time.monotonic()
    file = _open(upload_id)
    while not _try_take(file, place):
        waited_s = time.monotonic() - began_s
        if waited_s >= wait_s:
            os.close(file)
            raise UploadLocked(_("Somebody else sends this file now, or it is being checked; try again in a moment."))
        if not token and waited_s > ASK_AFTER_S:
            token = ask(upload_id)
        give_connection_back()
        time.sleep(LOOK_AGAIN_S)
    if os.fstat(file).st_nlink:
        return file
    os.close(file)  # it was removed meanwhile
    return _locked(upload_id, place, token, wait_s)


def _try_take(file: int, place: Range) -> bool:
    """Locks what is wanted, if it is free. Whoever comes passes a gate, which who wants all keeps shut while waiting:
    those who want a part then come after.
    """
    if not _try_lock(file, GATE):
        return False
    is_ours = _try_lock(file, place)
    if is_ours or place != EVERYWHERE:
        _unlock(file, GATE)
    return is_ours


def _open(upload_id: UUID) -> int:
    """Raises Upload.DoesNotExist, or UploadGone when there is a row and no file."""
    paths = Upload(id=upload_id)
    for folder in (paths.incoming_folder, paths.folder):
        with suppress(FileNotFoundError):
            return os.open(folder / "source", os.O_RDWR)
    Upload.objects.get(id=upload_id)
    raise UploadGone(_("This upload is not kept any more; send the file again."))


def _try_lock(file: int, place: Range) -> bool:
    """Locks it, unless another has locked something of it; whether it is locked now."""
    try:
        fcntl.fcntl(file, fcntl.F_OFD_SETLK, _flock(fcntl.F_WRLCK, place))
    except BlockingIOError:
        return False
    return True


def _unlock(file: int, place: Range) -> None:
    fcntl.fcntl(file, fcntl.F_OFD_SETLK, _flock(fcntl.F_UNLCK, place))


def _flock(kind: int, place: Range) -> bytes:
    return struct.pack(FLOCK, kind, os.SEEK_SET, place[0], place[1] - place[0], 0)


def _put_back(upload: Upload) -> None:
    """A process that died between moving a complete file and saying so left it where complete ones are."""
    if upload.state == UploadState.RECEIVING and not upload.incoming_folder.exists():
        with suppress(FileNotFoundError):  # another writer, who holds another range, was quicker
            upload.folder.rename(upload.incoming_folder)
