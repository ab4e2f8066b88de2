"""Tells those who look after the site of a kept file that somebody changed."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest
from django.utils import timezone

from accounts.audit.recording import Action, record
from accounts.models import AuditEntry
from uploads.models import KeptFile

NOTED_FOR = timedelta(days=1)


def note(kept: KeptFile, request: HttpRequest | None = None) -> None:
    """Once a day for each file: a player asks dozens of times."""
    noted = AuditEntry.objects.filter(action=Action.TAMPERING_FOUND, object_id=str(kept.pk))
    if not noted.filter(at__gt=timezone.now() - NOTED_FOR).exists():
        record(Action.TAMPERING_FOUND, actor=None, target=kept, request=request)
