"""Recording what happened for those who must be able to look it up: the one way into the audit trail.

An entry is written in the caller's transaction: an act that is rolled back leaves none, and an act whose entry cannot
be written fails. It names things by kind and id, never by title or file name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import structlog
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model
from django.dispatch import receiver
from django.http import HttpRequest
from django_structlog.signals import bind_extra_request_metadata

from accounts.audit.actions import Action, Outcome
from accounts.models import AuditEntry, User

__all__ = ["Action", "Outcome", "record"]

logger = structlog.get_logger(__name__)
DETAILS_MAX_BYTES = 4096
TEXT_MAX_CHARS = 500
SECRET_NAMES = ("password", "secret", "token", "cookie", "authorization", "recovery_code", "totp")
HIDDEN = "…"


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where a request came from; good while structlog is bound to the same request."""

    request_id: str
    address: str
    user_agent: str


_origin: ContextVar[_Origin | None] = ContextVar("audit_origin", default=None)


def record(
    action: Action,
    *,
    actor: User | None,
    target: Model | None = None,
    request: HttpRequest | None = None,
    **details: Any,
) -> AuditEntry:
    """Writes one entry. `actor` is who did it, None for nobody who is known and for the site itself.

    `target` is what it was done to; record a removal before it. Where from comes from `request`, otherwise from the
    request being answered. `details` are small facts (JSON); titles, file names and secrets do not belong there.
    """
    bound = structlog.contextvars.get_contextvars()
    origin = _origin_of(request, bound)
    entry = AuditEntry.objects.create(
        action=action,
        outcome=action.outcome,
        actor_id=actor.pk if actor else None,
        actor_name=actor.get_username() if actor else "",
        key_id=str(bound.get("key_id") or "")[:40],
        object_type=target._meta.label_lower if target is not None else "",
        object_id=str(target.pk) if target is not None else "",
        address=origin.address,
        user_agent=origin.user_agent,
        request_id=origin.request_id,
        details=bounded(details),
    )
    logger.info("audited", action=action.value, object_type=entry.object_type, object_id=entry.object_id)
    return entry


def bounded(details: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON keeps it, without what is named like a secret, in at most DETAILS_MAX_BYTES."""
    kept = {name: HIDDEN if _is_secret(name) else _shortened(value) for name, value in details.items()}
    text = json.dumps(kept, cls=DjangoJSONEncoder)
    if len(text.encode()) > DETAILS_MAX_BYTES:
        return {"too_long": sorted(name[:40] for name in kept)[:50]}
    told: dict[str, Any] = json.loads(text)
    return told


@receiver(bind_extra_request_metadata, dispatch_uid="audit origin")
def remember_origin(request: HttpRequest, **_more: Any) -> None:
    """So that services that see no request can say where an act came from, and log lines the same address."""
    request_id = str(structlog.contextvars.get_contextvars().get("request_id", ""))
    origin = _described(request, request_id)
    _origin.set(origin)
    structlog.contextvars.bind_contextvars(ip=origin.address)  # what structlog finds by itself can be forged


def _origin_of(request: HttpRequest | None, bound: Mapping[str, Any]) -> _Origin:
    request_id = str(bound.get("request_id", ""))
    if request is not None:
        return _described(request, request_id)
    remembered = _origin.get()
    if remembered is not None and remembered.request_id == request_id:
        return remembered
    return _Origin(request_id, "", "")


def _described(request: HttpRequest, request_id: str) -> _Origin:
    """The address is the client's: `dubbing_site` puts it there, whatever proxies stand between."""
    address, user_agent = request.META.get("REMOTE_ADDR", ""), request.META.get("HTTP_USER_AGENT", "")
    return _Origin(request_id, str(address)[:45], str(user_agent)[:255])


def _is_secret(name: str) -> bool:
    return any(secret in name.lower() for secret in SECRET_NAMES)


def _shortened(value: Any) -> Any:
    return value if not isinstance(value, str) or len(value) <= TEXT_MAX_CHARS else f"{value[:TEXT_MAX_CHARS]}…"
