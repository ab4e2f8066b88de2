"""Who may do what: the scopes that a request has, and the one function that says whose things it reaches."""

from __future__ import annotations

from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, QuerySet

from accounts.errors import ScopeMissing, SecondFactorRequired, SessionRequired
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
    """The scopes of a session, or, where `auth` is an API key, of that key as long as the owner's role has them.

    A session in which no second factor was shown does nothing that only administrators may (REQUIRE_ADMIN_MFA).
    """
    if not isinstance(user, User) or not user.is_active:
        return frozenset()
    scopes = scopes_of(user.role)
    if isinstance(auth, ApiKey):
        return scopes & auth.granted
    return scopes if _has_shown_enough(user) else scopes - {Scope.ADMIN}


def require(declared: str, method: str, user: User | AnonymousUser, auth: Any) -> None:
    """Raises ScopeMissing, SecondFactorRequired or SessionRequired where the user may not do what a view declares."""
    scope = needed(declared, method)
    if scope is None:
        if isinstance(auth, ApiKey):
            raise SessionRequired
    elif scope not in granted(user, auth):
        is_for_a_factor = isinstance(user, User) and scope in scopes_of(user.role) and not isinstance(auth, ApiKey)
        raise SecondFactorRequired if is_for_a_factor else ScopeMissing(scope)


def _has_shown_enough(user: User) -> bool:
    """`is_verified` is put there by `accounts.second_factor`, for requests that came with a session."""
    is_verified = getattr(user, "is_verified", None)
    return not settings.REQUIRE_ADMIN_MFA or (is_verified is not None and is_verified())
