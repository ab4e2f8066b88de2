"""Completes an upload: all bytes are there and the right ones, it is media, and only then it takes its place."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from pipeline.errors import InputError, NotMedia, VaultError
from pipeline.media.probe import probe
from uploads import files, ranges, storage
from uploads.errors import UploadIncomplete, UploadInvalid, WrongChecksum
from uploads.models import Upload, UploadState
from uploads.services.recording import require_kept
from uploads.services.removing import discard
from uploads.storage import Stored
from uploads.writers import Held, exclusive, give_connection_back

logger = structlog.get_logger(__name__)


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
        _require_openable(upload)
        give_connection_back()
        found = _verified(held, sha256 or upload.expected_sha256, known_sha256)
        if upload.state == UploadState.READY:
            _remove_plaintext(upload)
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


def _require_openable(upload: Upload) -> None:
    """Sealed is what a power failure brought back after its transaction, or what only claims to be. Raises NotMedia."""
    if upload.state == UploadState.READY:
        return
    try:
        storage.opened(upload.stored_incoming).close()
    except VaultError as error:
        discard(upload)
        raise NotMedia(_("This is not a video or sound file; choose another one.")) from error


def _verified(held: Held, expected: str, known: str) -> str:
    """The SHA-256 of the file, or "" where it would take reading it all again and nobody asks."""
    found = known or held.upload.sha256
    if expected and not found:
        found = _sha256(held.upload)
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


def _sha256(upload: Upload) -> str:
    digest = hashlib.sha256()
    with files.refusals(), storage.opened(_lying(upload)) as file:
        for piece in file.pieces():
            digest.update(piece)
    return digest.hexdigest()


def _lying(upload: Upload) -> Stored:
    return upload.stored if upload.state == UploadState.READY else upload.stored_incoming


def _examined(upload: Upload) -> dict[str, object]:
    try:
        with storage.plaintext(upload.stored_incoming) as path:
            return probe(path, display_name=upload.name).to_json()
    except InputError as error:
        discard(upload)
        logger.info("upload_refused", upload_id=str(upload.id), code=error.code)
        raise


def _keep(upload: Upload, media: dict[str, object], sha256: str, *, now: datetime) -> Upload:
    """A file that is not sealed is renamed as the last step before the commit. Should that fail, or the process end
    there, the next one who takes hold of the upload puts it back (`uploads.writers`): only the row tells what the
    database made of it.
    """
    with files.refusals():
        upload.folder.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    is_sealed = storage.is_sealed(upload.stored_incoming)
    ring = None if is_sealed else storage.key_ring()
    if ring is not None:  # before the transaction, as it takes its time; until that is committed the plain file counts
        with files.refusals():
            upload.folder.mkdir(mode=0o750, exist_ok=True)
        storage.seal(upload.stored_incoming.path, upload.stored, ring)
    with transaction.atomic():
        kept = Upload.objects.select_for_update(no_key=True).get(id=upload.id)
        kept.state, kept.media, kept.sha256 = UploadState.READY, media, sha256
        kept.updated_at, kept.expires_at, kept.writer = now, None, ""
        kept.is_sealed = is_sealed or ring is not None
        kept.save(update_fields=["state", "media", "sha256", "updated_at", "expires_at", "writer", "is_sealed"])
        with files.refusals():
            if ring is None:
                upload.incoming_folder.rename(upload.folder)
                files.sync_folder(upload.incoming_folder.parent)
            files.sync_folder(upload.folder.parent)
    _remove_plaintext(kept)
    logger.info("upload_ready", upload_id=str(kept.id), user_id=str(kept.owner_id), size_bytes=kept.size_bytes)
    return kept


def _remove_plaintext(upload: Upload) -> None:
    """What a sealed upload arrived as."""
    if upload.incoming_folder.exists() and upload.source_path.exists():
        shutil.rmtree(upload.incoming_folder, ignore_errors=True)
