"""Users in the administration: here, because one who goes takes things of every app along."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.auth import admin as auth_admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import ngettext

from accounts.models import User
from jobs import leaving
from jobs.models import FINAL_STATES


@admin.register(User)
class UserAdmin(auth_admin.UserAdmin):
    def get_deleted_objects(
        self, objs: Iterable[User], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        """What the page asks to confirm: counts, where Django would list every event of every job."""
        users = list(objs)
        told = [part for user in users for part in (str(user), _belongings(user))]
        return told, {str(User._meta.verbose_name_plural): len(users)}, set(), []

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        leaving.remove_user(obj, by=_administrator(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            leaving.remove_user(user, by=_administrator(request))


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


def _administrator(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - the admin lets nobody else in
    return request.user
