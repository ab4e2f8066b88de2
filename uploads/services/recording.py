"""Notes in an upload's row which bytes are there: only what is on the disk for good, and only while it is received."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from uploads import ranges
from uploads.errors import TooScattered, UploadGone, UploadIsFinal, UploadNotReady, UploadRemoved
from uploads.models import Upload, UploadState
from uploads.services.beginning import FIRST_BYTE_WITHIN, expiry

MAX_RANGES = 4096  # the row is written anew with each piece; 32 GiB in chunks of 8 MiB fit in any order


@transaction.atomic
def record(upload_id: UUID, start: int, end: int, *, now: datetime) -> Upload:
    """The bytes from `start` to `end` are there. Raises Upload.DoesNotExist when the upload was given up meanwhile."""
    upload = Upload.objects.select_for_update(no_key=True).get(id=upload_id, state=UploadState.RECEIVING)
    there = ranges.add(upload.ranges, start, end)
    upload.received, upload.received_bytes = ranges.to_json(there), ranges.count_bytes(there)
    upload.updated_at, upload.expires_at = now, expiry(now)
    upload.save(update_fields=["received", "received_bytes", "updated_at", "expires_at"])
    return upload


def put_off(upload: Upload, *, now: datetime) -> None:
    """Its expiry, where that could come before a slow body is whole."""
    if upload.expires_at is not None and upload.expires_at - now < FIRST_BYTE_WITHIN:
        Upload.objects.filter(id=upload.id, state=UploadState.RECEIVING).update(expires_at=expiry(now))


def require_open(upload: Upload, *, now: datetime) -> None:
    """It can take bytes, or be completed. Raises UploadGone, UploadRemoved, UploadIsFinal."""
    if upload.made_of:
        raise UploadIsFinal(_("This file was joined of others; nothing can be added to it."))
    require_kept(upload, now=now)


def require_kept(upload: Upload, *, now: datetime) -> None:
    """Raises UploadGone, UploadRemoved."""
    _require_file(upload)
    if upload.expires_at is not None and upload.expires_at <= now:
        raise UploadGone(_("This upload was not finished in time and has expired; send the file again."))


def require_ready(upload: Upload) -> None:
    """It can be dubbed. Raises UploadRemoved, UploadNotReady."""
    _require_file(upload)
    if upload.state == UploadState.RECEIVING:
        raise UploadNotReady(_("The file has not arrived completely yet; finish its upload first."))


def _require_file(upload: Upload) -> None:
    if upload.state == UploadState.REMOVED:
        raise UploadRemoved(_("The file is not kept any more; upload it again."))


def require_few_ranges(upload: Upload, start: int, end: int) -> None:
    """Raises TooScattered."""
    if len(ranges.add(upload.ranges, start, end)) > MAX_RANGES:
        raise TooScattered(_("Too many pieces have gaps between them; fill the first gaps before you send more."))
