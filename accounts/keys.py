"""API keys: made by a person, shown once, used by programs as `Authorization: Bearer dub_<id>_<secret>`.

The secret is random (192 bits), so that its plain SHA-256 is kept: what makes a slow hash necessary is that people's
passwords can be guessed, and this cannot; every request would pay for it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from accounts.access import reachable, require
from accounts.audit.recording import Action, record
from accounts.errors import KeyRefused, TooManyKeys
from accounts.limits import Limit, by_address, take
from accounts.models import ApiKey, User
from accounts.scopes import Scope

AT_MOST = 20  # of one user
SECRET_BYTES = 24
USE_NOTED_EVERY = timedelta(minutes=1)
_NOBODYS = hashlib.sha256(secrets.token_bytes(SECRET_BYTES)).hexdigest()


@dataclass(frozen=True, slots=True)
class NewKey:
    """`text` is what its owner copies now or never."""

    key: ApiKey
    text: str = field(repr=False)


def visible_keys(user: User | AnonymousUser) -> QuerySet[ApiKey]:
    return reachable(user, ApiKey.objects.all())


def get_key(user: User | AnonymousUser, key_id: UUID) -> ApiKey:
    """Raises ApiKey.DoesNotExist, also for somebody else's."""
    return visible_keys(user).get(id=key_id)


@transaction.atomic
def make_key(owner: User, name: str, scopes: Collection[Scope], *, expires_at: datetime | None) -> NewKey:
    """Raises what `access.require` does for scopes that the owner, in this session, does not have; and TooManyKeys."""
    for scope in sorted(set(scopes)):
        require(scope, "POST", owner, None)
    owner = User.objects.select_for_update(no_key=True).get(pk=owner.pk)  # of two at once, the second sees the first
    if ApiKey.objects.filter(owner=owner).count() >= AT_MOST:
        raise TooManyKeys(_("You have %(count)s API keys; revoke one first.") % {"count": AT_MOST})
    secret = secrets.token_hex(SECRET_BYTES)
    key = ApiKey.objects.create(
        owner=owner, name=name, scopes=sorted(set(scopes)), secret_sha256=_sha256(secret), expires_at=expires_at
    )
    record(Action.KEY_MADE, actor=owner, target=key, scopes=key.scopes, expires_at=expires_at)
    return NewKey(key, f"dub_{key.id.hex}_{secret}")


@transaction.atomic
def revoke_key(key: ApiKey, *, by: User) -> None:
    """It is refused from now on, and sockets that it opened are closed within seconds."""
    record(Action.KEY_REVOKED, actor=by, target=key)
    key.delete()


def key_of(request: HttpRequest, *, now: datetime) -> ApiKey | None:
    """The key that a request carries, None where it carries none.

    Raises KeyRefused, whatever is wrong with it, and RateLimited for an address that sent too many bad ones. A good
    key is never kept out: an address is shared, and the secret is too long to be guessed at any rate.
    """
    scheme, _space, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    try:
        key = authenticate(text.strip(), now=now)
    except KeyRefused as error:
        take(Limit.BAD_KEY_BY_ADDRESS, by_address(request))
        record(Action.KEY_REFUSED, actor=None, request=request, reason=error.reason)
        raise
    structlog.contextvars.bind_contextvars(key_id=str(key.id))
    _note_use(key, now)
    return key


def authenticate(text: str, *, now: datetime) -> ApiKey:
    """Raises KeyRefused. An unknown id costs what a wrong secret does."""
    key_id, secret = _parts(text)
    key = ApiKey.objects.select_related("owner").filter(id=key_id).first()
    is_right = constant_time_compare(_sha256(secret), key.secret_sha256 if key else _NOBODYS)
    if key is None:
        raise KeyRefused("unknown")
    if not is_right:
        raise KeyRefused("wrong")
    if not is_alive(key, now=now):
        raise KeyRefused("expired or its owner disabled")
    return key


def is_alive(key: ApiKey, *, now: datetime) -> bool:
    return key.owner.is_active and (key.expires_at is None or key.expires_at > now)


def _parts(text: str) -> tuple[UUID, str]:
    """Raises KeyRefused."""
    prefix, _first, rest = text.partition("_")
    key_id, _second, secret = rest.partition("_")
    try:
        if prefix != "dub" or not secret:
            raise ValueError
        return UUID(hex=key_id), secret
    except ValueError as error:
        raise KeyRefused("no key") from error


def _note_use(key: ApiKey, now: datetime) -> None:
    """Once a minute: a row written by every request would make readers wait for each other."""
    before = now - USE_NOTED_EVERY
    if key.last_used_at is None or key.last_used_at <= before:
        is_due = Q(last_used_at=None) | Q(last_used_at__lte=before)
        ApiKey.objects.filter(is_due, id=key.id).update(last_used_at=now)


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
