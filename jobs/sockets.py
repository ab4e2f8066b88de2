"""WebSocket routes."""

from __future__ import annotations

from django.urls import path, re_path

from jobs.consumers import JobEvents, NoSuchSocket

websocket_urlpatterns = [
    path("ws/jobs/<uuid:job_id>/", JobEvents.as_asgi()),
    re_path(r"", NoSuchSocket.as_asgi()),
]
