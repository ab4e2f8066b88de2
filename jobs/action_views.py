"""The buttons of a job's page. Each posts, does one thing through the services, and leads back with a word on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.pages import page
from accounts.signed_in import SignedInRequest
from jobs import dispatch, filing
from jobs.errors import JobStateError
from jobs.forms import FilingForm
from jobs.models import Job
from jobs.views import own_job
from pipeline.errors import DubbingError
from pipeline.progress import StageName


@dataclass(frozen=True, slots=True)
class Action:
    do: Callable[[Job, SignedInRequest], object]
    said: str | Promise
    leads_to_job: bool = True


def _retry(job: Job, request: SignedInRequest) -> None:
    stage = request.POST.get("from_stage", "")
    if stage and stage not in set(StageName):
        raise JobStateError(_("There is no such stage; choose one of the list."))
    dispatch.retry(job, by=request.user, from_stage=StageName(stage) if stage else None)


ACTIONS = {
    "cancel": Action(
        lambda job, request: dispatch.cancel(job, by=request.user), gettext_lazy("The dub is being stopped.")
    ),
    "pause": Action(
        lambda job, request: dispatch.pause(job, by=request.user),
        gettext_lazy("Paused. What is done is kept; go on whenever you like."),
    ),
    "resume": Action(
        lambda job, request: dispatch.resume(job, by=request.user), gettext_lazy("It goes on where it stopped.")
    ),
    "retry": Action(_retry, gettext_lazy("It is in the queue again.")),
    "delete": Action(
        lambda job, request: dispatch.delete(job, by=request.user),
        gettext_lazy("The job is deleted."),
        leads_to_job=False,
    ),
    "pin": Action(lambda job, request: filing.pin(job.id, by=request.user), gettext_lazy("Kept for good.")),
    "unpin": Action(
        lambda job, request: filing.unpin(job.id, by=request.user), gettext_lazy("Kept as long as everything else.")
    ),
}


@page("jobs")
@require_POST
def act(request: SignedInRequest, job_id: UUID, action: str) -> HttpResponse:
    asked = ACTIONS[action]
    try:
        asked.do(own_job(request, job_id), request)
    except DubbingError as error:  # its text says what to do
        messages.warning(request, str(error))
        return redirect("jobs:detail", job_id)
    messages.info(request, str(asked.said))
    return redirect("jobs:detail", job_id) if asked.leads_to_job else redirect("jobs:home")


@page("jobs")
@require_POST
def refile(request: SignedInRequest, job_id: UUID) -> HttpResponse:
    job = own_job(request, job_id)
    form = FilingForm(request.user, request.POST)
    if form.is_valid():
        filing.refile(job.id, form.filed(), by=request.user)
        messages.info(request, _("Filed."))
    else:
        messages.warning(request, _("Season and episode must be whole numbers; nothing was changed."))
    return redirect("jobs:detail", job_id)
