"""The ASGI application: pages and API over HTTP, job events over WebSockets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import IO, Any

import django
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.sessions import SessionMiddlewareStack
from django.core.handlers.asgi import ASGIHandler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dubbing_site.settings")
django.setup(set_prefix=False)  # before anything that needs models

from accounts.sockets import SignedInSockets  # noqa: E402
from dubbing_site.origins import SameOrigin  # noqa: E402
from dubbing_site.remote.edge import Edge, door  # noqa: E402
from dubbing_site.web_server import ARRIVING_BODY  # noqa: E402
from jobs.sockets import websocket_urlpatterns  # noqa: E402


class SiteHandler(ASGIHandler):
    """Django's, but a body that the server hands over while it arrives is what the request reads."""

    def create_request(self, scope: Mapping[str, Any], body_file: IO[bytes]) -> Any:
        return super().create_request(scope, scope.get("extensions", {}).get(ARRIVING_BODY, body_file))


application = Edge(
    ProtocolTypeRouter(
        {
            "http": SiteHandler(),
            "websocket": SameOrigin(SessionMiddlewareStack(SignedInSockets(URLRouter(websocket_urlpatterns)))),
        }
    ),
    door(),
)
