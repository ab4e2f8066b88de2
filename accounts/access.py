"""Who may do what: the scopes that a request has, and the one function that says whose things it reaches."""

from __future__ import annotations

from typing import Any, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, QuerySet

from accounts.errors import ScopeMissing, SessionRequired
from accounts.models import ApiKey, User
from accounts.scopes import Scope, needed, scopes_of

M = TypeVar("M", bound=Model)


def reachable(user: User | AnonymousUser, things: QuerySet[M]) -> QuerySet[M]:
    """Those of the things that the user may know of: their own, whatever their role.

    Moderators and administrators meet others' things in the administration only, where it is written down.
    """
    if not isinstance(user, User) or not user.is_active:
        return things.none()
    return things.filter(owner=user)


def granted(user: User | AnonymousUser, auth: Any) -> frozenset[Scope]:
    """The scopes of a session, or, where `auth` is an API key, of that key as long as the owner's role has them."""
    if not isinstance(user, User) or not user.is_active:
        return frozenset()
    scopes = scopes_of(user.role)
    return scopes & auth.granted if isinstance(auth, ApiKey) else scopes


def require(declared: str, method: str, user: User | AnonymousUser, auth: Any) -> None:
    """Raises ScopeMissing or SessionRequired where the signed-in user may not do what a view declares."""
    scope = needed(declared, method)
    if scope is None:
        if isinstance(auth, ApiKey):
            raise SessionRequired
    elif scope not in granted(user, auth):
        raise ScopeMissing(scope)
