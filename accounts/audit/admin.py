"""The audit trail in the administration: to filter, search and take away, never to change."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import ClassVar

from asgiref.sync import sync_to_async
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.core.handlers.asgi import ASGIRequest
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.audit import trail
from accounts.audit.audited_admin import PlainLookups, administrator
from accounts.audit.recording import Action, record
from accounts.models import AuditEntry

FIELDS = tuple(field.name for field in AuditEntry._meta.concrete_fields if field.name != "details")

SHOWN: tuple[str, ...] = (*FIELDS, "told_details")


@admin.register(AuditEntry)
class AuditEntryAdmin(PlainLookups):
    list_display = ("at", "action", "outcome", "actor_name", "object_type", "object_id", "address", "key_id")
    list_filter: ClassVar = ["outcome", "action", "object_type"]
    search_fields: ClassVar = ["actor_name", "=address", "=object_id", "=request_id", "=key_id"]
    search_help_text = _("A name, or a whole address, object, request or key.")
    date_hierarchy = "at"
    fields = SHOWN
    readonly_fields = SHOWN
    list_per_page = 100
    show_full_result_count = False  # counting a trail of years for a number beside the search takes seconds
    change_list_template = "admin/accounts/auditentry/change_list.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup in FIELDS or super().lookup_allowed(lookup, value, request)

    def get_urls(self) -> list[URLPattern]:
        export = self.admin_site.admin_view(self.export)
        return [path("export/", export, name="accounts_auditentry_export"), *super().get_urls()]

    @admin.display(description=_("details"))
    def told_details(self, entry: AuditEntry) -> SafeString:
        return format_html("<pre>{}</pre>", json.dumps(entry.details, indent=2, ensure_ascii=False))

    def export(self, request: HttpRequest) -> HttpResponseBase:
        """What the list shows with its filters, all pages of it, as JSON lines."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            found: QuerySet[AuditEntry] = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            return redirect(f"{reverse('admin:accounts_auditentry_changelist')}?{request.GET.urlencode()}")
        filters = {name: values for name, values in request.GET.lists() if any(values)}
        record(Action.AUDIT_EXPORTED, actor=administrator(request), request=request, filters=filters)
        lines = _awaited(found) if isinstance(request, ASGIRequest) else trail.json_lines(found)
        response = StreamingHttpResponse(lines, content_type="application/jsonl")
        response.headers["Content-Disposition"] = 'attachment; filename="audit.jsonl"'
        return response


def _following(lines: Iterator[str]) -> str:
    """Empty at the end: StopIteration cannot leave a coroutine."""
    return next(lines, "")


async def _awaited(found: QuerySet[AuditEntry]) -> AsyncIterator[str]:
    """Under ASGI a plain iterator would be read whole into memory."""
    lines = trail.json_lines(found)
    while batch := await sync_to_async(_following)(lines):
        yield batch
