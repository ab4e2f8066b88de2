"""What the administration's pages share: every act in them goes into the audit trail, and nowhere else.

Django's own log would keep names of things that are gone, and could be changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.audit.recording import Action, record
from accounts.models import User


def administrator(request: HttpRequest) -> User:
    """Who works in the administration. Raises PermissionDenied for somebody who could not be there."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


class PlainLookups(admin.ModelAdmin):
    """Without patterns: Django takes any lookup on a model's fields from an address, and a pattern that is tried in
    every way, on a name that its writer has chosen, holds up the whole server.
    """

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        is_pattern = lookup.endswith(("__regex", "__iregex"))
        return not is_pattern and bool(super().lookup_allowed(lookup, value, request))


class AuditedAdmin(PlainLookups):
    """The `log_…` functions are Django's; nobody uses what they return."""

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        record(Action.OBJECT_ADDED, actor=administrator(request), target=obj, request=request)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        changed = _changed_fields(message)
        record(Action.OBJECT_CHANGED, actor=administrator(request), target=obj, request=request, fields=changed)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet) -> Any:
        for obj in queryset:
            record(Action.OBJECT_REMOVED, actor=administrator(request), target=obj, request=request)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        query = urlencode({"object_id": object_id})
        return redirect(f"{reverse('admin:accounts_auditentry_changelist')}?{query}")


def _changed_fields(message: Any) -> list[str]:
    """Names of fields, and of kinds of rows below, from what Django says of a change; never what was in them."""
    if not isinstance(message, Sequence) or isinstance(message, str):
        return []
    parts: Iterable[dict[str, Any]] = (part for said in message if isinstance(said, dict) for part in said.values())
    return sorted({str(name) for part in parts for name in (*part.get("fields", ()), part.get("name", "")) if name})
