"""Projects of a user. Who may see what is decided by `accounts.access`."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.access import reachable
from accounts.models import User
from jobs.errors import NameTaken, TooManyKept
from jobs.models import Project

AT_MOST = 100  # of one user; all of them are offered for a new dub


def visible_projects(user: User | AnonymousUser) -> QuerySet[Project]:
    return reachable(user, Project.objects.all()).select_related("preset")


def get_project(user: User | AnonymousUser, project_id: UUID) -> Project:
    """Raises Project.DoesNotExist, also for somebody else's."""
    return visible_projects(user).get(id=project_id)


@transaction.atomic
def save_project(project: Project) -> Project:
    """Writes a new or changed project. Raises NameTaken or TooManyKept."""
    User.objects.select_for_update(no_key=True).get(pk=project.owner_id)  # of two at once, the second sees the first
    others = Project.objects.filter(owner=project.owner_id, name__iexact=project.name).exclude(id=project.id)
    if others.exists():
        raise NameTaken(_("You have a project of that name already; choose another name."))
    if project._state.adding and Project.objects.filter(owner=project.owner_id).count() >= AT_MOST:
        raise TooManyKept(_("You have %(count)s projects; delete one first.") % {"count": AT_MOST})
    project.save()
    return project
