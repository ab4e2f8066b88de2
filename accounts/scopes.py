"""What may be asked of the site, and which role may ask it: the one table of both."""

from __future__ import annotations

from types import MappingProxyType

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SESSION = "session"  # declared by what is open to every role, but only to a person: never to an API key


class Scope(TextChoices):
    """What an API key may be good for; each label says it to whoever makes one."""

    JOBS_READ = "jobs:read", _("See jobs, their progress, presets and projects")
    JOBS_WRITE = "jobs:write", _("Start, change, cancel and delete jobs, presets and projects")
    UPLOADS_WRITE = "uploads:write", _("Upload files, and see and delete what was uploaded")
    LIBRARY_READ = "library:read", _("See finished dubs and download their files")
    LIBRARY_WRITE = "library:write", _("Change and delete finished dubs")
    ADMIN = "admin", _("What only administrators may: see how the server is doing, let a job go before others")


class Role(TextChoices):
    """Viewers look at jobs and dubs and start nothing; editors upload and dub; moderators also look after everybody's
    in the administration; administrators do everything.
    """

    VIEWER = "viewer", _("Viewer")
    EDITOR = "editor", _("Editor")
    MODERATOR = "moderator", _("Moderator")
    ADMIN = "admin", _("Administrator")


STAFF_ROLES = frozenset({Role.MODERATOR, Role.ADMIN})  # those whom the Django admin lets in

_EVERYTHING = frozenset(Scope)
_EDITING = _EVERYTHING - {Scope.ADMIN}
_SCOPES_OF_ROLE = MappingProxyType(
    {
        Role.VIEWER: frozenset({Scope.JOBS_READ, Scope.LIBRARY_READ}),
        Role.EDITOR: _EDITING,
        Role.MODERATOR: _EDITING,
        Role.ADMIN: _EVERYTHING,
    }
)
# What safe methods need, and what all others do.
_SCOPES_OF_AREA = MappingProxyType(
    {
        "jobs": (Scope.JOBS_READ, Scope.JOBS_WRITE),
        "uploads": (Scope.UPLOADS_WRITE, Scope.UPLOADS_WRITE),
        "library": (Scope.LIBRARY_READ, Scope.LIBRARY_WRITE),
    }
)


def scopes_of(role: str) -> frozenset[Scope]:
    return _SCOPES_OF_ROLE[Role(role)]


def needed(declared: str, method: str) -> Scope | None:
    """What a request needs where a view declares an area, a scope for all methods, or `SESSION` (None).

    Raises ValueError for anything else.
    """
    if declared == SESSION:
        return None
    if declared in _SCOPES_OF_AREA:
        read, write = _SCOPES_OF_AREA[declared]
        return read if method in SAFE_METHODS else write
    return Scope(declared)
