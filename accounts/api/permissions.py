"""What a view declares with `scope`, asked of every request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.access import granted, require
from accounts.models import User
from accounts.scopes import Scope, needed

if TYPE_CHECKING:  # its module reads the settings that name this one
    from rest_framework.views import APIView


class HasScope(BasePermission):
    """Lets in who is signed in and has the scope. A view that declares none is nobody's."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Raises ScopeMissing, SessionRequired, and ImproperlyConfigured for a view without a good `scope`."""
        declared = declared_scope(view)
        if not isinstance(request.user, User):
            return False  # 401
        require(declared, str(request.method), request.user, request.auth)
        return True


def declared_scope(view: APIView) -> str:
    """Raises ImproperlyConfigured."""
    declared = getattr(view, "scope", None)
    try:
        needed(str(declared), "GET")
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{type(view).__name__}.scope must say what it needs: see accounts.scopes"
        ) from error
    return str(declared)


def granted_to(request: Request) -> frozenset[Scope]:
    """The scopes of a request, for views that show more to some."""
    return granted(request.user, request.auth)
