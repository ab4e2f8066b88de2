"""Taking a dub down, and putting it back: its files stay, but nobody gets them, and its owner reads why."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.audit.recording import Action, record
from accounts.models import User
from library.models import Dub


@transaction.atomic
def take_down(dub_id: UUID, reason: str, *, by: User, now: datetime) -> bool:
    """Whether it was there and up until now. A dub made again by the same job stays down."""
    dub = Dub.objects.select_for_update().filter(id=dub_id, taken_down_at=None).first()
    if dub is None:
        return False
    dub.taken_down_at, dub.taken_down_reason = now, reason
    dub.save(update_fields=["taken_down_at", "taken_down_reason"])
    record(Action.DUB_TAKEN_DOWN, actor=by, target=dub, owner=dub.owner_id, reason=reason)
    return True


@transaction.atomic
def put_back(dub_id: UUID, *, by: User) -> bool:
    """Whether it was there and down until now."""
    dub = Dub.objects.select_for_update().filter(id=dub_id, taken_down_at__isnull=False).first()
    if dub is None:
        return False
    dub.taken_down_at, dub.taken_down_reason = None, ""
    dub.save(update_fields=["taken_down_at", "taken_down_reason"])
    record(Action.DUB_PUT_BACK, actor=by, target=dub, owner=dub.owner_id)
    return True
