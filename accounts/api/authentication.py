"""How programs show who they are. Pages of this site come with their session: DRF's own authentication."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.request import Request

from accounts.api.permissions import HasScope, declared_scope
from accounts.errors import KeyRefused
from accounts.keys import key_of
from accounts.models import ApiKey, User
from accounts.scopes import needed

BEARER = 'Bearer realm="api"'


class BadKey(AuthenticationFailed):
    default_code = KeyRefused.code


class KeyAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer dub_…` (RFC 6750). A bad key is refused, whatever session comes with it."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        """Raises BadKey and RateLimited."""
        try:
            key = key_of(request._request, now=timezone.now())
        except KeyRefused as error:
            raise BadKey(str(error)) from error
        return (key.owner, key) if key else None

    def authenticate_header(self, request: Request) -> str:
        return f'{BEARER}, error="invalid_token"' if "HTTP_AUTHORIZATION" in request.META else BEARER


def signed_in(request: Request) -> User:
    """The user of a request that passed `HasScope`. Raises NotAuthenticated for any other."""
    if not isinstance(request.user, User):
        raise NotAuthenticated
    return request.user


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """With the scopes that an operation needs, as OpenAPI 3.1 lets any scheme have them."""

    target_class = KeyAuthentication
    name = "key"

    def get_security_requirement(self, auto_schema: Any) -> dict[str, list[Any]] | list[dict[str, list[Any]]]:
        """Nothing where a key is of no use."""
        if not any(isinstance(permission, HasScope) for permission in auto_schema.view.get_permissions()):
            return {self.name: []}
        scope = needed(declared_scope(auto_schema.view), auto_schema.method)
        return {self.name: [scope.value]} if scope else []

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "dub_<id>_<secret>"}
