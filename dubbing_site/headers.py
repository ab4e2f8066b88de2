"""Headers of every answer that Django and django-csp have no settings for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

# What the pages use stays as it is: playing, full screen, the clipboard, sharing, passkeys, keeping the screen on.
UNUSED = (
    "accelerometer",
    "bluetooth",
    "browsing-topics",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "hid",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "serial",
    "usb",
)
ALWAYS = {
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in UNUSED),
    "Cross-Origin-Resource-Policy": "same-origin",
}


@sync_and_async_middleware
def security_headers(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Both kinds, so that no request changes threads for it."""
    if iscoroutinefunction(get_response):

        async def answer(request: HttpRequest) -> HttpResponseBase:
            return _with_headers(request, await get_response(request))

        return answer

    def answer_at_once(request: HttpRequest) -> HttpResponseBase:
        return _with_headers(request, get_response(request))

    return answer_at_once


def _with_headers(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    for name, value in ALWAYS.items():
        response.headers.setdefault(name, value)
    if settings.SESSION_COOKIE_NAME in request.COOKIES or "Authorization" in request.headers:
        # What is somebody's own stays in no cache, unless the view says how it may.
        response.headers.setdefault("Cache-Control", "private, no-store")
    return response
