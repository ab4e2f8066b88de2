"""The queue for administrators: to look at, and to change through `jobs.dispatch` and `jobs.filing` alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.audit.audited_admin import AuditedAdmin, administrator
from accounts.audit.recording import Action, record
from jobs import dispatch, filing
from jobs.filing import Changes
from jobs.models import Job, Preset, Project, Shard, Stage, UserLimits
from pipeline.errors import DubbingError

FIRST = 10  # the priority of jobs that an administrator lets go before others


class _ReadOnlyInline(admin.TabularInline):
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class StageInline(_ReadOnlyInline):
    model = Stage
    fields: ClassVar = ["name", "state", "progress", "started_at", "duration_s", "reused", "last_line"]


class ShardInline(_ReadOnlyInline):
    model = Shard
    fields: ClassVar = [
        "stage",
        "kind",
        "part",
        "queue",
        "state",
        "attempts",
        "not_before",
        "lease_owner",
        "started_at",
        "finished_at",
        "error_message",
    ]


@admin.register(Job)
class JobAdmin(AuditedAdmin):
    list_display = ("name", "owner", "state", "priority", "pinned", "project", "created_at", "finished_at")
    list_filter: ClassVar = ["state", "pinned", "created_at"]
    search_fields: ClassVar = ["name", "owner__username", "id", "series"]
    list_select_related: ClassVar = ["owner", "project"]
    inlines: ClassVar = [StageInline, ShardInline]
    actions = ("cancel", "pause", "resume", "retry", "requeue", "let_go_first", "line_up", "pin", "unpin", "remove")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        return False  # it would go past `dispatch.delete`

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("jobs.change_job"))

    @admin.action(description=_("Cancel"), permissions=["moderate"])
    def cancel(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        _each(request, jobs, "cancel", dispatch.cancel)

    @admin.action(description=_("Pause"), permissions=["moderate"])
    def pause(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        _each(request, jobs, "pause", dispatch.pause)

    @admin.action(description=_("Go on (paused jobs)"), permissions=["moderate"])
    def resume(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        _each(request, jobs, "resume", dispatch.resume)

    @admin.action(description=_("Try again (ended jobs)"), permissions=["moderate"])
    def retry(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        _each(request, jobs, "retry", dispatch.retry)

    @admin.action(description=_("Put back into the queue (stuck jobs)"), permissions=["moderate"])
    def requeue(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        _each(request, jobs, "requeue", dispatch.requeue)

    @admin.action(description=_("Let go before others"), permissions=["moderate"])
    def let_go_first(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        _each(request, jobs, "let_go_first", lambda job, *, by: filing.change(job.id, Changes(priority=FIRST), by=by))

    @admin.action(description=_("Line up with the others"), permissions=["moderate"])
    def line_up(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        _each(request, jobs, "line_up", lambda job, *, by: filing.change(job.id, Changes(priority=0), by=by))

    @admin.action(description=_("Pin: keep for good"), permissions=["moderate"])
    def pin(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        _each(request, jobs, "pin", lambda job, *, by: filing.pin(job.id, by=by))

    @admin.action(description=_("Unpin"), permissions=["moderate"])
    def unpin(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        _each(request, jobs, "unpin", lambda job, *, by: filing.unpin(job.id, by=by))

    @admin.action(description=_("Delete (dubs stay)"), permissions=["moderate"])
    def remove(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        _each(request, jobs, "delete", dispatch.delete)


@admin.register(UserLimits)
class UserLimitsAdmin(AuditedAdmin):
    list_display = ("user", "max_running", "max_waiting", "max_a_day", "may_use_high")
    autocomplete_fields: ClassVar = ["user"]
    list_select_related: ClassVar = ["user"]
    search_fields: ClassVar = ["user__username"]


@admin.register(Project)
class ProjectAdmin(AuditedAdmin):
    list_display = ("name", "owner", "series", "created_at")
    search_fields: ClassVar = ["name", "series", "owner__username"]
    list_select_related: ClassVar = ["owner"]
    autocomplete_fields: ClassVar = ["owner", "preset"]


@admin.register(Preset)
class PresetAdmin(AuditedAdmin):
    list_display = ("name", "owner", "is_default", "created_at")
    search_fields: ClassVar = ["name", "owner__username"]
    list_select_related: ClassVar = ["owner"]
    autocomplete_fields: ClassVar = ["owner"]


def _each(request: HttpRequest, jobs: QuerySet[Job], act: str, do: Callable[..., object]) -> None:
    """Does it to each job by itself, records it, and says for how many it worked, and why not for the others."""
    by, done = administrator(request), 0
    for job in jobs:
        try:
            with transaction.atomic():
                record(Action.JOB_MODERATED, actor=by, target=job, request=request, act=act, owner=job.owner_id)
                do(job, by=by)
        except DubbingError as error:
            messages.warning(request, f"{job.name}: {error}")
        else:
            done += 1
    if done:
        messages.success(
            request, ngettext("Done for %(count)s job.", "Done for %(count)s jobs.", done) % {"count": done}
        )
