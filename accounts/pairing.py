"""Signing in a phone by scanning a code.

The computer shows a code (`show`), a phone takes it (`claim`: the first does, no other can), its owner says yes there
(`accept`), then here, after seeing which device it is (`confirm`). Only then the phone gets a session (`finish`).
Each step is one conditional UPDATE: of two who try at once, one is told no.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit.recording import Action, record
from accounts.errors import PairingRefused
from accounts.models import Pairing, User
from accounts.services import TOKEN_BYTES, token_hash
from accounts.sessions.store import Visitor, alive

VALID_FOR = timedelta(minutes=2)


class State(StrEnum):
    WAITING = "waiting"
    SCANNED = "scanned"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Claimed:
    """`secret` stays in the phone's own session: with it, and nothing else, the phone goes on."""

    pairing: Pairing
    secret: str


def show(
    user: User, *, desk_hash: str, factor: Authenticator | None, now: datetime | None = None
) -> tuple[Pairing, str]:
    """A new code with its token. Earlier codes of this session stop working; what is long over is forgotten."""
    now = now or timezone.now()
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with transaction.atomic():
        Pairing.objects.filter(desk_hash=desk_hash, finished_at=None).delete()
        Pairing.objects.filter(expires_at__lt=now - timedelta(days=1)).delete()
        made = Pairing.objects.create(
            token_hash=token_hash(token),
            user=user,
            desk_hash=desk_hash,
            factor=factor,
            created_at=now,
            expires_at=now + VALID_FOR,
        )
        record(Action.QR_SHOWN, actor=user, target=user)
    return made, token


def claim(token: str, phone: Visitor, *, now: datetime | None = None) -> Claimed:
    """Raises PairingRefused: the code is unknown, too old, or another device was first."""
    secret = secrets.token_urlsafe(TOKEN_BYTES)
    bound = {"phone_hash": token_hash(secret), "phone_device": phone.device, "phone_address": phone.address}
    mine = _open(now).filter(token_hash=token_hash(token), phone_hash="")
    if not mine.update(**bound):
        known = Pairing.objects.filter(token_hash=token_hash(token)).first()
        refuse_loudly(known, "used before" if known and known.phone_hash else "unknown or too old")
    return Claimed(Pairing.objects.select_related("user").get(token_hash=token_hash(token)), secret)


def accept(pairing: Pairing, *, now: datetime | None = None) -> None:
    """The phone's owner wants it. Raises PairingRefused."""
    if not _open(now).filter(pk=pairing.pk, accepted_at=None).update(accepted_at=now or timezone.now()):
        refuse_loudly(pairing, "accepted too late")


def confirm(pairing: Pairing, *, by: User, now: datetime | None = None) -> None:
    """The computer's owner knows the device. Raises PairingRefused."""
    with transaction.atomic():
        done = _open(now).filter(pk=pairing.pk, accepted_at__isnull=False).update(confirmed_at=now or timezone.now())
        if done:
            device, address = pairing.phone_device, pairing.phone_address
            record(Action.QR_CONFIRMED, actor=by, target=by, device=device, phone_address=address)
    if not done:
        refuse_loudly(pairing, "confirmed too late")


def refuse(pairing: Pairing, *, by: User, now: datetime | None = None) -> None:
    """The computer's owner does not know the device, or changed their mind."""
    with transaction.atomic():
        if _open(now).filter(pk=pairing.pk).update(refused_at=now or timezone.now()):
            record(Action.QR_REFUSED, actor=by, target=by, reason="refused", device=pairing.phone_device)


def finish(pairing: Pairing, *, now: datetime | None = None) -> User:
    """Whom the phone may be signed in as: told once, while the computer is still signed in. Raises PairingRefused."""
    at = now or timezone.now()
    # Without a join, which PostgreSQL would not look at again for whoever comes second.
    ready = Pairing.objects.filter(pk=pairing.pk, confirmed_at__isnull=False, finished_at=None, expires_at__gt=at)
    desk = alive(now).filter(session_key=pairing.desk_hash, user=pairing.user, user__is_active=True)
    if not desk.exists() or not ready.update(finished_at=at):
        refuse_loudly(pairing, "finished too late or twice")
    return pairing.user


def state_of(pairing: Pairing, *, now: datetime | None = None) -> State:
    if pairing.refused_at:
        return State.REFUSED
    if pairing.confirmed_at:
        return State.CONFIRMED
    if pairing.expires_at <= (now or timezone.now()):
        return State.EXPIRED
    return State.SCANNED if pairing.accepted_at else State.WAITING


def seconds_left(pairing: Pairing, *, now: datetime | None = None) -> int:
    return max(0, int((pairing.expires_at - (now or timezone.now())).total_seconds()))


def number_of(pairing: Pairing) -> str:
    """Two digits that both screens show: another phone of the same kind, which was quicker, has others."""
    return f"{int(pairing.phone_hash[:8], 16) % 100:02}" if pairing.phone_hash else ""


def of_desk(user: User, desk_hash: str) -> Pairing | None:
    """The newest code of this session."""
    return Pairing.objects.filter(user=user, desk_hash=desk_hash).first()


def of_phone(pairing_id: str, secret: str) -> Pairing | None:
    found = Pairing.objects.select_related("user", "factor")
    return found.filter(pk=pairing_id, phone_hash=token_hash(secret)).first()


def refuse_loudly(pairing: Pairing | None, reason: str) -> None:
    """Raises PairingRefused, always; the audit trail gets the reason, the one who tried does not."""
    record(Action.QR_REFUSED, actor=None, target=pairing.user if pairing else None, reason=reason)
    raise PairingRefused(_("This code no longer works. Make a new one on your computer and scan it."))


def _open(now: datetime | None) -> QuerySet[Pairing]:
    return Pairing.objects.filter(expires_at__gt=now or timezone.now(), confirmed_at=None, refused_at=None)
