"""Pages of jobs: home, all jobs, one job. Thin: services and selectors do the work."""

from __future__ import annotations

from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Case, When
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.pages import page
from accounts.signed_in import SignedInRequest
from jobs import selectors
from jobs.forms import FILING, FilingForm, JobListForm
from jobs.models import FINAL_STATES, EventKind, Job, JobState
from jobs.templatetags.jobs_display import overall_progress
from jobs.waiting import waiting_of
from library.selectors import visible_dubs
from pipeline.progress import StageName

DUBS_A_PAGE = 24
JOBS_A_PAGE = 50
OPEN_SHOWN = 20
STOPPED_SHOWN = 5
EVENTS_SHOWN = 1000  # the log on the page goes back this far; the file of the finished dub has all


@page("jobs")
@require_safe
@never_cache
@vary_on_headers("HX-Request")
def home(request: SignedInRequest) -> HttpResponse:
    """What runs, what stopped, what is finished. htmx asks for the moving part alone."""
    jobs = selectors.visible_jobs(request.user).prefetch_related("stages")
    unfinished = jobs.exclude(state__in=FINAL_STATES)
    running_first = Case(When(state=JobState.RUNNING, then=0), default=1)
    dubs = Paginator(visible_dubs(request.user), DUBS_A_PAGE)
    context = {
        "open_jobs": unfinished.order_by(running_first, "created_at")[:OPEN_SHOWN],
        "more_open": max(0, unfinished.count() - OPEN_SHOWN),
        "stopped_jobs": jobs.filter(state__in=[JobState.FAILED, JobState.CANCELED])[:STOPPED_SHOWN],
        "dubs": dubs.get_page(request.GET.get("page")),
    }
    is_fragment = request.headers.get("HX-Request") == "true"
    return render(request, "jobs/_home_body.html" if is_fragment else "jobs/home.html", context)


@page("jobs")
@require_safe
@never_cache
def every_job(request: SignedInRequest) -> HttpResponse:
    """All jobs, newest first, some states or projects only."""
    form = JobListForm(request.user, request.GET)
    wanted = {name: value for name, value in form.cleaned_data.items() if value} if form.is_valid() else {}
    jobs = selectors.visible_jobs(request.user).filter(**wanted).select_related("project").prefetch_related("stages")
    page = Paginator(jobs.order_by("-created_at", "-id"), JOBS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "jobs/list.html", {"form": form, "page": page, "is_filtered": bool(wanted)})


@page("jobs")
@require_safe
@never_cache
def detail(request: SignedInRequest, job_id: UUID) -> HttpResponse:
    job = own_job(request, job_id)
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
        "waiting": waiting_of(job, now=timezone.now()),
        "filing": FilingForm(request.user, initial={name: getattr(job, name) for name in FILING}),
        "stage_names": [stage.value for stage in StageName],
    }
    return render(request, "jobs/detail.html", context)


def own_job(request: SignedInRequest, job_id: UUID) -> Job:
    try:
        return selectors.get_job(request.user, job_id)
    except Job.DoesNotExist as error:
        raise Http404 from error
