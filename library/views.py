"""The player page of a dub, and its files."""

from __future__ import annotations

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.pages import page
from accounts.signed_in import SignedInRequest
from library import files, presentation, selectors
from library.errors import DubTakenDown
from library.models import Artifact, Dub


@page("library")
@require_safe
def dub(request: SignedInRequest, dub_id: UUID) -> HttpResponse:
    try:
        shown = selectors.get_dub(request.user, dub_id)
    except Dub.DoesNotExist as error:
        raise Http404 from error
    return render(request, "library/dub.html", presentation.player_page(shown))


@page("library")
@require_safe
def file(request: SignedInRequest, dub_id: UUID, kind: str) -> HttpResponseBase:
    """One of the dub's files: to play, or with `?download=1` to keep."""
    try:
        artifact = selectors.get_artifact(request.user, dub_id, kind)
    except (Dub.DoesNotExist, Artifact.DoesNotExist) as error:
        raise Http404 from error
    except DubTakenDown as error:
        raise PermissionDenied(str(error)) from error
    return files.serve(request, artifact, as_attachment="download" in request.GET)
