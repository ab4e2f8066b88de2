"""The page for a new dub, and what leads to it: a file another app shares, an upload that was begun before."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from accounts.pages import page
from accounts.preferences import dub_defaults
from accounts.scopes import Scope
from accounts.signed_in import SignedInRequest
from jobs import begun_uploads, dispatch, presets, quotas
from jobs.errors import NameTaken, TooManyKept
from jobs.forms import NewDubForm
from jobs.models import Job, Preset
from jobs.transport import admission
from pipeline.errors import DubbingError, StorageError
from pipeline.settings import DubSettings
from uploads.models import CHUNK_BYTES, Upload, UploadState
from uploads.selectors import get_upload, visible_uploads
from uploads.services import receive, terminate

UPLOADS_A_PAGE = 20


@page(Scope.JOBS_WRITE)
@never_cache
@require_http_methods(["GET", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    """The form for a new dub. Scripts send it with `Accept: application/json` and get the address or the errors, or
    202 while all is well but for the file, which is still on its way.
    """
    preset = _preset_to_start_from(request)
    initial: dict[str, Any] = dub_defaults(request.user)
    if preset is not None:
        initial |= {"preset": preset, **NewDubForm.initial_of(preset.dub_settings)}
    chosen = _chosen_upload(request)
    form = NewDubForm(request.user, request.POST or None, request.FILES or None, initial=initial | {"upload": chosen})
    wants_json = request.get_preferred_type(["text/html", "application/json"]) == "application/json"
    is_good = request.method == "POST" and form.is_valid()
    if is_good and wants_json and form.waits_for_upload:
        return JsonResponse({}, status=202)
    job = _start(request, form) if is_good else None
    if job is not None:
        address = reverse("jobs:detail", args=[job.id])
        return JsonResponse({"url": address}, status=201) if wants_json else redirect(address)
    if wants_json:
        return JsonResponse({"errors": form.errors}, status=422)
    return _page(request, form, preset, chosen)


def _page(request: SignedInRequest, form: NewDubForm, preset: Preset | None, chosen: Upload | None) -> HttpResponse:
    unfinished = Paginator(begun_uploads.unfinished_uploads(request.user), UPLOADS_A_PAGE)
    idle = begun_uploads.idle_uploads(request.user)
    context = {
        "form": form,
        "max_bytes": settings.UPLOAD_MAX_BYTES,
        "chunk_bytes": CHUNK_BYTES,
        "hide_new_dub": True,
        "refusal": "" if form.is_bound else _refusal(request),
        "presets": presets.visible_presets(request.user),
        "chosen_preset": preset,
        "chosen_upload": chosen,
        "page": (page := unfinished.get_page(request.GET.get("page"))),
        "unfinished": [begun_uploads.described(upload) for upload in page],
        "idle": idle[:UPLOADS_A_PAGE],
        "has_folders": bool(settings.IMPORT_FOLDERS),
    }
    return render(request, "jobs/new.html", context, status=422 if form.errors else 200)


@page("uploads")
@require_POST
def discard_upload(request: SignedInRequest, upload_id: UUID) -> HttpResponse:
    """Of an upload that no dub was made of."""
    try:
        terminate(get_upload(request.user, upload_id).id)
    except Upload.DoesNotExist as error:
        raise Http404 from error
    except DubbingError as error:
        messages.error(request, str(error))
    else:
        messages.info(request, _("Discarded."))
    return redirect("jobs:new")


@csrf_exempt
@page("uploads")
@require_http_methods(["GET", "POST"])
def share(request: SignedInRequest) -> HttpResponse:
    """Takes the file another app of the phone shares, where no service worker takes it first.

    The system sends such a request, so it carries no form token. It is taken from the system (`Sec-Fetch-Site: none`)
    and from this site only; a form on another site can neither say so nor bring the session, whose cookie is
    `SameSite=Lax`. All it does is keep a file: no dub begins without a form with its token.
    """
    if request.method == "POST" and request.headers.get("Sec-Fetch-Site") not in ("none", "same-origin"):
        raise PermissionDenied
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile):
        messages.warning(request, _("No file came with it; choose it here."))
        return redirect("jobs:new")
    try:
        upload = receive(request.user, file)
    except DubbingError as error:
        messages.error(request, str(error))
        return redirect("jobs:new")
    return redirect(f"{reverse('jobs:new')}?upload={upload.id}")


def _preset_to_start_from(request: SignedInRequest) -> Preset | None:
    """The one asked for, none where none is asked for, else the default one."""
    asked = request.POST.get("preset", request.GET.get("preset"))
    if asked is None:
        return presets.default_preset(request.user)
    try:
        return presets.get_preset(request.user, UUID(asked))
    except (ValueError, Preset.DoesNotExist):
        return None


def _chosen_upload(request: SignedInRequest) -> Upload | None:
    """A whole one that was asked for; one that is not whole is among the unfinished."""
    asked = request.POST.get("upload", request.GET.get("upload", ""))
    try:
        return visible_uploads(request.user).get(id=UUID(asked), state=UploadState.READY)
    except (ValueError, Upload.DoesNotExist):
        return None


def _require_room(request: SignedInRequest, wanted: DubSettings) -> None:
    """Before a file is taken in. Raises what a submission would raise now."""
    admission.require_open()
    quotas.look(request.user, [wanted], now=timezone.now())


def _refusal(request: SignedInRequest) -> str:
    """Why no dub can be started now; said before somebody sends gigabytes."""
    try:
        _require_room(request, DubSettings(target_language="en"))
    except DubbingError as error:
        return str(error)
    return ""


def _start(request: SignedInRequest, form: NewDubForm) -> Job | None:
    """The job, or None with the reason among the form's errors."""
    try:
        _require_room(request, form.dub_settings())
    except DubbingError as error:
        form.add_error(None, str(error))
        return None
    was_here: Upload | None = form.cleaned_data["upload"]
    try:
        upload = was_here or receive(request.user, form.cleaned_data["file"])
    except DubbingError as error:
        form.add_error(None if isinstance(error, StorageError) else "file", str(error))
        return None
    try:
        job = dispatch.submit(request.user, upload, form.dub_settings(), filed=form.filed())
        if form.cleaned_data["save_as"]:
            presets.create_preset(request.user, form.cleaned_data["save_as"], form.dub_settings())
    except (NameTaken, TooManyKept) as error:  # the job is there; only the preset is not
        messages.warning(request, str(error))
    except DubbingError as error:
        if was_here is None:
            terminate(upload.id)
        form.add_error(None, str(error))
        return None
    return job
