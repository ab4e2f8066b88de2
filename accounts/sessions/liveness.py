"""Whether what opened a socket would still open it: sockets outlive the request that let them in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from accounts import keys
from accounts.access import granted
from accounts.models import ApiKey, User
from accounts.scopes import Scope
from accounts.sessions import store


def still_valid(scope: Mapping[str, Any], needs: Scope) -> bool:
    """Reads anew what a connection's user came with: the key or the session, the account and its role."""
    came_with = scope.get("auth")
    if isinstance(came_with, ApiKey):
        key = ApiKey.objects.select_related("owner").filter(id=came_with.id).first()
        return key is not None and keys.is_alive(key, now=timezone.now()) and needs in granted(key.owner, key)
    user = User.objects.filter(pk=scope["user"].pk).first()
    session_key = scope["session"].session_key
    if user is None or session_key is None or not store.is_alive(session_key, user):
        return False
    return needs in granted(user, None)
