"""The way to the second factor, for administrators who have not shown theirs in this session."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.signed_in import SignedInRequest


def lead_to_factor(request: SignedInRequest, target: str) -> HttpResponse:
    """To where the user shows their second factor, and on to `target`; or to where they enrol one."""
    kinds = set(Authenticator.objects.filter(user=request.user).values_list("type", flat=True))
    if Authenticator.Type.TOTP in kinds:
        return redirect_to_login(target, reverse("mfa_reauthenticate"))
    if Authenticator.Type.WEBAUTHN in kinds:
        return redirect_to_login(target, reverse("mfa_reauthenticate_webauthn"))
    messages.warning(request, _("Administrators need a second factor. Add one here, then come back."))
    return redirect("mfa_index")
