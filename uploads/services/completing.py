"""Completes an upload: all bytes are there and the right ones, it is media, and only then it takes its place."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from pipeline.errors import InputError
from pipeline.media.probe import probe
from uploads import files, ranges
from uploads.errors import UploadIncomplete, UploadInvalid, WrongChecksum
from uploads.models import Upload, UploadState
from uploads.services.recording import require_kept
from uploads.services.removing import discard
from uploads.writers import Held, exclusive, give_connection_back

logger = structlog.get_logger(__name__)
HASH_BYTES = 1024**2


def complete(
    upload_id: UUID, *, sha256: str = "", known_sha256: str = "", clock: Callable[[], datetime] = timezone.now
) -> Upload:
    """The upload, ready. Asking again gives the same answer.

    `sha256` is what the whole file should have, `known_sha256` what it was found to have while it came; both in lower
    case. Raises UploadIncomplete, WrongChecksum, what `pipeline.media.probe` refuses, UploadLocked, UploadGone,
    UploadRemoved, UploadInvalid for a partial upload, Upload.DoesNotExist. An upload that is not what it should be, or
    not media, is removed.
    """
    with exclusive(upload_id) as held:
        upload = held.upload
        require_kept(upload, now=clock())
        _require_whole(upload)
        give_connection_back()
        found = _verified(held, sha256 or upload.expected_sha256, known_sha256)
        if upload.state == UploadState.READY:
            return _with_sha256(upload, found)
        media = _examined(upload)
        return _keep(upload, media, found, now=clock())


def _require_whole(upload: Upload) -> None:
    if upload.is_partial:
        raise UploadInvalid(_("This is one part of a file; join the parts instead."))
    if not upload.is_whole:
        there = ranges.next_missing(upload.ranges)
        message = _("%(count)s bytes are missing, the first of them at %(there)s.")
        raise UploadIncomplete(message % {"count": upload.size_bytes - upload.received_bytes, "there": there})


def _verified(held: Held, expected: str, known: str) -> str:
    """The SHA-256 of the file, or "" where it would take reading it all again and nobody asks."""
    found = known or held.upload.sha256
    if expected and not found:
        found = _sha256(held.file)
    if expected and found != expected:
        if held.upload.state == UploadState.RECEIVING:
            discard(held.upload)
        raise WrongChecksum(_("The file that arrived is not the one that was sent; send it again."))
    return found


def _with_sha256(upload: Upload, sha256: str) -> Upload:
    """So that it is reckoned once only."""
    if sha256 != upload.sha256:
        upload.sha256 = sha256
        upload.save(update_fields=["sha256"])
    return upload


def _sha256(file: int) -> str:
    digest, offset = hashlib.sha256(), 0
    with files.refusals():
        while piece := os.pread(file, HASH_BYTES, offset):
            digest.update(piece)
            offset += len(piece)
    return digest.hexdigest()


def _examined(upload: Upload) -> dict[str, object]:
    try:
        return probe(upload.incoming_folder / "source", display_name=upload.name).to_json()
    except InputError as error:
        discard(upload)
        logger.info("upload_refused", upload_id=str(upload.id), code=error.code)
        raise


def _keep(upload: Upload, media: dict[str, object], sha256: str, *, now: datetime) -> Upload:
    """The rename is the last step before the commit. Should that fail, or the process end there, the next one who takes
    hold of the upload puts the file back (`uploads.writers`): only the row tells what the database made of it.
    """
    with files.refusals():
        upload.folder.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    with transaction.atomic():
        kept = Upload.objects.select_for_update(no_key=True).get(id=upload.id)
        kept.state, kept.media, kept.sha256 = UploadState.READY, media, sha256
        kept.updated_at, kept.expires_at, kept.writer = now, None, ""
        kept.save(update_fields=["state", "media", "sha256", "updated_at", "expires_at", "writer"])
        with files.refusals():
            upload.incoming_folder.rename(upload.folder)
            files.sync_folder(upload.folder.parent)
            files.sync_folder(upload.incoming_folder.parent)
    logger.info("upload_ready", upload_id=str(kept.id), user_id=str(kept.owner_id), size_bytes=kept.size_bytes)
    return kept
