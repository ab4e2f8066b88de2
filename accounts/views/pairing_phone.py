"""The phone's side of signing in by a scanned code. It is nobody yet: what it holds is a secret in its session."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_POST

from accounts import pairing
from accounts.errors import PairingRefused
from accounts.limits import Limit, by_address, take
from accounts.models import Pairing
from accounts.pairing import State
from accounts.second_factor.shown import count_as_shown

HELD = "pairing_phone"
TOKEN_MAX_CHARS = 64
View = Callable[[HttpRequest], HttpResponse]


def tells_refusals(view: View) -> View:
    """As the API does, for the page's script."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        try:
            return view(request)
        except PairingRefused as error:
            problem = {"type": "about:blank", "title": "Gone", "status": 410, "detail": str(error), "code": error.code}
            return JsonResponse(problem, status=410, content_type="application/problem+json")

    return guarded


@never_cache
@ensure_csrf_cookie
@require_GET
def pair_phone(request: HttpRequest) -> HttpResponse:
    """The same for everybody: the code is in the fragment, which only the page's script sees."""
    return render(request, "accounts/pair_phone.html")


@never_cache
@require_POST
@tells_refusals
def pair_claim(request: HttpRequest) -> HttpResponse:
    """Raises RateLimited."""
    take(Limit.QR_BY_ADDRESS, by_address(request))
    claimed = pairing.claim(_token(request), request.session.visitor)  # type: ignore[attr-defined]
    request.session[HELD] = [str(claimed.pairing.id), claimed.secret]
    return JsonResponse(_described(request, claimed.pairing))


@never_cache
@require_POST
@tells_refusals
def pair_accept(request: HttpRequest) -> HttpResponse:
    found = _held(request)
    pairing.accept(found)
    return JsonResponse(_described(request, _held(request)))


@never_cache
@require_GET
def pair_phone_state(request: HttpRequest) -> HttpResponse:
    return JsonResponse(_described(request, _held(request)))


@require_POST
@tells_refusals
def pair_finish(request: HttpRequest) -> HttpResponse:
    """Signs the phone in: a session of its own, which counts as verified when the computer's does."""
    found = _held(request)
    user = pairing.finish(found)
    request.session.flush()
    login(request, user, backend="accounts.backends.PasswordBackend")
    if found.factor is not None:
        count_as_shown(request, user, found.factor)
    return redirect("jobs:home")


def _token(request: HttpRequest) -> str:
    try:
        token = json.loads(request.body)["token"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return token if isinstance(token, str) and token.isascii() and len(token) <= TOKEN_MAX_CHARS else ""


def _held(request: HttpRequest) -> Pairing:
    found = pairing.of_phone(*request.session.get(HELD, ["", ""])) if HELD in request.session else None
    if found is None:
        raise Http404
    return found


def _described(request: HttpRequest, found: Pairing) -> dict[str, Any]:
    state = pairing.state_of(found)
    return {
        "state": "claimed" if state == State.WAITING else state.value,
        "server": request.get_host(),
        "username": found.user.get_username(),
        "device": found.phone_device,
        "number": pairing.number_of(found),
        "seconds_left": pairing.seconds_left(found),
    }
