"""Takes chunks in any order and in parallel: each is received and verified aside, then copied to where it belongs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from django.http import UnreadablePostError
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext as _

from uploads import files, ranges
from uploads.checksums import Checksum, Running
from uploads.errors import ChunkTooLarge, UploadBeyondEnd, UploadEmpty, UploadGone, UploadInterrupted
from uploads.models import Upload
from uploads.services.recording import put_off, record, require_few_ranges, require_open
from uploads.writers import exclusive, give_connection_back

MAX_CHUNK_BYTES = 64 * 1024**2
TURN_WAIT_S = 30.0  # for who writes to the same bytes


def write_chunk(
    upload: Upload,
    offset: int,
    pieces: Iterable[bytes],
    *,
    length: int | None,
    checksum: Checksum,
    clock: Callable[[], datetime] = timezone.now,
) -> Upload:
    """The upload with this chunk in it. A lost connection or a wrong checksum changes nothing.

    `length` is what the request announces in bytes. Raises ChunkTooLarge, UploadBeyondEnd, UploadEmpty, WrongChecksum,
    UploadInterrupted, UploadLocked, UploadGone, TooScattered, DiskFull, Upload.DoesNotExist.
    """
    require_open(upload, now=clock())
    _require_size(length or 0)
    _require_place(upload, offset, length or 0)
    put_off(upload, now=clock())
    with _spool(upload) as spool:
        give_connection_back()
        received = _receive(spool, pieces, checksum, most=min(MAX_CHUNK_BYTES, upload.size_bytes - offset))
        if received < (length or 0):
            raise UploadInterrupted(_("The connection was lost; send this chunk again."))
        if received == 0:
            raise UploadEmpty(_("This chunk is empty (0 bytes)."))
        return place(upload.id, offset, spool, 0, received, now=clock())


def place(upload_id: UUID, offset: int, source: int, source_offset: int, length: int, *, now: datetime) -> Upload:
    """Copies `length` bytes of the descriptor `source` to `offset` of the upload; what is there already stays.

    Raises UploadLocked, UploadGone, UploadRemoved, TooScattered, DiskFull, StorageError, Upload.DoesNotExist.
    """
    with exclusive(upload_id, (offset, offset + length), wait_s=TURN_WAIT_S) as held:
        require_open(held.upload, now=now)
        _require_place(held.upload, offset, length)
        gaps = ranges.missing(held.upload.ranges, offset, offset + length)
        if not gaps:
            return held.upload
        require_few_ranges(held.upload, offset, offset + length)
        with files.refusals():
            for start, end in gaps:
                files.copy(source, source_offset + start - offset, held.file, start, end - start)
            os.fdatasync(held.file)
        return record(upload_id, offset, offset + length, now=now)


@contextmanager
def _spool(upload: Upload) -> Iterator[int]:
    folder = upload.incoming_folder if upload.incoming_folder.exists() else upload.folder
    try:
        with files.unnamed(folder) as file:
            yield file
    except FileNotFoundError as error:
        Upload.objects.get(id=upload.id)
        raise UploadGone(_("This upload is not kept any more; send the file again.")) from error
    except OSError as error:
        raise files.refusal(error) from error


def _receive(spool: int, pieces: Iterable[bytes], checksum: Checksum, *, most: int) -> int:
    """The number of bytes that came. Raises UploadInterrupted, WrongChecksum, UploadBeyondEnd."""
    running, received = Running(checksum), 0
    try:
        for piece in pieces:
            if received + len(piece) > most:
                _require_size(received + len(piece))
                raise UploadBeyondEnd(_("This chunk goes past the end of the file; check its offset."))
            files.write_all(spool, piece, received)
            running.update(piece)
            received += len(piece)
    except UnreadablePostError as error:
        raise UploadInterrupted(_("The connection was lost; send this chunk again.")) from error
    running.verify()
    return received


def _require_size(length: int) -> None:
    if length > MAX_CHUNK_BYTES:
        most = filesizeformat(MAX_CHUNK_BYTES)
        raise ChunkTooLarge(_("This chunk is too large; send at most %(most)s at a time.") % {"most": most})


def _require_place(upload: Upload, offset: int, length: int) -> None:
    if offset >= upload.size_bytes or offset + length > upload.size_bytes:
        raise UploadBeyondEnd(_("This chunk goes past the end of the file; check its offset."))
