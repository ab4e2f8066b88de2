"""The page of projects and the page of presets."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.pages import page
from accounts.signed_in import SignedInRequest
from jobs import presets, projects
from jobs.errors import NameTaken, TooManyKept
from jobs.forms import ProjectForm
from jobs.models import Preset, Project

ON_A_PAGE = 50


@page("jobs")
@require_http_methods(["GET", "POST"])
def project_list(request: SignedInRequest) -> HttpResponse:
    """The projects, and a form for a new one."""
    form = ProjectForm(request.POST or None, instance=Project(owner=request.user))
    if request.method == "POST" and _save(form):
        messages.success(request, _("The project is there; choose it when you start a dub."))
        return redirect("jobs:projects")
    counted = projects.visible_projects(request.user).annotate(count=Count("jobs")).order_by("name")
    context = {"form": form, "page": Paginator(counted, ON_A_PAGE).get_page(request.GET.get("page"))}
    return render(request, "jobs/projects.html", context, status=422 if form.errors else 200)


@page("jobs")
@require_http_methods(["GET", "POST"])
def project(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    """One project, to change or delete."""
    form = ProjectForm(request.POST or None, instance=_project(request, project_id))
    if request.method == "POST" and _save(form):
        messages.success(request, _("Changed."))
        return redirect("jobs:projects")
    context = {"form": form, "project": _project(request, project_id)}
    return render(request, "jobs/project.html", context, status=422 if form.errors else 200)


@page("jobs")
@require_POST
def delete_project(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    _project(request, project_id).delete()
    messages.info(request, _("The project is gone; its dubs are still there."))
    return redirect("jobs:projects")


@page("jobs")
@require_safe
def preset_list(request: SignedInRequest) -> HttpResponse:
    page = Paginator(presets.visible_presets(request.user), ON_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "jobs/presets.html", {"page": page})


@page("jobs")
@require_POST
def make_preset_default(request: SignedInRequest, preset_id: UUID) -> HttpResponse:
    """Of the one that is the default already it takes that away."""
    preset = _preset(request, preset_id)
    if preset.is_default:
        presets.clear_default(request.user)
    else:
        presets.make_default(preset)
    return redirect("jobs:presets")


@page("jobs")
@require_POST
def delete_preset(request: SignedInRequest, preset_id: UUID) -> HttpResponse:
    _preset(request, preset_id).delete()
    messages.info(request, _("The preset is gone; dubs made with it stay as they are."))
    return redirect("jobs:presets")


def _save(form: ProjectForm) -> bool:
    if not form.is_valid():
        return False
    try:
        projects.save_project(form.instance)
    except (NameTaken, TooManyKept) as error:
        form.add_error("name", str(error))
        return False
    return True


def _project(request: SignedInRequest, project_id: UUID) -> Project:
    try:
        return projects.get_project(request.user, project_id)
    except Project.DoesNotExist as error:
        raise Http404 from error


def _preset(request: SignedInRequest, preset_id: UUID) -> Preset:
    try:
        return presets.get_preset(request.user, preset_id)
    except Preset.DoesNotExist as error:
        raise Http404 from error
