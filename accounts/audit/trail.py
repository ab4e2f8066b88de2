"""Reading the audit trail, taking it elsewhere, and the one way in which old entries leave it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.db.models import QuerySet

from accounts.audit import guard
from accounts.audit.recording import Action, record
from accounts.models import AuditEntry, User

BATCH = 500


def entries(*, since: datetime | None = None, until: datetime | None = None) -> QuerySet[AuditEntry]:
    """Newest first; from `since` on and before `until`."""
    found = AuditEntry.objects.order_by("-id")
    if since is not None:
        found = found.filter(at__gte=since)
    return found.filter(at__lt=until) if until is not None else found


def json_lines(found: QuerySet[AuditEntry]) -> Iterator[str]:
    """One object a line, oldest first, a batch of them at a time however many there are."""
    last_id = 0
    while batch := list(found.filter(id__gt=last_id).order_by("id")[:BATCH]):
        last_id = batch[-1].id
        yield "".join(f"{json.dumps(_told(entry), cls=DjangoJSONEncoder)}\n" for entry in batch)


@transaction.atomic
def prune(before: datetime, *, by: User | None) -> int:
    """Removes older entries, and records that it was done; how many went.

    The refusal is lifted within the transaction. On PostgreSQL, whoever else writes an entry waits until it ends.
    """
    guard.lift(connection)
    removed, _by_model = AuditEntry.objects.filter(at__lt=before).delete()
    guard.put_up(connection)
    record(Action.AUDIT_PRUNED, actor=by, before=before, removed=removed)
    return removed


def _told(entry: AuditEntry) -> dict[str, Any]:
    return {field.attname: getattr(entry, field.attname) for field in AuditEntry._meta.concrete_fields}
