"""Reads on uploads. Who may see what is decided by `accounts.access`."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.access import reachable
from accounts.models import User
from uploads.models import Upload, UploadState


def visible_uploads(user: User | AnonymousUser) -> QuerySet[Upload]:
    return reachable(user, Upload.objects.all())


def get_upload(user: User | AnonymousUser, upload_id: UUID) -> Upload:
    """Raises Upload.DoesNotExist, also for somebody else's."""
    return visible_uploads(user).get(id=upload_id)


def kept_uploads(user: User | AnonymousUser) -> QuerySet[Upload]:
    """Without what has expired; a part of a whole that a client sends in parts is an upload of its own."""
    is_expired = Q(state=UploadState.RECEIVING, expires_at__lte=timezone.now())
    return visible_uploads(user).exclude(is_expired).select_related("imported")


def listed_uploads(user: User | AnonymousUser) -> QuerySet[Upload]:
    """What a person would call their uploads: not the parts that a client sends one by one."""
    return kept_uploads(user).filter(is_partial=False)
