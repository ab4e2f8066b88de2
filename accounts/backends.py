"""Who signs in with a name and a password."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.http import HttpRequest

from accounts.models import User
from accounts.selectors import account_named


class PasswordBackend(AuthenticationBackend):
    """One password is hashed a try, whatever was named, so that the time of an answer does not tell what exists.

    Django's and allauth's own, one after the other, hash two for most names, and three for an address that is known.
    """

    def _authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        named = account_named(name_in(credentials))
        found: User | None = self._check_password(named, credentials["password"])
        return found


def name_in(credentials: dict[str, Any]) -> str:
    """What somebody gave as the name of their account: allauth says twice what looks like an address."""
    return str(credentials.get("username") or credentials.get("email") or "")
