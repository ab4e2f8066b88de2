from __future__ import annotations

from typing import ClassVar

from django.contrib import admin

from uploads.models import Upload


@admin.register(Upload)
class UploadAdmin(admin.ModelAdmin):
    list_display = ("name", "owner", "size_bytes", "state", "created_at")
    list_filter: ClassVar = ["state", "created_at"]
    search_fields: ClassVar = ["name", "owner__username", "sha256"]
    readonly_fields: ClassVar = [
        "id",
        "owner",
        "name",
        "size_bytes",
        "sha256",
        "media",
        "state",
        "created_at",
    ]
    list_select_related: ClassVar = ["owner"]
