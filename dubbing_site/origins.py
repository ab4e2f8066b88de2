"""WebSockets only from pages of this site.

Browsers send cookies with any page's socket and do not ask first, so the Origin they name is checked. A client
without an Origin is no browser and carries no borrowed cookies.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from channels.security.websocket import WebsocketDenier
from django.conf import settings


class SameOrigin:
    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        headers = dict(scope["headers"])
        origin = headers.get(b"origin", b"").decode("latin1")
        if origin and not is_ours(origin, headers.get(b"host", b"").decode("latin1")):
            return await WebsocketDenier()(scope, receive, send)
        return await self.application(scope, receive, send)


def is_ours(origin: str, host: str) -> bool:
    """`host` is the request's Host header: what the browser's address bar says, unless a proxy rewrites it."""
    return origin in settings.CSRF_TRUSTED_ORIGINS or urlsplit(origin).netloc == host
