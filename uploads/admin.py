from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.audit.audited_admin import AuditedAdmin
from uploads import services
from uploads.models import Upload

SHOWN = (
    "id",
    "owner",
    "name",
    "size_bytes",
    "received_bytes",
    "sha256",
    "media",
    "metadata",
    "is_partial",
    "made_of",
    "state",
    "created_at",
    "updated_at",
    "expires_at",
)


@admin.register(Upload)
class UploadAdmin(AuditedAdmin):
    """To look at; they begin and end where their bytes are looked after."""

    list_display = ("name", "owner", "size_bytes", "received_bytes", "state", "created_at", "expires_at")
    list_filter: ClassVar = ["state", "created_at"]
    search_fields: ClassVar = ["name", "owner__username", "sha256"]
    fields = SHOWN
    list_select_related: ClassVar = ["owner"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Upload | None = None) -> bool:
        return False

    def delete_model(self, request: HttpRequest, obj: Upload) -> None:
        services.terminate(obj.id)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Upload]) -> None:
        for upload in queryset:
            services.terminate(upload.id)
