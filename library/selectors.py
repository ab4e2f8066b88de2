"""Reads on the library. Who may see what is decided here and nowhere else."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from accounts.models import User
from library.models import Artifact, Dub


def visible_dubs(user: User | AnonymousUser) -> QuerySet[Dub]:
    if not user.is_authenticated:
        return Dub.objects.none()
    return Dub.objects.filter(owner=user).prefetch_related("artifacts")


def get_dub(user: User | AnonymousUser, dub_id: UUID) -> Dub:
    """Raises Dub.DoesNotExist, also for somebody else's."""
    return visible_dubs(user).get(id=dub_id)


def get_artifact(user: User | AnonymousUser, dub_id: UUID, kind: str) -> Artifact:
    """Raises Dub.DoesNotExist or Artifact.DoesNotExist, also for somebody else's."""
    return get_dub(user, dub_id).artifacts.select_related("dub").get(kind=kind)
