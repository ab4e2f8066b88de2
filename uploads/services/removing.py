"""Ends uploads: taken back, given up, expired, or left behind by a hard stop."""

from __future__ import annotations

import shutil
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from uploads.errors import UploadGone, UploadInUse, UploadLocked
from uploads.models import Upload, UploadState, incoming_root, ready_root
from uploads.services.recording import require_ready
from uploads.writers import exclusive

logger = structlog.get_logger(__name__)
ABANDONED_AFTER = timedelta(hours=24)


def held(upload_id: UUID) -> Upload:
    """The upload, its file kept at least until the transaction ends. Raises UploadRemoved, UploadNotReady."""
    upload = Upload.objects.select_for_update(no_key=True).get(id=upload_id)
    require_ready(upload)
    return upload


def give_up(upload: Upload) -> None:
    """Removes the file of an upload that is locked by the caller's transaction; the row stays."""
    upload.state = UploadState.REMOVED
    upload.save(update_fields=["state"])
    transaction.on_commit(lambda: remove_files(upload.id))
    logger.info("upload_given_up", upload_id=str(upload.id), size_bytes=upload.size_bytes)


def terminate(upload_id: UUID) -> None:
    """Takes an upload back, finished or not; whoever writes to it is made to let go.

    Raises UploadInUse when dubs were made of it, UploadLocked, Upload.DoesNotExist.
    """
    with suppress(UploadGone), exclusive(upload_id) as writing:
        discard(writing.upload)
        return
    discard(Upload.objects.get(id=upload_id))  # there is a row without a file


def take_back(upload_id: UUID) -> None:
    """Ends an upload that failed, unless that has happened already."""
    with suppress(Upload.DoesNotExist):
        terminate(upload_id)


@transaction.atomic
def discard(upload: Upload) -> None:
    """Row and files. Raises UploadInUse."""
    try:
        Upload.objects.filter(id=upload.id).delete()
    except ProtectedError as error:
        raise UploadInUse(_("Dubs were made of this file; delete those first.")) from error
    logger.info("upload_removed", upload_id=str(upload.id), size_bytes=upload.size_bytes)


def remove_files(upload_id: UUID) -> None:
    paths = Upload(id=upload_id)
    for folder in (paths.incoming_folder, paths.folder):
        shutil.rmtree(folder, ignore_errors=True)


def remove_expired(*, now: datetime) -> int:
    """Removes unfinished uploads that nobody went on with; how many went."""
    expired = Upload.objects.filter(state=UploadState.RECEIVING, expires_at__lte=now).values_list("id", flat=True)
    return sum(_is_removed(upload_id, now) for upload_id in list(expired))


def remove_orphans(*, now: datetime) -> int:
    """Removes the folders of uploads that are gone, given up or never had a row; the number removed."""
    known = Upload.objects.exclude(state=UploadState.REMOVED).values_list("id", flat=True)
    kept = {str(upload_id) for upload_id in known}
    return _remove_plaintexts() + sum(_remove_folders(root, now, kept) for root in (incoming_root(), ready_root()))


def _is_removed(upload_id: UUID, now: datetime) -> bool:
    """Not when somebody went on with it meanwhile."""
    try:
        with exclusive(upload_id, wait_s=0) as writing:
            is_expired = writing.upload.expires_at is not None and writing.upload.expires_at <= now
            if is_expired:
                discard(writing.upload)
            return is_expired
    except UploadGone:
        discard(Upload(id=upload_id))
        return True
    except (UploadLocked, Upload.DoesNotExist):
        return False


def _remove_plaintexts() -> int:
    """What sealed uploads arrived as, where the process ended between keeping one and removing the other."""
    names = {folder.name for folder in incoming_root().iterdir()} if incoming_root().exists() else set()
    ready = Upload.objects.filter(state=UploadState.READY).values_list("id", flat=True)
    left = [Upload(id=upload_id) for upload_id in ready if str(upload_id) in names]
    for upload in left:
        shutil.rmtree(upload.incoming_folder, ignore_errors=True)
    return len(left)


def _remove_folders(root: Path, now: datetime, kept: set[str]) -> int:
    limit_s = (now - ABANDONED_AFTER).timestamp()
    if not root.exists():
        return 0
    left = [folder for folder in root.iterdir() if folder.name not in kept and _changed_at_s(folder) < limit_s]
    for folder in left:
        shutil.rmtree(folder, ignore_errors=True)
    return len(left)


def _changed_at_s(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except FileNotFoundError:  # moved or removed meanwhile
        return float("inf")
