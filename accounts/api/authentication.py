"""How API callers show who they are."""

from __future__ import annotations

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import authentication
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

from accounts.models import User


class SessionAuthentication(authentication.SessionAuthentication):
    """The browser's session. Unlike DRF's own it answers 401, not 403, to somebody who is not signed in."""

    def authenticate_header(self, request: Request) -> str:
        return "Session"


def signed_in(request: Request) -> User:
    """The user of a request that passed IsAuthenticated. Raises NotAuthenticated for any other."""
    if not isinstance(request.user, User):
        raise NotAuthenticated
    return request.user


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = SessionAuthentication
    name = "session"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
