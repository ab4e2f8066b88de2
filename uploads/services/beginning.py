"""Begins an upload: the limits are held, the disk gives room for all of it, and a row says what is expected."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction

from accounts.models import User
from uploads import files, limits, storage
from uploads.metadata import ClientFacts
from uploads.models import Upload, UploadState, incoming_root
from uploads.names import display_name

logger = structlog.get_logger(__name__)
FIRST_BYTE_WITHIN = timedelta(hours=1)  # room that nobody uses is not kept from others for a day


@dataclass(frozen=True, slots=True)
class Announced:
    """What is to come. `name` is whatever the client says; `sha256` is of the whole file, in lower case, or empty."""

    name: str
    size_bytes: int
    sha256: str = ""
    client: ClientFacts = field(default_factory=ClientFacts)
    is_partial: bool = False


def begin(owner: User, announced: Announced, *, now: datetime) -> Upload:
    """An upload in state `receiving`, with room on the disk.

    Raises UploadEmpty, UploadTooLarge, TooManyUnfinished, UploadQuotaReached, DiskFull, StorageError. A process killed
    in between leaves at most a folder without a row, which `remove_expired` finds.
    """
    require_limits(owner, announced.size_bytes)
    upload = made(owner, announced, now=now)
    with making(upload), transaction.atomic():
        User.objects.select_for_update(no_key=True).get(id=owner.id)  # two at once must not both be the last one
        require_limits(owner, announced.size_bytes)
        upload.save(force_insert=True)
    logger.info("upload_begun", upload_id=str(upload.id), user_id=str(owner.pk), size_bytes=upload.size_bytes)
    return upload


def require_limits(owner: User, size_bytes: int) -> None:
    limits.require_size(size_bytes)
    limits.require_few_unfinished(owner)
    limits.require_quota(owner, size_bytes)


def made(owner: User, announced: Announced, *, now: datetime) -> Upload:
    """The row, not saved yet."""
    return Upload(
        id=uuid.uuid4(),
        owner=owner,
        name=display_name(announced.name),
        size_bytes=announced.size_bytes,
        expected_sha256=announced.sha256,
        state=UploadState.RECEIVING,
        metadata=announced.client.to_json(),
        is_partial=announced.is_partial,
        updated_at=now,
        expires_at=now + FIRST_BYTE_WITHIN,
    )


def expiry(now: datetime) -> datetime:
    return now + timedelta(hours=settings.UPLOAD_EXPIRES_HOURS)


@contextmanager
def making(upload: Upload) -> Iterator[int]:
    """The descriptor of a new file with room for the upload; it goes again unless all within succeeds.

    Raises DiskFull, StorageError.
    """
    limits.require_room(storage.room_bytes(upload.size_bytes))
    folder = upload.incoming_folder
    with files.refusals():
        incoming_root().mkdir(mode=0o750, parents=True, exist_ok=True)
        folder.mkdir(mode=0o750)
    try:
        with files.refusals():
            file = files.create(folder / "source", upload.size_bytes)
        try:
            with files.refusals():
                files.sync_folder(folder)
                files.sync_folder(folder.parent)
            limits.require_room(0)  # somebody else may have taken it meanwhile
            yield file
        finally:
            os.close(file)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
