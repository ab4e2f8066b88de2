"""Is it alive, and can it work: for load balancers, compose files and people."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache

from jobs import drain
from jobs.transport import admission


@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """503 while anything a dub needs is missing; each check says `ok` or what is wrong."""
    checks = {name: check() for name, check in CHECKS.items()}
    is_ready = all(answer == "ok" for answer in checks.values())
    return JsonResponse(
        {"ready": is_ready, "checks": checks, "egress": "allowed" if settings.ALLOW_EGRESS else "refused"},
        status=200 if is_ready else 503,
    )


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "the database does not answer"
    return "ok"


def _disk() -> str:
    if not os.access(settings.MEDIA_ROOT, os.W_OK):
        return "the media folder cannot be written"
    if shutil.disk_usage(settings.MEDIA_ROOT).free < settings.FREE_SPACE_RESERVE_BYTES:
        return "too little free space"
    return "ok"


def _ffmpeg() -> str:
    missing = [tool for tool in ("ffmpeg", "ffprobe") if shutil.which(tool) is None]
    return f"not installed: {', '.join(missing)}" if missing else "ok"


def _draining() -> str:
    return "the server is being stopped" if drain.is_requested() else "ok"


def _queue() -> str:
    return "ok" if admission.has_transport() else "Redis does not answer"


CHECKS: dict[str, Callable[[], str]] = {
    "draining": _draining,
    "database": _database,
    "queue": _queue,
    "disk": _disk,
    "ffmpeg": _ffmpeg,
}
