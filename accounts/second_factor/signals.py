"""What allauth announces about second factors, where more depends on it than the audit trail."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.models import User
from accounts.second_factor.codes import advance, current_counter
from accounts.second_factor.shown import count_as_shown


@receiver(authenticator_added, dispatch_uid="second factor enrolled")
def take_in_factor(request: HttpRequest, user: User, authenticator: Authenticator, **_more: Any) -> None:
    """Who enrols has just shown it, and the code they showed is used up."""
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        return
    if authenticator.type == Authenticator.Type.TOTP:
        advance(authenticator, current_counter())
    count_as_shown(request, user, authenticator)
