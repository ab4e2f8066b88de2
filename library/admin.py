from __future__ import annotations

from typing import ClassVar

from django.contrib import admin

from library.models import Artifact, Dub


class ArtifactInline(admin.TabularInline):
    model = Artifact
    extra = 0
    can_delete = False
    readonly_fields: ClassVar = ["kind", "name", "file_name", "size_bytes", "sha256", "content_type"]


@admin.register(Dub)
class DubAdmin(admin.ModelAdmin):
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
    )
    list_filter: ClassVar = ["target_language", "created_at"]
    search_fields: ClassVar = ["title", "series", "owner__username"]
    list_select_related: ClassVar = ["owner"]
    inlines: ClassVar = [ArtifactInline]
