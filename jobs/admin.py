from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.http import HttpRequest

from jobs.models import Job, Stage


class StageInline(admin.TabularInline):
    model = Stage
    extra = 0
    can_delete = False
    readonly_fields: ClassVar = [
        "name",
        "state",
        "progress",
        "started_at",
        "duration_s",
        "reused",
        "last_line",
    ]
    exclude: ClassVar = ["position", "finished_at"]

    def has_add_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        return False


@admin.register(Job)
class JobAdmin(admin.ModelAdmin):
    """For looking; what changes a job goes through `jobs.dispatch`."""

    list_display = ("name", "owner", "state", "created_at", "finished_at")
    list_filter: ClassVar = ["state", "created_at"]
    search_fields: ClassVar = ["name", "owner__username", "id"]
    list_select_related: ClassVar = ["owner"]
    inlines: ClassVar = [StageInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        return False
