"""Joins complete partial uploads into one file (concatenation), which then is completed like any other."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from uploads import files, limits
from uploads.errors import UploadIncomplete, UploadInvalid
from uploads.models import Upload
from uploads.services.beginning import Announced, made, making
from uploads.services.completing import complete
from uploads.services.recording import require_kept
from uploads.writers import Held, exclusive

logger = structlog.get_logger(__name__)
PARTS_MAX = 256


def join(
    owner: User, part_ids: Sequence[UUID], announced: Announced, *, clock: Callable[[], datetime] = timezone.now
) -> Upload:
    """The upload made of these parts, ready; its size is theirs. The parts are gone then.

    Asking again with the same parts gives the same upload. Raises UploadInvalid for what cannot be joined,
    UploadIncomplete, UploadTooLarge, UploadQuotaReached, DiskFull, UploadLocked, Upload.DoesNotExist, and what
    `complete` raises.
    """
    if not 0 < len(set(part_ids)) == len(part_ids) <= PARTS_MAX:
        raise UploadInvalid(_("Name 1 to %(most)s parts, each one once.") % {"most": PARTS_MAX})
    joined = _joined_before(owner, part_ids) or _joined(owner, part_ids, announced, clock())
    return complete(joined.id, clock=clock)


def _joined(owner: User, part_ids: Sequence[UUID], announced: Announced, now: datetime) -> Upload:
    try:
        return _joined_now(owner, part_ids, announced, now)
    except Upload.DoesNotExist:  # perhaps the same request, sent twice, took them meanwhile
        if (joined := _joined_before(owner, part_ids)) is not None:
            return joined
        raise


def _joined_before(owner: User, part_ids: Sequence[UUID]) -> Upload | None:
    return Upload.objects.filter(owner=owner, made_of=[str(part_id) for part_id in part_ids]).first()


def _joined_now(owner: User, part_ids: Sequence[UUID], announced: Announced, now: datetime) -> Upload:
    with _locked_parts(owner, part_ids, now) as parts:
        size_bytes = sum(part.upload.size_bytes for part in parts)
        limits.require_size(size_bytes)
        limits.require_quota(owner, size_bytes, freed_bytes=size_bytes)
        upload = made(owner, replace(announced, size_bytes=size_bytes), now=now)
        upload.made_of = [str(part_id) for part_id in part_ids]
        upload.received, upload.received_bytes = [[0, size_bytes]], size_bytes
        with making(upload) as file:
            _copy(parts, file)
            with transaction.atomic():
                upload.save(force_insert=True)
                Upload.objects.filter(id__in=part_ids).delete()
    logger.info("upload_joined", upload_id=str(upload.id), parts=len(part_ids), size_bytes=size_bytes)
    return upload


@contextmanager
def _locked_parts(owner: User, part_ids: Sequence[UUID], now: datetime) -> Iterator[list[Held]]:
    """In the order given; locked in the order of their ids, so that two that join never wait for each other."""
    own = set(Upload.objects.filter(owner=owner, id__in=part_ids).values_list("id", flat=True))
    if len(own) < len(part_ids):
        raise Upload.DoesNotExist
    with ExitStack() as stack:
        parts = {part_id: stack.enter_context(exclusive(part_id)) for part_id in sorted(part_ids)}
        for part in parts.values():
            _require_joinable(part.upload, now)
        yield [parts[part_id] for part_id in part_ids]


def _require_joinable(part: Upload, now: datetime) -> None:
    require_kept(part, now=now)
    if not part.is_partial:
        raise UploadInvalid(_("Only partial uploads can be joined."))
    if not part.is_whole:
        raise UploadIncomplete(_("Some of the parts have not arrived completely yet; finish them first."))


def _copy(parts: Sequence[Held], file: int) -> None:
    offset = 0
    with files.refusals():
        for part in parts:
            files.copy(part.file, 0, file, offset, part.upload.size_bytes)
            offset += part.upload.size_bytes
        os.fdatasync(file)
