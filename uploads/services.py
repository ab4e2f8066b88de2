"""Writes on uploads: receive a file whole, or leave nothing behind."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import structlog
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from accounts.models import User
from pipeline.errors import DiskFull
from pipeline.media.probe import probe
from uploads.errors import UploadEmpty, UploadRemoved, UploadTooLarge
from uploads.models import Upload, UploadState

logger = structlog.get_logger(__name__)
CHUNK_BYTES = 1024 * 1024
ABANDONED_AFTER = timedelta(hours=24)


def receive(owner: User, uploaded_file: UploadedFile) -> Upload:
    """Keeps `uploaded_file` and what ffprobe says of it.

    Raises UploadTooLarge, UploadEmpty, DiskFull, or what `pipeline.media.probe` refuses. A hard stop leaves at most
    a folder under `incoming`, which `remove_abandoned` finds.
    """
    name = display_name(uploaded_file.name or "")
    size_bytes = uploaded_file.size or 0
    _refuse_size(size_bytes)
    upload_id = uuid.uuid4()
    with _incoming_folder(upload_id) as folder:
        source = folder / "source"
        size_bytes, sha256 = _copy(uploaded_file, source)
        facts = probe(source, display_name=name)
        upload = Upload(id=upload_id, owner=owner, name=name, size_bytes=size_bytes, sha256=sha256)
        upload.media = facts.to_json()
        _keep(upload, folder)
    logger.info("upload_received", upload_id=str(upload.id), user_id=str(owner.pk), size_bytes=size_bytes)
    return upload


def display_name(name: str) -> str:
    """The last part of a client's path without control characters, at most 255 characters; for showing only."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(character for character in last if character.isprintable()).strip()
    return shown[-255:] or _("Untitled")


def held(upload_id: uuid.UUID) -> Upload:
    """The upload, its file kept at least until the transaction ends. Raises UploadRemoved."""
    upload = Upload.objects.select_for_update(no_key=True).get(id=upload_id)
    if upload.state == UploadState.REMOVED:
        raise UploadRemoved(_("The file is not kept any more; upload it again."))
    return upload


def give_up(upload: Upload) -> None:
    """Removes the file of an upload that is locked by the caller's transaction; the row stays."""
    upload.state = UploadState.REMOVED
    upload.save(update_fields=["state"])
    transaction.on_commit(lambda: shutil.rmtree(upload.folder, ignore_errors=True))
    logger.info("upload_given_up", upload_id=str(upload.id), size_bytes=upload.size_bytes)


@transaction.atomic
def discard(upload: Upload) -> None:
    """Removes an upload that nothing was made of."""
    folder = upload.folder
    upload.delete()
    transaction.on_commit(lambda: shutil.rmtree(folder, ignore_errors=True))


def remove_orphans(*, now_s: float | None = None) -> int:
    """Removes the folders of uploads that are gone or given up; the number removed."""
    root = Path(settings.MEDIA_ROOT) / "uploads"
    limit_s = (time.time() if now_s is None else now_s) - ABANDONED_AFTER.total_seconds()
    if not root.exists():
        return 0
    old = {folder.name: folder for folder in root.iterdir() if folder.stat().st_mtime < limit_s}
    kept = Upload.objects.exclude(state=UploadState.REMOVED).values_list("id", flat=True)
    left = old.keys() - {str(upload_id) for upload_id in kept}
    for name in left:
        shutil.rmtree(old[name], ignore_errors=True)
    return len(left)


def remove_abandoned(*, now_s: float | None = None) -> int:
    """Removes what uploads cut off by a hard stop left behind; the number of folders removed."""
    limit_s = (time.time() if now_s is None else now_s) - ABANDONED_AFTER.total_seconds()
    left = [folder for folder in _incoming_root().iterdir() if folder.stat().st_mtime < limit_s]
    for folder in left:
        shutil.rmtree(folder, ignore_errors=True)
    return len(left)


def _refuse_size(size_bytes: int) -> None:
    if size_bytes == 0:
        raise UploadEmpty(_("The file is empty (0 bytes); choose another one."))
    if size_bytes > settings.UPLOAD_MAX_BYTES:
        raise UploadTooLarge(
            _("The file has %(size)s; at most %(limit)s are accepted.")
            % {"size": filesizeformat(size_bytes), "limit": filesizeformat(settings.UPLOAD_MAX_BYTES)}
        )
    free_bytes = shutil.disk_usage(settings.MEDIA_ROOT).free
    if free_bytes - size_bytes < settings.FREE_SPACE_RESERVE_BYTES:
        raise DiskFull(_("The server has too little free space for this file; ask its administrator to make room."))


def _incoming_root() -> Path:
    root = Path(settings.MEDIA_ROOT) / "incoming"
    root.mkdir(mode=0o750, parents=True, exist_ok=True)
    return root


@contextmanager
def _incoming_folder(upload_id: uuid.UUID) -> Iterator[Path]:
    folder = _incoming_root() / str(upload_id)
    folder.mkdir(mode=0o750)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # gone already when it was kept


def _copy(uploaded_file: UploadedFile, target: Path) -> tuple[int, str]:
    """Bytes written and their SHA-256. The limit holds for what arrives, whatever size was announced."""
    digest = hashlib.sha256()
    size_bytes = 0
    with target.open("xb") as file:
        for chunk in uploaded_file.chunks(CHUNK_BYTES):
            size_bytes += len(chunk)
            if size_bytes > settings.UPLOAD_MAX_BYTES:
                _refuse_size(size_bytes)
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return size_bytes, digest.hexdigest()


def _keep(upload: Upload, folder: Path) -> None:
    """Row and folder appear together: the rename is the last step before the commit."""
    upload.folder.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    try:
        with transaction.atomic():
            upload.save(force_insert=True)
            folder.rename(upload.folder)
    except BaseException:
        shutil.rmtree(upload.folder, ignore_errors=True)
        raise
