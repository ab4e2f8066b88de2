"""How much may be uploaded: by anybody, by one user, onto this disk."""

from __future__ import annotations

import shutil

from django.conf import settings
from django.db.models import Sum
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from uploads.errors import TooManyUnfinished, UploadEmpty, UploadQuotaReached, UploadTooLarge
from uploads.files import disk_full
from uploads.models import Upload, UploadState


def require_size(size_bytes: int) -> None:
    """Raises UploadEmpty, UploadTooLarge."""
    if size_bytes == 0:
        raise UploadEmpty(_("The file is empty (0 bytes); choose another one."))
    if size_bytes > settings.UPLOAD_MAX_BYTES:
        raise UploadTooLarge(
            _("The file has %(size)s; at most %(limit)s are accepted.")
            % {"size": filesizeformat(size_bytes), "limit": filesizeformat(settings.UPLOAD_MAX_BYTES)}
        )


def has_room(size_bytes: int) -> bool:
    """For so many more bytes; unfinished uploads have theirs already."""
    settings.MEDIA_ROOT.mkdir(mode=0o750, parents=True, exist_ok=True)
    free_bytes: int = shutil.disk_usage(settings.MEDIA_ROOT).free
    return free_bytes - size_bytes >= settings.FREE_SPACE_RESERVE_BYTES


def require_room(size_bytes: int) -> None:
    """Raises DiskFull."""
    if not has_room(size_bytes):
        raise disk_full()


def require_quota(owner: User, size_bytes: int, *, freed_bytes: int = 0) -> None:
    """Whether the user may have so many more bytes; `freed_bytes` go as these come. Raises UploadQuotaReached."""
    quota_bytes = settings.UPLOAD_QUOTA_BYTES_PER_USER
    if not quota_bytes:
        return
    kept = Upload.objects.filter(owner=owner).exclude(state=UploadState.REMOVED)
    kept_bytes = kept.aggregate(sum=Sum("size_bytes"))["sum"] or 0
    if kept_bytes - freed_bytes + size_bytes > quota_bytes:
        raise UploadQuotaReached(
            _("Your uploads may take %(quota)s and take %(kept)s; remove some before you send this file.")
            % {"quota": filesizeformat(quota_bytes), "kept": filesizeformat(kept_bytes - freed_bytes)}
        )


def require_few_unfinished(owner: User) -> None:
    """Raises TooManyUnfinished."""
    most = settings.MAX_UNFINISHED_UPLOADS_PER_USER
    if most and Upload.objects.filter(owner=owner, state=UploadState.RECEIVING).count() >= most:
        raise TooManyUnfinished(
            ngettext(
                "You have %(count)s unfinished upload; finish or discard it first.",
                "You have %(count)s unfinished uploads; finish or discard some first.",
                most,
            )
            % {"count": most}
        )
