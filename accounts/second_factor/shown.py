"""Whether a session has shown a second factor."""

from __future__ import annotations

from functools import partial
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication  # it has no public name
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django_otp.middleware import OTPMiddleware

from accounts.models import User


def shown_in(request: HttpRequest, user: User) -> Authenticator | None:
    """The authenticator that this session has shown, as long as it is enrolled."""
    shown = [record["id"] for record in get_authentication_records(request, user) if record.get("method") == "mfa"]
    return Authenticator.objects.filter(user=user, pk__in=shown).first() if shown else None


def has_shown(request: HttpRequest, user: User | AnonymousUser) -> bool:
    return isinstance(user, User) and shown_in(request, user) is not None


def count_as_shown(request: HttpRequest, user: User, authenticator: Authenticator) -> None:
    """From now on this session is verified: it has just enrolled the authenticator, or has the word of one that did.

    That is no sign of who sits there now: what asks for the password or a code again still does.
    """
    record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type)


class VerifiedMiddleware(OTPMiddleware):
    """django-otp's `user.is_verified()` over allauth's authenticators: one enrolment serves both."""

    def _verify_user_sync(self, request: HttpRequest, user: Any) -> Any:
        user.is_verified = partial(has_shown, request, user)
        return user

    async def _verify_user_async_via_auser(self, request: HttpRequest, auser: Any) -> Any:
        return self._verify_user_sync(request, await auser())
