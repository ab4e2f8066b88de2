"""The real web server with views that do with a body what a test asks for: `python -m tests.web.receiving`."""

from __future__ import annotations

import gc
import hashlib
import json
import time
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig
from django.core.signals import request_finished
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from dubbing_site.web_server.arriving import READ_BYTES

LOOK_AGAIN_S = 0.01
earlier: ContextVar[str] = ContextVar("earlier", default="")


def place(name: str) -> Path:
    return Path(settings.DATA_DIR) / name


def digest(request: HttpRequest) -> HttpResponse:
    """Reads it to the end, wherever that is; kept in a file too, for clients that are gone."""
    size, seen, received_bytes, loss = int(request.GET.get("size", 65536)), hashlib.sha256(), 0, ""
    name = request.GET.get("name", "")
    place(f"{name}.reading").touch()
    try:
        while piece := request.read(size):
            seen.update(piece)
            received_bytes += len(piece)
    except (UnreadablePostError, BadRequest, RequestDataTooBig) as error:
        loss = str(error)
    if loss and "hold" in request.GET:
        wait_for(request.GET["hold"])
    answer = {"bytes": received_bytes, "sha256": seen.hexdigest(), "loss": loss}
    if name:
        place(f"{name}.part").write_text(json.dumps(answer))
        place(f"{name}.part").rename(place(name))
    return JsonResponse(answer, status=400 if loss else 200)


def unread(request: HttpRequest, status: int) -> HttpResponse:
    return JsonResponse({"status": status}, status=status)


def later(request: HttpRequest, name: str) -> HttpResponse:
    """Reads nothing until a file is there."""
    wait_for(name)
    return digest(request)


def in_memory(request: HttpRequest) -> HttpResponse:
    try:
        return JsonResponse({"bytes": len(request.body)})
    except RequestDataTooBig:  # the site's page that says so needs the site's addresses
        return JsonResponse({}, status=413)


def counted(request: HttpRequest) -> HttpResponse:
    received_bytes = 0
    while piece := request.read(READ_BYTES):
        received_bytes += len(piece)
    return JsonResponse({"bytes": received_bytes})


def form(request: HttpRequest) -> HttpResponse:
    [file] = request.FILES.values()
    seen = hashlib.sha256()
    for piece in file.chunks():  # type: ignore[union-attr]  # one file a field
        seen.update(piece)
    return JsonResponse({"note": request.POST["note"], "sha256": seen.hexdigest()})


def wait_for(name: str) -> None:
    place(f"{name}.waiting").touch()
    while not place(name).exists():
        time.sleep(LOOK_AGAIN_S)


def awaited(request: HttpRequest) -> HttpResponse:
    """Looks every few moments whether there is something to read, and counts in vain looks."""
    body: Any = request._stream
    received_bytes = vain_looks = 0
    try:
        while True:
            if not body.wait(LOOK_AGAIN_S):
                vain_looks += 1
            elif piece := request.read(READ_BYTES):
                received_bytes += len(piece)
            else:
                return JsonResponse({"bytes": received_bytes, "vain_looks": vain_looks, "loss": ""})
    except UnreadablePostError as error:
        return JsonResponse({"bytes": received_bytes, "vain_looks": vain_looks, "loss": str(error)})


def requests(request: HttpRequest) -> HttpResponse:
    """How many the server holds on to."""
    from dubbing_site.web_server.connections import PatientRequest

    gc.collect()
    return JsonResponse({"known": sum(type(thing) is PatientRequest for thing in gc.get_objects())})


def remembering(request: HttpRequest) -> HttpResponse:
    """What it finds of an earlier request."""
    found = earlier.get()
    earlier.set("an earlier request")
    return JsonResponse({"found": found} | json.loads(digest(request).content))


def note_the_end(**_: Any) -> None:
    with place("finished").open("a") as file:
        file.write("a request\n")


def route(pattern: str, view: Callable[..., HttpResponse]) -> Any:
    return path(pattern, csrf_exempt(view))


urlpatterns = [
    route("digest", digest),
    route("unread/<int:status>", unread),
    route("later/<str:name>", later),
    route("in-memory", in_memory),
    route("counted", counted),
    route("awaited", awaited),
    route("requests", requests),
    route("remembering", remembering),
    route("form", form),
    path("healthz", lambda request: HttpResponse("ok")),
]


def main() -> None:
    from dubbing_site import server

    settings.ROOT_URLCONF = "tests.web.receiving"
    # The site's own asks who sends the form.
    settings.FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
    request_finished.connect(note_the_end)
    server.main()


if __name__ == "__main__":
    main()
