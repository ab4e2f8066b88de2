"""Dubs for those who look after everybody's: to see what there is, and to take it down."""

from __future__ import annotations

from typing import ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.audit.audited_admin import AuditedAdmin, administrator
from library import moderation, services
from library.models import Artifact, Dub


class ReasonForm(ActionForm):
    reason = forms.CharField(
        label=_("Reason, for its owner (to take down)"), max_length=500, required=False, strip=True
    )


class ArtifactInline(admin.TabularInline):
    model = Artifact
    extra = 0
    can_delete = False
    fields: ClassVar = ["kind", "name", "file_name", "size_bytes", "sha256", "content_type"]

    def has_add_permission(self, request: HttpRequest, obj: Dub | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Dub | None = None) -> bool:
        return False


@admin.register(Dub)
class DubAdmin(AuditedAdmin):
    list_display = (
        "title",
        "owner",
        "source_language",
        "target_language",
        "series",
        "season",
        "episode",
        "duration_s",
        "created_at",
        "taken_down_at",
    )
    list_filter: ClassVar = ["target_language", "created_at", ("taken_down_at", admin.EmptyFieldListFilter)]
    search_fields: ClassVar = ["title", "series", "owner__username", "=id", "=job_id"]
    list_select_related: ClassVar = ["owner"]
    inlines: ClassVar = [ArtifactInline]
    action_form = ReasonForm
    actions = ("take_down", "put_back")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Dub | None = None) -> bool:
        return False

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("library.change_dub"))

    def delete_model(self, request: HttpRequest, obj: Dub) -> None:
        services.remove(obj.id)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Dub]) -> None:
        for dub in queryset:
            services.remove(dub.id)

    @admin.action(description=_("Take down: files are no longer given out"), permissions=["moderate"])
    def take_down(self, request: HttpRequest, dubs: QuerySet[Dub]) -> None:
        reason = request.POST.get("reason", "").strip()[:500]
        if not reason:
            messages.error(request, _("Write a reason beside the action; the owner of the dub reads it."))
            return
        by, now = administrator(request), timezone.now()
        done = sum(moderation.take_down(dub.id, reason, by=by, now=now) for dub in dubs)
        messages.success(
            request, ngettext("%(count)s dub taken down.", "%(count)s dubs taken down.", done) % {"count": done}
        )

    @admin.action(description=_("Put back"), permissions=["moderate"])
    def put_back(self, request: HttpRequest, dubs: QuerySet[Dub]) -> None:
        by = administrator(request)
        done = sum(moderation.put_back(dub.id, by=by) for dub in dubs)
        messages.success(
            request, ngettext("%(count)s dub put back.", "%(count)s dubs put back.", done) % {"count": done}
        )
