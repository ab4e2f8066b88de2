"""What a role may do in the administration: the one table, in the form that Django asks for.

Administrators need no lines: Django allows their flag everything. Groups and rights of single users are not used.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import BaseBackend

from accounts.models import User
from accounts.scopes import Role

# To see what people brought and made, to act on jobs, and to take dubs down.
MODERATOR_MAY = frozenset(
    {
        "jobs.view_job",
        "jobs.change_job",
        "jobs.view_stage",
        "jobs.view_shard",
        "uploads.view_upload",
        "library.view_dub",
        "library.change_dub",
        "library.view_artifact",
    }
)


class RoleBackend(BaseBackend):
    """Signs nobody in; it only answers what somebody may."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        return perm in _permissions(user_obj)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return any(perm.startswith(f"{app_label}.") for perm in _permissions(user_obj))

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return set(_permissions(user_obj))


def _permissions(user: Any) -> frozenset[str]:
    is_moderator = isinstance(user, User) and user.is_active and user.role == Role.MODERATOR
    return MODERATOR_MAY if is_moderator else frozenset()
