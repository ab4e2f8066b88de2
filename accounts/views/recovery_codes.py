"""allauth's pages of recovery codes, at which a code that is used meanwhile stays used."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views
from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase


def _alone(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """The first look writes back all that it read, with the note that it was one: nobody uses a code until then.

    Using a code locks the same row.
    """

    @wraps(view)
    def shown(request: HttpRequest, **named: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:  # is led away; nobody need wait for that
            return view(request, **named)
        kept = Authenticator.objects.filter(user_id=request.user.pk, type=Authenticator.Type.RECOVERY_CODES)
        with transaction.atomic():
            kept.select_for_update().first()
            return view(request, **named)

    return shown


view_recovery_codes = _alone(views.view_recovery_codes)
download_recovery_codes = _alone(views.download_recovery_codes)
