"""Codes that work once, whichever process is asked.

allauth keeps the authenticators. It marks a used code in the cache for one period, which forgets too early and may be
each process's own; here the last accepted counter stands in the authenticator's row.
"""

from __future__ import annotations

import time

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.db.models import Q

from accounts.sealing import Purpose, seal_again, unseal

LAST_COUNTER = "last_counter"
SEALED_FIELDS = ("secret", "seed")


def current_counter(now_s: float | None = None) -> int:
    """How many periods since 1970 (RFC 6238)."""
    period_s: int = app_settings.TOTP_PERIOD
    return int(time.time() if now_s is None else now_s) // period_s


def use_code(authenticator: Authenticator, code: str, *, now_s: float | None = None) -> bool:
    """Whether this code is accepted now for the first time.

    Of any number who ask at once, in whatever process, one is told yes: the counter is advanced by a single
    conditional UPDATE, and no counter is accepted twice or after a later one.
    """
    counter = _counter_of(authenticator, code, current_counter(now_s))
    return counter is not None and advance(authenticator, counter)


def advance(authenticator: Authenticator, counter: int) -> bool:
    """Whether the counter lay before this one; it no longer does."""
    earlier = Q(**{f"data__{LAST_COUNTER}__lt": counter}) | Q(**{f"data__{LAST_COUNTER}__isnull": True})
    data = authenticator.data | {LAST_COUNTER: counter}
    return bool(Authenticator.objects.filter(earlier, pk=authenticator.pk).update(data=data))


def _counter_of(authenticator: Authenticator, code: str, now: int) -> int | None:
    """The period before counts too: it may have ended since allauth accepted the code."""
    secret = unseal(authenticator.data["secret"], Purpose.SECOND_FACTOR)
    written = "".join(character for character in code if character.isdigit())
    return next((at for at in (now, now - 1) if format_hotp_value(hotp_value(secret, at)) == written), None)


def seal_all_again() -> int:
    """Secrets of every authenticator under the SECRET_KEY in use; how many rows. Raises CannotUnseal."""
    count = 0
    for authenticator in Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN).iterator():
        fresh = {
            field: seal_again(authenticator.data[field], Purpose.SECOND_FACTOR)
            for field in SEALED_FIELDS
            if field in authenticator.data
        }
        count += Authenticator.objects.filter(pk=authenticator.pk, data=authenticator.data).update(
            data=authenticator.data | fresh
        )
    return count
