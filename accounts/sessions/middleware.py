"""Sessions learn where they are used from."""

from __future__ import annotations

from django.contrib.sessions import middleware
from django.http import HttpRequest

from accounts.sessions.devices import device_name
from accounts.sessions.store import Visitor


class SessionMiddleware(middleware.SessionMiddleware):
    """Django's, and the session knows its visitor."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.session.visitor = Visitor(  # type: ignore[attr-defined]
            address=request.META.get("REMOTE_ADDR", "")[:45], device=device_name(request.headers.get("User-Agent", ""))
        )
