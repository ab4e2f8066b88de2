"""An upload that fills itself from a file of this machine: a bounded part at each call, so that it can be resumed."""

from __future__ import annotations

import time

import structlog
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from pipeline.errors import StorageError
from uploads import importing_folders, ranges, services
from uploads.errors import ImportChanged, NotAnImport
from uploads.importing_folders import Measure
from uploads.models import ImportedFile, Upload
from uploads.services import Announced

logger = structlog.get_logger(__name__)
PULL_BYTES = 256 * 1024**2
PULL_S = 5.0  # of a slow disk, so that progress is seen
STEP_BYTES = 32 * 1024**2


def begin(owner: User, path: str) -> Upload:
    """An upload that waits to be filled from `path`, as `importing_folders.entries` gives it.

    Raises ImportOff, ImportNotFound, ImportUnreadable, and what `services.begin` raises. A process killed in between
    leaves an upload that nobody fills, which expires.
    """
    with importing_folders.opened(path) as file:
        now_is = importing_folders.measure_of(file)
    name = path.rpartition("/")[2]
    upload = services.begin(owner, Announced(name=name, size_bytes=now_is.size_bytes), now=timezone.now())
    ImportedFile.objects.create(upload=upload, path=path, modified_ns=now_is.modified_ns, inode=now_is.inode)
    logger.info("import_begun", upload_id=str(upload.id), user_id=str(owner.pk))
    return upload


def pull(upload: Upload) -> Upload:
    """Copies the next PULL_BYTES, or as much as PULL_S gives time for; ask again until the upload is whole.

    Raises ImportChanged, after which the upload is gone; NotAnImport; what `importing_folders.opened` and
    `services.place` raise.
    """
    imported = ImportedFile.objects.filter(upload=upload).first()
    if imported is None:
        raise NotAnImport(_("This upload is not an import; send its bytes."))
    if upload.is_whole:
        return upload  # asked again, as after a lost answer; what became of the file since does not matter
    until_s = time.monotonic() + PULL_S
    left = PULL_BYTES
    with importing_folders.opened(imported.path) as file:
        _require_same(file, imported, upload)
        while left > 0 and not upload.is_whole and time.monotonic() < until_s:
            start, end = ranges.missing(upload.ranges, 0, upload.size_bytes)[0]
            length = min(end - start, STEP_BYTES, left)
            upload = _copied(file, imported, upload, start, length)
            left -= length
    return upload


def _copied(file: int, imported: ImportedFile, upload: Upload, start: int, length: int) -> Upload:
    try:
        upload = services.place(upload.id, start, file, start, length, now=timezone.now())
    except StorageError:
        _require_same(file, imported, upload)  # one that was cut short cannot be copied either
        raise
    _require_same(file, imported, upload)
    return upload


def _require_same(file: int, imported: ImportedFile, upload: Upload) -> None:
    """Raises ImportChanged, and gives the upload up: what is there belongs to a file that is no more."""
    if importing_folders.measure_of(file) != Measure(upload.size_bytes, imported.modified_ns, imported.inode):
        services.terminate(upload.id)
        logger.warning("import_changed", upload_id=str(upload.id))
        raise ImportChanged(_("The file changed while it was copied; import it again when nobody writes to it."))
