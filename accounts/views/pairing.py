"""The computer's side of signing in a phone: the code, and the question whether it is yours."""

from __future__ import annotations

from typing import Any

import qrcode
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.http.request import split_domain_port
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from qrcode.image.svg import SvgPathImage

from accounts import pairing
from accounts.errors import PairingRefused
from accounts.limits import Limit, by_address, take
from accounts.models import Pairing
from accounts.pages import page
from accounts.pairing import State
from accounts.scopes import SESSION
from accounts.second_factor.shown import shown_in
from accounts.sessions.store import key_hash
from accounts.signed_in import SignedInRequest

TOKEN = "pairing_token"  # noqa: S105 - its name in the session, which is sealed: so that reloading shows the code again
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


@page(SESSION)
@never_cache
@require_http_methods(["GET", "POST"])
def pair(request: SignedInRequest) -> HttpResponse:
    """Shows the code of this session; makes one when there is none that works, or another when asked to.

    Raises RateLimited.
    """
    found = pairing.of_desk(request.user, _desk_hash(request))
    if request.method == "POST" or found is None or not pairing.seconds_left(found):
        found = _make(request)
        if request.method == "POST":
            return redirect("accounts:pair")
    shown = _code(request) if pairing.state_of(found) == State.WAITING else ""
    return render(request, "accounts/pair.html", _described(found) | {"qr_svg": shown})


@page(SESSION)
@never_cache
@require_GET
def pair_state(request: SignedInRequest) -> HttpResponse:
    return JsonResponse(_described(_of_this_session(request)))


@page(SESSION)
@require_POST
def pair_confirm(request: SignedInRequest) -> HttpResponse:
    try:
        pairing.confirm(_of_this_session(request), by=request.user)
    except PairingRefused as error:
        messages.error(request, str(error))
    return redirect("accounts:pair")


@page(SESSION)
@require_POST
def pair_refuse(request: SignedInRequest) -> HttpResponse:
    pairing.refuse(_of_this_session(request), by=request.user)
    return redirect("accounts:pair")


def _make(request: SignedInRequest) -> Pairing:
    take(Limit.QR_BY_ADDRESS, by_address(request))
    factor = shown_in(request, request.user)
    made, token = pairing.show(request.user, desk_hash=_desk_hash(request), factor=factor)
    request.session[TOKEN] = token
    return made


def _of_this_session(request: SignedInRequest) -> Pairing:
    found = pairing.of_desk(request.user, _desk_hash(request))
    if found is None:
        raise Http404
    return found


def _desk_hash(request: SignedInRequest) -> str:
    return key_hash(request.session.session_key or "")


def _described(found: Pairing) -> dict[str, Any]:
    """The device is named once its owner has said yes there."""
    return {
        "state": pairing.state_of(found).value,
        "device": found.phone_device if found.accepted_at else "",
        "number": pairing.number_of(found) if found.accepted_at else "",
        "seconds_left": pairing.seconds_left(found),
    }


def _code(request: SignedInRequest) -> SafeString:
    """The token stands in the fragment, which browsers send to nobody: it is in no log and no Referer."""
    address = f"{_base_url(request)}{reverse('accounts:pair_phone')}#{request.session.get(TOKEN, '')}"
    drawn = qrcode.make(address, image_factory=SvgPathImage, border=2)
    svg: str = drawn.to_string(encoding="unicode")
    return mark_safe(svg)  # noqa: S308 - drawn here, of numbers


def _base_url(request: SignedInRequest) -> str:
    """As the computer reaches this server, but "localhost" means another machine to a phone."""
    host = split_domain_port(request.get_host())[0]
    return settings.BASE_URL if host in LOOPBACK else f"{request.scheme}://{request.get_host()}"
