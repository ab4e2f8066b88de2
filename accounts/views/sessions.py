"""Where somebody is signed in, and how to end it."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.contrib.auth import logout
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.audit.recording import Action, record
from accounts.pages import page
from accounts.scopes import SESSION
from accounts.sessions.store import end, end_all, key_hash, sessions_of
from accounts.signed_in import SignedInRequest


@page(SESSION)
@require_GET
def sessions(request: SignedInRequest) -> HttpResponse:
    here = key_hash(request.session.session_key or "")
    return render(request, "accounts/sessions.html", {"sessions": sessions_of(request.user), "here": here})


@page(SESSION)
@require_POST
def end_session(request: SignedInRequest, public_id: uuid.UUID) -> HttpResponse:
    with transaction.atomic():
        if not end(request.user, public_id):
            raise Http404
        record(Action.SESSION_ENDED, actor=request.user, target=request.user, request=request)
    messages.success(request, _("That device is signed out."))
    return redirect("accounts:sessions")


@page(SESSION)
@require_POST
def end_all_sessions(request: SignedInRequest) -> HttpResponse:
    """Here, too: whoever suspects a thief should not have to trust any of them."""
    user = request.user
    with transaction.atomic():
        record(Action.SESSIONS_ENDED, actor=user, target=user, request=request, sessions=end_all(user))
    logout(request)
    messages.success(request, _("You are signed out everywhere. Sign in again to go on."))
    return redirect("account_login")
