"""The page that chooses a file of the server's own folders for a new dub."""

from __future__ import annotations

from itertools import accumulate

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.pages import page
from accounts.signed_in import SignedInRequest
from pipeline.errors import DubbingError
from uploads import importing, importing_folders
from uploads.errors import ImportNotFound, ImportOff, ImportUnreadable
from uploads.importing_folders import Entry

FILES_A_PAGE = 20


@page("uploads")
@never_cache
@require_http_methods(["GET", "POST"])
def choose(request: SignedInRequest) -> HttpResponse:
    """A folder's files; a chosen one becomes an upload that the page for a new dub fills."""
    if request.method == "POST":
        return _begin(request, request.GET.get("path", ""))
    folder, wanted = request.GET.get("folder", ""), request.GET.get("q", "").strip()
    entries = _entries(request, folder)
    found = [entry for entry in entries if wanted.casefold() in entry.name.casefold()]
    page = Paginator(found, FILES_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "folder": folder,
        "folders_above": _folders_above(folder),
        "wanted": wanted,
        "page": page,
        "entries": [importing_folders.listed(entry) for entry in page],
        "hide_new_dub": True,
    }
    return render(request, "jobs/import.html", context)


def _begin(request: SignedInRequest, path: str) -> HttpResponse:
    try:
        upload = importing.begin(request.user, path)
    except DubbingError as error:
        messages.error(request, str(error))
        return redirect("jobs:import")
    return redirect(f"{reverse('jobs:new')}?upload={upload.id}")


def _entries(request: SignedInRequest, folder: str) -> list[Entry]:
    try:
        return importing_folders.entries(folder)
    except (ImportNotFound, ImportOff) as error:
        raise Http404(str(error)) from error
    except ImportUnreadable as error:
        messages.error(request, str(error))
        return []


def _folders_above(folder: str) -> list[Entry]:
    """The folder and those it lies in, outermost first."""
    paths = accumulate(folder.split("/"), "{}/{}".format) if folder else ()
    return [Entry(path, path.rpartition("/")[2], is_folder=True) for path in paths]
