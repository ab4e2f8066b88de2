"""Sessions that a copy of the database does not give away, and that their owner can see and end.

Django's own keep the cookie's value and readable data. allauth.usersessions lists and ends sessions, but keeps the
cookie's value in clear, too.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import Session, User
from accounts.sealing import CannotUnseal, Purpose, seal, unseal

SEEN_EVERY = timedelta(minutes=1)
IDLE_FOR = timedelta(days=7)
AT_MOST = timedelta(days=30)
STRANGERS_FOR = timedelta(days=1)  # so that whoever asks for many pages without a cookie fills no disk


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who holds the session's cookie, as far as the connection tells."""

    address: str = ""
    device: str = ""


def key_hash(session_key: str) -> str:
    """No slow hash: the keys are random, of 165 bits, so that there is nothing to guess."""
    return hashlib.sha256(session_key.encode()).hexdigest()


def alive(now: datetime | None = None) -> QuerySet[Session]:
    """Sessions that still open the door: not used for a week, or a month old, they end."""
    now = now or timezone.now()
    return Session.objects.filter(expire_date__gt=now, last_seen_at__gt=now - IDLE_FOR, created_at__gt=now - AT_MOST)


def is_alive(session_key: str, user: User) -> bool:
    """Whether the cookie's value still signs this user in."""
    return alive().filter(session_key=key_hash(session_key), user=user).exists()


class SessionStore(DatabaseSessionStore):
    """Django's database store over `Session`; `visitor` is set by `accounts.sessions.middleware.SessionMiddleware`."""

    visitor = Visitor()

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def encode(self, session_dict: dict[str, Any]) -> str:
        return seal(json.dumps(session_dict, separators=(",", ":")), Purpose.SESSION)

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        try:
            data: dict[str, Any] = json.loads(unseal(str(session_data), Purpose.SESSION))
        except CannotUnseal:  # SECRET_KEY was changed: as Django's own, this session is over
            return {}
        return data

    def load(self) -> dict[str, Any]:
        row = alive().filter(session_key=key_hash(self.session_key)).first() if self.session_key else None
        if row is None:
            self._session_key = None
            return {}
        self._mark_seen(row)
        return self.decode(row.session_data)

    def exists(self, session_key: str) -> bool:
        return Session.objects.filter(session_key=key_hash(session_key)).exists()

    def save(self, must_create: bool = False) -> None:
        """Raises UpdateError when the session has been ended meanwhile: saving does not bring it back."""
        if self.session_key is None:
            return self.create()
        data: dict[str, Any] = self._get_session(no_load=must_create)  # type: ignore[attr-defined]
        user_id = _user_id(data)
        expires = self.get_expiry_date() if user_id else timezone.now() + STRANGERS_FOR
        fields = {"session_data": self.encode(data), "expire_date": expires, "user_id": user_id}
        if must_create:
            self._insert(fields)
        elif not Session.objects.filter(session_key=key_hash(self.session_key)).update(**fields):
            raise UpdateError

    def _insert(self, fields: dict[str, Any]) -> None:
        about = {"address": self.visitor.address, "device": self.visitor.device}
        try:
            with transaction.atomic():
                Session.objects.create(session_key=key_hash(self.session_key or ""), **fields, **about)
        except IntegrityError as error:
            raise CreateError from error

    def delete(self, session_key: str | None = None) -> None:
        if key := session_key or self.session_key:
            Session.objects.filter(session_key=key_hash(key)).delete()

    def _mark_seen(self, row: Session) -> None:
        now = timezone.now()
        seen: dict[str, Any] = {"last_seen_at": now}
        if self.visitor.address:
            seen |= {"address": self.visitor.address, "device": self.visitor.device}
        if row.last_seen_at < now - SEEN_EVERY:
            Session.objects.filter(session_key=row.session_key, last_seen_at=row.last_seen_at).update(**seen)

    async def aload(self) -> dict[str, Any]:
        data: dict[str, Any] = await sync_to_async(self.load)()
        return data

    async def aexists(self, session_key: str) -> bool:
        return await sync_to_async(self.exists)(session_key)

    async def asave(self, must_create: bool = False) -> None:
        await sync_to_async(self.save)(must_create)

    async def acreate(self) -> None:
        await sync_to_async(self.create)()

    async def adelete(self, session_key: str | None = None) -> None:
        await sync_to_async(self.delete)(session_key)

    @classmethod
    def clear_expired(cls) -> None:
        now = timezone.now()
        over = Q(expire_date__lte=now) | Q(last_seen_at__lte=now - IDLE_FOR) | Q(created_at__lte=now - AT_MOST)
        Session.objects.filter(over).delete()

    @classmethod
    async def aclear_expired(cls) -> None:
        await sync_to_async(cls.clear_expired)()


def sessions_of(user: User) -> QuerySet[Session]:
    return alive().filter(user=user)


def end(user: User, public_id: uuid.UUID) -> bool:
    """Whether there was such a session of this user."""
    return bool(sessions_of(user).filter(public_id=public_id).delete()[0])


def end_all(user: User, *, but: str | None = None) -> int:
    """How many ended. `but` is the key of the one that stays."""
    rows = Session.objects.filter(user=user)
    if but is not None:
        rows = rows.exclude(session_key=key_hash(but))
    return rows.delete()[0]


def _user_id(data: dict[str, Any]) -> uuid.UUID | None:
    return uuid.UUID(data[SESSION_KEY]) if SESSION_KEY in data else None
