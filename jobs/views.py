"""Pages of jobs: home, a new dub, one job. Thin: services and selectors do the work."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.signed_in import SignedInRequest
from jobs import dispatch, selectors
from jobs.errors import JobStateError
from jobs.forms import NewDubForm
from jobs.models import FINAL_STATES, EventKind, Job, JobState
from jobs.templatetags.jobs_display import overall_progress
from library.selectors import visible_dubs
from pipeline.errors import DubbingError, StorageError
from uploads.services import receive

DUBS_A_PAGE = 24
STOPPED_SHOWN = 5
EVENTS_SHOWN = 1000  # the log on the page goes back this far; the file of the finished dub has all


@login_required
@require_safe
@never_cache
@vary_on_headers("HX-Request")
def home(request: SignedInRequest) -> HttpResponse:
    """What runs, what stopped, what is finished. htmx asks for the moving part alone."""
    jobs = selectors.visible_jobs(request.user).prefetch_related("stages")
    dubs = Paginator(visible_dubs(request.user), DUBS_A_PAGE)
    context = {
        "open_jobs": jobs.exclude(state__in=FINAL_STATES).order_by("created_at"),
        "stopped_jobs": jobs.filter(state__in=[JobState.FAILED, JobState.CANCELED])[:STOPPED_SHOWN],
        "dubs": dubs.get_page(request.GET.get("page")),
    }
    is_fragment = request.headers.get("HX-Request") == "true"
    return render(request, "jobs/_home_body.html" if is_fragment else "jobs/home.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    """The form for a new dub. Scripts send it with `Accept: application/json` and get the address or the errors."""
    form = NewDubForm(request.POST or None, request.FILES or None)
    wants_json = request.get_preferred_type(["text/html", "application/json"]) == "application/json"
    job = _start(request, form) if request.method == "POST" and form.is_valid() else None
    if job is not None:
        address = reverse("jobs:detail", args=[job.id])
        return JsonResponse({"url": address}, status=201) if wants_json else redirect(address)
    if wants_json:
        return JsonResponse({"errors": form.errors}, status=422)
    context = {"form": form, "max_bytes": settings.UPLOAD_MAX_BYTES, "hide_new_dub": True}
    return render(request, "jobs/new.html", context, status=422 if form.errors else 200)


def _start(request: SignedInRequest, form: NewDubForm) -> Job | None:
    """The job, or None with the reason among the form's errors."""
    try:
        upload = receive(request.user, form.cleaned_data["file"])
    except DubbingError as error:
        form.add_error(None if isinstance(error, StorageError) else "file", str(error))
        return None
    try:
        return dispatch.submit(request.user, upload, form.dub_settings())
    except DubbingError as error:
        form.add_error(None, str(error))
        return None


@login_required
@require_safe
@never_cache
def detail(request: SignedInRequest, job_id: UUID) -> HttpResponse:
    job = _job(request, job_id)
    recent = selectors.events_after(job, max(0, job.last_seq - EVENTS_SHOWN), EVENTS_SHOWN)
    context = {
        "job": job,
        # Read with the job, before its stages: what happens in between arrives again over the socket.
        "after": job.last_seq,
        "is_open": not job.is_final,
        "overall": overall_progress(job),
        "stages": selectors.timeline(job, now=timezone.now()),
        "log_lines": [
            event
            for event in recent
            if event.message and event.kind != EventKind.STAGE_PROGRESS and event.seq <= job.last_seq
        ],
        "dub": visible_dubs(request.user).filter(job_id=job.id).first(),
        "has_video": bool(job.upload.media.get("video")),
    }
    return render(request, "jobs/detail.html", context)


@login_required
@require_POST
def cancel(request: SignedInRequest, job_id: UUID) -> HttpResponse:
    try:
        dispatch.cancel(_job(request, job_id), by=request.user)
    except JobStateError as error:
        messages.warning(request, str(error))
    else:
        messages.info(request, _("The dub is being stopped."))
    return redirect("jobs:detail", job_id)


def _job(request: SignedInRequest, job_id: UUID) -> Job:
    try:
        return selectors.get_job(request.user, job_id)
    except Job.DoesNotExist as error:
        raise Http404 from error
