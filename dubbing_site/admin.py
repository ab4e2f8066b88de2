"""Users in the administration: here, because one who goes takes things of every app along."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.auth import admin as auth_admin
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.audit.audited_admin import AuditedAdmin, administrator
from accounts.audit.recording import Action, record
from accounts.models import User
from dubbing_site import account_actions
from jobs import leaving
from jobs.models import FINAL_STATES

PASSWORDS = ("password1", "password2")


@admin.register(User)
class UserAdmin(AuditedAdmin, auth_admin.UserAdmin):
    """What somebody may do is their role: there are no groups, and no rights of single users."""

    list_display = ("username", "email", "role", "is_active", "last_login")
    list_filter = ("role", "is_active")
    actions = account_actions.ACTIONS
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password", "email", "role", "is_active")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("username", "usable_password", *PASSWORDS, "role")}),)

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        before = form.initial.get("role")
        super().save_model(request, obj, form, change)
        if change and before != obj.role:
            by = administrator(request)
            record(Action.ROLE_CHANGED, actor=by, target=obj, request=request, before=before, after=obj.role)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        super().log_change(request, obj, message)
        if request.resolver_match and request.resolver_match.url_name == "auth_user_password_change":
            record(Action.PASSWORD_CHANGED, actor=administrator(request), target=obj, request=request)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet) -> Any:
        """`leaving` records it, whoever asks it to remove somebody."""

    def get_deleted_objects(
        self, objs: Iterable[User], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        """What the page asks to confirm: counts, where Django would list every event of every job."""
        users = list(objs)
        told = [part for user in users for part in (str(user), _belongings(user))]
        return told, {str(User._meta.verbose_name_plural): len(users)}, set(), []

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        leaving.remove_user(obj, by=administrator(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            leaving.remove_user(user, by=administrator(request))


def _belongings(user: User) -> list[str]:
    jobs = user.jobs.count()
    going_on = user.jobs.exclude(state__in=FINAL_STATES).count()
    dubs, uploads = user.dubs.count(), user.uploads.count()
    return [
        ngettext("%(count)s job", "%(count)s jobs", jobs) % {"count": jobs},
        ngettext(
            "%(count)s of them has not ended and is stopped",
            "%(count)s of them have not ended and are stopped",
            going_on,
        )
        % {"count": going_on},
        ngettext("%(count)s dub with its files", "%(count)s dubs with their files", dubs) % {"count": dubs},
        ngettext("%(count)s uploaded file", "%(count)s uploaded files", uploads) % {"count": uploads},
    ]
