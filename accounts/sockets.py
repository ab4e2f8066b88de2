"""Sockets for those who may: by session or by API key, and only as long as that lives."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any, ClassVar
from uuid import UUID

import structlog
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, load_backend
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.db import DatabaseError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.access import granted
from accounts.errors import KeyRefused, RateLimited
from accounts.keys import key_of
from accounts.limits import Limit, take
from accounts.models import ApiKey, User
from accounts.scopes import Scope
from accounts.sessions.liveness import still_valid

logger = structlog.get_logger(__name__)
CHECKED_EVERY_S = 3.0
OPEN_AT_MOST = 30  # of one user in one process; each asks the database that often

NOT_SIGNED_IN = 4401
NOT_ALLOWED = 4403
TOO_MANY = 4429
SERVER_ERROR = 1011
_open: Counter[UUID] = Counter()  # sockets, by user


class SignedInSockets:
    """ASGI middleware within channels' `SessionMiddleware`: whose a socket is. One that brings an API key is its
    owner's, whatever session comes with it.
    """

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        return await self.application(scope | await _came_with(scope), receive, send)


class GuardedSocket(AsyncWebsocketConsumer):
    """Subclasses say which scope they need, and begin in `opened` instead of `connect`."""

    needs: ClassVar[Scope]

    async def connect(self) -> None:
        self._guard: asyncio.Task[None] | None = None
        await self.accept()  # a close code reaches the client only on an open socket
        refusal = await _refusal(self.scope, self.needs)
        if refusal is None and _open[self.scope["user"].pk] >= OPEN_AT_MOST:
            refusal = TOO_MANY
        if refusal is not None:
            await self.close(refusal)
            return
        _open[self.scope["user"].pk] += 1
        self._guard = asyncio.create_task(self._close_when_over())
        await self.opened()

    async def opened(self) -> None:
        raise NotImplementedError

    async def disconnect(self, code: int) -> None:
        if self._guard is not None:
            self._guard.cancel()
            _open.subtract([self.scope["user"].pk])
            if not _open[self.scope["user"].pk]:
                del _open[self.scope["user"].pk]

    async def _close_when_over(self) -> None:
        code = SERVER_ERROR  # also when it cannot be found out
        try:
            while await _still_valid(self.scope, self.needs):
                await asyncio.sleep(CHECKED_EVERY_S)
            code = NOT_SIGNED_IN
        except DatabaseError:
            logger.exception("socket_check_failed")
        await self.close(code)


@database_sync_to_async
def _came_with(scope: dict[str, Any]) -> dict[str, Any]:
    try:
        key = key_of(_as_request(scope), now=timezone.now())
    except (KeyRefused, RateLimited):
        return {"user": AnonymousUser(), "auth": None}
    return {"user": key.owner, "auth": key} if key else {"user": _holder(scope["session"]), "auth": None}


def _holder(session: SessionBase) -> User | AnonymousUser:
    """As Django's `get_user`, but nothing is changed: a socket cannot send the new cookie of a session that moves to a
    new SECRET_KEY, and channels' own would end the session then.
    """
    if session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return AnonymousUser()
    user = load_backend(session[BACKEND_SESSION_KEY]).get_user(session[SESSION_KEY])
    if not isinstance(user, User):
        return AnonymousUser()
    good = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    told = session.get(HASH_SESSION_KEY, "")
    return user if any(constant_time_compare(told, each) for each in good) else AnonymousUser()


def _as_request(scope: dict[str, Any]) -> HttpRequest:
    """What a key is looked for in, and where the audit trail finds who asked."""
    request, headers = HttpRequest(), dict(scope["headers"])
    request.META = {
        "HTTP_AUTHORIZATION": headers.get(b"authorization", b"").decode("latin1"),
        "HTTP_USER_AGENT": headers.get(b"user-agent", b"").decode("latin1"),
        "REMOTE_ADDR": (scope.get("client") or ("", 0))[0],
    }
    return request


@database_sync_to_async
def _refusal(scope: dict[str, Any], needs: Scope) -> int | None:
    """The close code for who may not open it."""
    user = scope["user"]
    if not isinstance(user, User):
        return NOT_SIGNED_IN
    auth = scope.get("auth")
    if needs not in granted(user, auth if isinstance(auth, ApiKey) else None):
        return NOT_ALLOWED
    try:
        take(Limit.SOCKET_BY_USER, str(user.pk))
    except RateLimited:
        return TOO_MANY
    return None


@database_sync_to_async
def _still_valid(scope: dict[str, Any], needs: Scope) -> bool:
    return still_valid(scope, needs)
