"""Takes bytes where the upload goes on, straight into their place, however long that takes; keeps what arrived.

While bytes come in, those before are made sure of (fdatasync, by a thread) and noted in the row.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from types import TracebackType
from typing import Self

from django.core.exceptions import BadRequest, RequestDataTooBig
from django.http import UnreadablePostError
from django.utils import timezone
from django.utils.translation import gettext as _

from uploads import files, ranges
from uploads.checksums import Checksum, Running
from uploads.errors import UploadBeyondEnd, UploadInterrupted, UploadLocked, WrongOffset
from uploads.models import Upload
from uploads.services.recording import put_off, record, require_open
from uploads.writers import Held, ask, exclusive, give_connection_back

RECORD_EVERY_BYTES = 32 * 1024**2
RECORD_EVERY_S = 2.0
LOOK_EVERY_S = 1.0


def append(
    upload: Upload,
    offset: int,
    pieces: Iterable[bytes],
    *,
    length: int | None = None,
    checksum: Checksum | None = None,
    clock: Callable[[], datetime] = timezone.now,
) -> Upload:
    """The upload with these bytes from `offset` on, which must be its first missing byte.

    Whoever writes to it already is made to let go. `length` is what the request announces in bytes. When the connection
    is lost, what arrived is kept; with a `checksum` it is all or nothing. Raises WrongOffset, UploadBeyondEnd,
    WrongChecksum, UploadInterrupted, UploadLocked, UploadGone, UploadIsFinal, DiskFull, Upload.DoesNotExist.
    """
    token = ask(upload.id)
    with exclusive(upload.id, token=token) as held:
        require_open(held.upload, now=clock())
        if held.upload.writer != token:
            raise UploadLocked(_("Somebody else sends this file now; try again in a moment."))
        _require_place(held.upload, offset, length)
        put_off(held.upload, now=clock())
        with _Writing(held, offset, Running(checksum), clock) as writing:
            _take(writing, pieces)
            return writing.finish()


def _take(writing: _Writing, pieces: Iterable[bytes]) -> None:
    try:
        for piece in pieces:
            writing.write(piece)
            writing.look_up()
    except UnreadablePostError as error:
        writing.keep_what_came()
        raise UploadInterrupted(_("The connection was lost; go on where the upload stands.")) from error
    except (UploadLocked, UploadBeyondEnd, BadRequest, RequestDataTooBig):
        writing.keep_what_came()
        raise


def _require_place(upload: Upload, offset: int, length: int | None) -> None:
    there = ranges.next_missing(upload.ranges)
    if offset != there:
        message = _("The upload goes on at byte %(there)s, not at %(offset)s.")
        raise WrongOffset(message % {"there": there, "offset": offset})
    if offset + (length or 0) > upload.size_bytes:
        raise UploadBeyondEnd(_("These bytes go past the announced end of the file."))


class _Writing:
    """The upload while one request writes to it. Where a checksum is expected, nothing is noted before the end."""

    def __init__(self, held: Held, offset: int, running: Running, clock: Callable[[], datetime]) -> None:
        self._held, self._running, self._clock = held, running, clock
        self._there = held.upload.ranges
        self._noted_to = self._position = offset
        self._noted_at_s = self._looked_at_s = time.monotonic()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="upload-sync")
        self._sync: tuple[int, Future[None]] | None = None  # to which byte, and whether it is done

    def __enter__(self) -> Self:
        give_connection_back()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._thread.shutdown()

    def write(self, piece: bytes) -> None:
        """What other requests brought already stays as it is. Raises UploadBeyondEnd, DiskFull, StorageError."""
        start, end = self._position, self._position + len(piece)
        if end > self._held.upload.size_bytes:
            raise UploadBeyondEnd(_("These bytes go past the announced end of the file."))
        with files.refusals():
            for gap_from, gap_to in ranges.missing(self._there, start, end):
                files.write_all(self._held.file, memoryview(piece)[gap_from - start : gap_to - start], gap_from)
        self._running.update(piece)
        self._position = end
        self._move_on()

    def look_up(self) -> None:
        """Now and then: notes what is safe by now. Raises UploadLocked when another writer has asked for the upload."""
        if time.monotonic() - self._looked_at_s < LOOK_EVERY_S:
            return
        self._looked_at_s = time.monotonic()
        self._move_on()
        writer = Upload.objects.values_list("writer", flat=True).get(id=self._held.upload.id)
        give_connection_back()
        if writer != self._held.upload.writer:
            raise UploadLocked(_("Another request goes on with this upload."))

    def keep_what_came(self) -> None:
        if self._running.expected is None:
            self.finish()

    def finish(self) -> Upload:
        """The row with all bytes noted that were written. Raises WrongChecksum, DiskFull, StorageError."""
        self._running.verify()
        upload = self._note_synced() if self._sync is not None else self._held.upload
        if self._position == self._noted_to:
            return upload
        with files.refusals():
            os.fdatasync(self._held.file)
        return record(upload.id, self._noted_to, self._position, now=self._clock())

    def _move_on(self) -> None:
        if self._sync is not None and self._sync[1].done():
            self._note_synced()
            give_connection_back()
        if self._sync is None and self._is_due():
            self._sync = self._position, self._thread.submit(os.fdatasync, self._held.file)

    def _is_due(self) -> bool:
        waiting_bytes = self._position - self._noted_to
        is_late = time.monotonic() - self._noted_at_s > RECORD_EVERY_S
        is_enough = waiting_bytes >= RECORD_EVERY_BYTES or (waiting_bytes > 0 and is_late)
        return is_enough and self._running.expected is None

    def _note_synced(self) -> Upload:
        assert self._sync is not None  # noqa: S101 - for the type checker
        end, synced = self._sync
        self._sync = None
        with files.refusals():
            synced.result()
        upload = record(self._held.upload.id, self._noted_to, end, now=self._clock())
        self._noted_to, self._noted_at_s = end, time.monotonic()
        return upload
