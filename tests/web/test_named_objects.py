"""Ids within bodies, forms and queries: somebody else's object is none, in every field that can name one."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import django_filters
import pytest
from django import forms
from django.db.models import Q
from django.test import Client
from django.urls import get_resolver
from rest_framework import serializers

from accounts.models import User
from jobs import presets, projects
from jobs.models import Job, Project
from pipeline.settings import DubSettings
from tests.factories import make_job, make_upload

pytestmark = pytest.mark.django_db
APPS = ("accounts", "dubbing_site", "jobs", "library", "uploads")
DELIVERY = 0.25  # by which a dub that started from a preset of these tests is known
JSON = "application/json"
SPANISH = {"target_language": "es"}
FORM = SPANISH | {
    "mode": "low",
    "loudness": "web",
    "burn_in": "none",
    "asr": "auto",
    "translation": "auto",
    "tts": "auto",
}

NAMING = (
    serializers.RelatedField,
    serializers.UUIDField,
    forms.ModelChoiceField,
    forms.UUIDField,
    django_filters.UUIDFilter,
    django_filters.ModelChoiceFilter,
)


@dataclass(frozen=True, slots=True)
class Case:
    """A request that names something: `own:` is replaced by the asker's, `named:` by the one in question."""

    method: str
    address: str
    body: dict[str, Any]
    content_type: str = JSON


def form(address: str, **body: Any) -> Case:
    return Case("POST", address, body, "application/x-www-form-urlencoded")


CHANGES = {
    "NewJobSerializer.upload": Case("POST", "/api/jobs", SPANISH | {"upload": "named:upload"}),
    "NewJobSerializer.preset": Case("POST", "/api/jobs", {"upload": "own:upload", "preset": "named:preset"}),
    "NewJobSerializer.project": Case(
        "POST", "/api/jobs", SPANISH | {"upload": "own:spare", "project": "named:project"}
    ),
    "NewBatchSerializer.uploads": Case(
        "POST", "/api/jobs/batch", {"uploads": ["own:spare", "named:upload"], "target_languages": ["es"]}
    ),
    "NewBatchSerializer.preset": Case(
        "POST", "/api/jobs/batch", {"uploads": ["own:spare"], "target_languages": ["es"], "preset": "named:preset"}
    ),
    "NewBatchSerializer.project": Case(
        "POST", "/api/jobs/batch", {"uploads": ["own:spare"], "target_languages": ["es"], "project": "named:project"}
    ),
    "JobChangesSerializer.project": Case("PATCH", "/api/jobs/own:job", {"project": "named:project"}),
    "ProjectSerializer.preset": Case("POST", "/api/projects", {"name": "new", "preset": "named:preset"}),
    "NewDubForm.upload": form("/new/", **FORM, upload="named:upload"),
    "NewDubForm.preset": form("/new/", **FORM, upload="own:spare", preset="named:preset"),
    "NewDubForm.project": form("/new/", **FORM, upload="own:spare", project="named:project"),
    "FilingForm.project": form("/jobs/own:job/file/", project="named:project"),
    "ProjectForm.preset": form("/projects/", name="new", preset="named:preset"),
}
ANYBODYS = {"AuditFilter.actor"}  # for administrators
LISTS = {"JobFilter.project": "/api/jobs?project=", "JobListForm.project": "/jobs/?project="}


@dataclass(frozen=True, slots=True)
class Things:
    """Ids of what somebody has; `job` is of `upload`, and in no project."""

    upload: str
    spare: str
    preset: str
    project: str
    job: str


def things_of(owner: User) -> Things:
    upload = make_upload(owner)
    preset = presets.create_preset(owner, "usual", DubSettings(target_language="es", delivery=DELIVERY))
    project = projects.save_project(Project(owner=owner, name="Cosmos"))
    made = (upload, make_upload(owner), preset, project, make_job(owner, upload))
    return Things(*(str(thing.pk) for thing in made))


def filled(value: Any, own: Things, named: Things) -> Any:
    if isinstance(value, dict):
        return {name: filled(part, own, named) for name, part in value.items()}
    if isinstance(value, list):
        return [filled(part, own, named) for part in value]
    for name in asdict(own):
        value = value.replace(f"own:{name}", getattr(own, name)).replace(f"named:{name}", getattr(named, name))
    return value


def send(client: Client, case: Case, own: Things, named: Things) -> Any:
    """Django's answer, with what the test client adds to it."""
    body, address = filled(case.body, own, named), filled(case.address, own, named)
    if case.content_type == JSON:
        return client.generic(case.method, address, json.dumps(body), JSON)
    return client.post(address, body, headers={"Accept": JSON})


def uses_of(named: Things) -> int:
    """How often rows say that they are made of these."""
    by_jobs = (Q(upload=named.upload), Q(project=named.project), Q(settings__delivery=DELIVERY))
    by_projects = Project.objects.filter(preset_id=uuid.UUID(named.preset))
    return by_projects.count() + sum(Job.objects.filter(use).count() for use in by_jobs)


def classes_below(base: Any) -> Iterator[Any]:
    for found in base.__subclasses__():
        yield from classes_below(found)
        if found.__module__.partition(".")[0] in APPS:
            yield found


def names_an_object(field: Any) -> bool:
    inner = getattr(field, "child", None) or getattr(field, "child_relation", None) or field
    return isinstance(inner, NAMING) and not getattr(field, "read_only", False)


def is_only_built_upon(kind: Any) -> bool:
    return any(below.__module__ == kind.__module__ for below in kind.__subclasses__())


def naming_fields() -> set[str]:
    """Of every form, serializer and filter of the site."""
    get_resolver().url_patterns  # noqa: B018 - loads all of them
    found = {kind: kind().fields for kind in classes_below(serializers.Serializer) if not is_only_built_upon(kind)}
    found |= {kind: kind.base_fields for kind in classes_below(forms.BaseForm) if hasattr(kind, "base_fields")}
    found |= {kind: kind.base_filters for kind in classes_below(django_filters.FilterSet)}
    return {
        f"{kind.__name__}.{name}" for kind, fields in found.items() for name in fields if names_an_object(fields[name])
    }


def test_every_field_that_names_an_object_has_a_case() -> None:
    assert naming_fields() == CHANGES.keys() | LISTS.keys() | ANYBODYS


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_ones_own_is_used(as_alice: Client, alice: User, name: str) -> None:
    own = things_of(alice)
    before = uses_of(own)

    answer = send(as_alice, CHANGES[name], own, own)

    assert answer.status_code < 400, answer.content
    assert uses_of(own) > before


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_somebody_elses_is_none(as_bob: Client, alice: User, bob: User, name: str) -> None:
    hers, his = things_of(alice), things_of(bob)
    nothing = Things(*(str(uuid.uuid4()) for _ in range(5)))
    before = uses_of(hers)

    told = send(as_bob, CHANGES[name], his, hers)
    told_of_nothing = send(as_bob, CHANGES[name], his, nothing)

    assert uses_of(hers) == before
    assert told.status_code == told_of_nothing.status_code
    if told.headers["Content-Type"].endswith("json"):
        assert without_ids(told.text, hers) == without_ids(told_of_nothing.text, nothing)


def without_ids(text: str, named: Things) -> str:
    for place, thing in asdict(named).items():
        text = text.replace(thing, place)
    return text


@pytest.mark.parametrize("name", sorted(LISTS))
def test_a_list_of_somebody_elses_shows_nothing(
    as_alice: Client, as_bob: Client, alice: User, bob: User, name: str
) -> None:
    hers = things_of(alice)
    Job.objects.filter(pk=hers.job).update(project=hers.project)
    address = f"{LISTS[name]}{hers.project}"

    shown_to_her, shown_to_him = as_alice.get(address), as_bob.get(address)

    assert hers.job in shown_to_her.content.decode()
    assert shown_to_him.status_code == 200
    assert hers.job not in shown_to_him.content.decode()
