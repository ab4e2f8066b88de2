"""The site as an app on a phone: its manifest, its service worker, and the page shown when there is no server."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.page_language import for_anybody

WORKER = Path("js/service_worker.js")
SHELL = (  # what the page without a server is made of
    "css/app.css",
    "js/app.js",
    "js/theme.js",
    "img/favicon.svg",
    "img/icons.svg",
    "fonts/figtree-latin.woff2",
)
ICONS = (
    ("img/icon-192.png", "192x192", "any"),
    ("img/icon-512.png", "512x512", "any"),
    ("img/icon-maskable-512.png", "512x512", "maskable"),
)
BACKGROUND = "#f4f7f6"  # while it starts; pages then say their own for light and dark
SHARED_TYPES = ("video/*", "audio/*")


@for_anybody
@require_safe
def manifest(request: HttpRequest) -> JsonResponse:
    """What a phone needs to install it and to list it under Share."""
    answer = {
        "id": "/",
        "name": "Dubbing Pipeline",
        "short_name": "Dubbing",
        "description": _("Your videos in another language, in time with the picture."),
        "lang": get_language(),
        "start_url": reverse("jobs:home"),
        "scope": "/",
        "display": "standalone",
        "background_color": BACKGROUND,
        "theme_color": BACKGROUND,
        "icons": [
            {"src": static(path), "sizes": sizes, "type": "image/png", "purpose": purpose}
            for path, sizes, purpose in ICONS
        ],
        "shortcuts": [{"name": _("New dub"), "url": reverse("jobs:new")}],
        "share_target": {
            "action": reverse("jobs:share"),
            "method": "POST",
            "enctype": "multipart/form-data",
            "params": {"title": "title", "files": [{"name": "file", "accept": list(SHARED_TYPES)}]},
        },
    }
    return JsonResponse(answer, content_type="application/manifest+json")


@for_anybody
@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """Rendered without the request, so that nothing of whoever asked can be in it."""
    return HttpResponse(render_to_string("offline.html"))


@for_anybody
@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """At the root, so that it may answer for the whole site; asked for anew each time browsers look for another one."""
    answer = HttpResponse(_worker_script(get_language()), content_type="text/javascript")
    answer["Cache-Control"] = "no-cache"
    return answer


@lru_cache(maxsize=64)
def _worker_script(language: str | None) -> bytes:
    """The script behind what it is to keep. Another look of the site makes another script: browsers then fetch both."""
    root = Path(settings.STATICFILES_DIRS[0])
    contents = [*((root / path).read_bytes() for path in SHELL), render_to_string("offline.html").encode()]
    shell = {
        "version": hashlib.sha256(b"".join(contents)).hexdigest()[:16],
        "offline": reverse("offline"),
        "share": reverse("jobs:share"),
        "start": reverse("jobs:new"),
        "assets": [static(path) for path in SHELL],
    }
    return f"self.SHELL = {json.dumps(shell)};\n".encode() + (root / WORKER).read_bytes()
