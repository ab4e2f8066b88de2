"""Who may write to an upload: one at a time, and the one who asked last.

The lock is on the file that receives the bytes (flock): it ends with the process and leaves nothing behind. The row
names who asked last; a long writer looks there once a second and lets go: a phone that lost its network comes back
long before the server notices that the old connection is dead.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from uploads.errors import UploadGone, UploadLocked
from uploads.models import Upload, UploadState

LOCK_WAIT_S = 5.0
LOOK_AGAIN_S = 0.01


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
def exclusive(upload_id: UUID, *, token: str = "", wait_s: float = LOCK_WAIT_S) -> Iterator[Held]:
    """The upload for this writer alone. `token` is the one of a writer that has asked before.

    Raises Upload.DoesNotExist, UploadGone when its file is lost, UploadLocked.
    """
    file = _locked(upload_id, token, wait_s)
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
        return not _try_lock(file)
    finally:
        os.close(file)


def give_connection_back() -> None:
    """Before waiting for a client: a slow one must not keep a connection that others need. SQLite has enough."""
    if connection.vendor != "sqlite" and not connection.in_atomic_block:
        connection.close()


def _locked(upload_id: UUID, token: str, wait_s: float) -> int:
    until_s = time.monotonic() + wait_s
    file = _open(upload_id)
    while not _try_lock(file):
        if time.monotonic() >= until_s:
            os.close(file)
            raise UploadLocked(_("Somebody else sends this file now, or it is being checked; try again in a moment."))
        token = token or ask(upload_id)
        give_connection_back()
        time.sleep(LOOK_AGAIN_S)
    if os.fstat(file).st_nlink:
        return file
    os.close(file)  # it was removed meanwhile
    return _locked(upload_id, token, wait_s)


def _open(upload_id: UUID) -> int:
    """Raises Upload.DoesNotExist, or UploadGone when there is a row and no file."""
    paths = Upload(id=upload_id)
    for folder in (paths.incoming_folder, paths.folder):
        with suppress(FileNotFoundError):
            return os.open(folder / "source", os.O_RDWR)
    Upload.objects.get(id=upload_id)
    raise UploadGone(_("This upload is not kept any more; send the file again."))


def _try_lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _put_back(upload: Upload) -> None:
    """A process that died between moving a complete file and saying so left it where complete ones are."""
    if upload.state == UploadState.RECEIVING and not upload.incoming_folder.exists():
        upload.folder.rename(upload.incoming_folder)
