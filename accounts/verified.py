"""What only administrators open asks for a second factor that was shown in this session (REQUIRE_ADMIN_MFA)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.second_factor import has_shown
from accounts.signed_in import SignedInRequest

View = Callable[..., HttpResponse]


def asks_for_factor(view: View) -> View:
    """Stands below `page`: an invite would otherwise be a way around the administration's door."""

    @wraps(view)
    def guarded(request: SignedInRequest, *arguments: Any, **keywords: Any) -> HttpResponse:
        if settings.REQUIRE_ADMIN_MFA and not has_shown(request, request.user):
            return lead_to_factor(request, request.get_full_path() if request.method == "GET" else "/")
        return view(request, *arguments, **keywords)

    return guarded


def lead_to_factor(request: SignedInRequest, target: str) -> HttpResponse:
    """To where the user shows their second factor, and on to `target`; or to where they enrol one."""
    kinds = set(Authenticator.objects.filter(user=request.user).values_list("type", flat=True))
    if Authenticator.Type.TOTP in kinds:
        return redirect_to_login(target, reverse("mfa_reauthenticate"))
    if Authenticator.Type.WEBAUTHN in kinds:
        return redirect_to_login(target, reverse("mfa_reauthenticate_webauthn"))
    messages.warning(request, _("Administrators need a second factor. Add one here, then come back."))
    return redirect("mfa_index")
