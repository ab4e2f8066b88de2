"""Reads on the library. Who may see what is decided by `accounts.access`."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from accounts.access import reachable
from accounts.models import User
from library.errors import DubTakenDown
from library.models import Artifact, Dub


def visible_dubs(user: User | AnonymousUser) -> QuerySet[Dub]:
    return reachable(user, Dub.objects.all()).prefetch_related("artifacts")


def get_dub(user: User | AnonymousUser, dub_id: UUID) -> Dub:
    """Raises Dub.DoesNotExist, also for somebody else's."""
    return visible_dubs(user).get(id=dub_id)


def get_artifact(user: User | AnonymousUser, dub_id: UUID, kind: str) -> Artifact:
    """Raises Dub.DoesNotExist or Artifact.DoesNotExist, also for somebody else's, or DubTakenDown."""
    dub = get_dub(user, dub_id)
    if dub.is_taken_down:
        raise DubTakenDown(dub.taken_down_reason)
    return dub.artifacts.select_related("dub").get(kind=kind)
