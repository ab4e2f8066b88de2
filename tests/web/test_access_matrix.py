"""Every route, asked by everybody: `access_table` says what each is answered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import transaction
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import get_resolver

from accounts import invites, keys
from accounts.audit.recording import Action, record
from accounts.models import Invite, User
from accounts.scopes import Role, Scope
from accounts.sessions.store import sessions_of
from jobs import presets, projects
from jobs.models import Project, UserLimits
from pipeline.settings import DubSettings
from tests.factories import make_dub, make_job, make_upload, make_user, verified_client
from tests.web.access_table import ACTORS, ADMIN_MODELS, NEEDS, ROUTES, WRITING_AREAS, answers

pytestmark = pytest.mark.django_db
SAFE = ("GET", "HEAD")
ASKED = ("GET", "POST", "PUT", "PATCH", "DELETE")
ADMIN_SUFFIXES = {
    "list": "",
    "add": "add/",
    "one": "<path:object_id>/change/",
    "history": "<path:object_id>/history/",
    "delete": "<path:object_id>/delete/",
}
SAMPLES = {
    "<home>": "/",
    "accounts/^confirm-email/(?P<key>[-:\\w]+)/$": "/accounts/confirm-email/nothing/",
    "accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": "/accounts/password/reset/key/1-2/",
    "admin/^(?P<app_label>accounts|uploads|library|jobs)/$": "/admin/jobs/",
    "admin/(?P<url>.*)$": "/admin/nothing/",
    "admin/r/<path:content_type_id>/<path:object_id>/": "/admin/r/1/00000000-0000-0000-0000-000000000000/",
    "admin/autocomplete/": "/admin/autocomplete/?app_label=jobs&model_name=userlimits&field_name=user",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table."""

    route: str
    area: str
    kind: str
    methods: tuple[str, ...]

    def rule(self, method: str) -> str:
        if self.area == "-":
            return self.kind
        reads = method in SAFE and self.area not in WRITING_AREAS
        stem, _colon, own = self.kind.partition(":")
        return ":".join(filter(None, [stem, "read" if reads else "write", own]))

    def need(self, method: str) -> str:
        return NEEDS[self.area][0 if method in SAFE else 1]


def rows() -> Iterator[Row]:
    for line in filter(None, ROUTES.splitlines()):
        route, area, kind, *methods = line.split()
        yield Row(route, area, kind, tuple(methods))
    heads, *models = filter(None, ADMIN_MODELS.splitlines())
    for line in models:
        model, *kinds = line.split()
        for what, kind in zip(heads.split(), kinds, strict=True):
            yield Row(f"admin/{model}/{ADMIN_SUFFIXES[what]}", "-", kind, ("GET",))
        yield Row(f"admin/{model}/<path:object_id>/", "-", "staff", ("GET",))


def part_of(row: Row) -> str:
    first = row.route.partition("/")[0]
    return "api" if first == "files" else first if first in PARTS else "pages"


def site_routes(patterns: Any = None, before: str = "") -> Iterator[str]:
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if hasattr(pattern, "url_patterns"):
            yield from site_routes(pattern.url_patterns, before + str(pattern.pattern))
        else:
            yield before + str(pattern.pattern) or "<home>"


TABLE = list(rows())
PARTS = ("api", "admin", "accounts", "pages")


def test_every_route_has_its_answers() -> None:
    found = set(site_routes())

    assert found - {row.route for row in TABLE} == set(), "routes that tests/web/access_table.py does not have"
    assert {row.route for row in TABLE} - found == set(), "lines of the table without a route"


@dataclass
class Site:
    """The actors, signed in, and the owner's things."""

    cookies: dict[str, SimpleCookie]
    owner: User
    ids: dict[str, Any]
    keys: dict[frozenset[str], str] = field(default_factory=dict)
    client: Client = field(default_factory=partial(Client, raise_request_exception=False))  # costly to make

    def headers(self, actor: str, need: str) -> dict[str, str]:
        if not actor.startswith("key"):
            return {}
        scopes = frozenset({need}) if actor == "key_with" else frozenset(Scope.values) - {need, "admin"}
        scopes = scopes & frozenset(Scope.values) - {"admin"} or frozenset({"jobs:read"})
        if scopes not in self.keys:
            made = keys.make_key(self.owner, "script", [Scope(scope) for scope in scopes], expires_at=None)
            self.keys[scopes] = made.text
        return {"Authorization": f"Bearer {self.keys[scopes]}"}


@pytest.fixture
def site(alice: User, films: Path, tmp_path: Path, settings: LazySettings) -> Site:
    settings.API_REQUESTS_PER_MINUTE_PER_USER = 0
    settings.SUBMISSIONS_PER_MINUTE_PER_USER = 0
    settings.UPLOADS_PER_MINUTE_PER_USER = 0
    people = {
        "other": make_user("bob"),
        "owner": alice,
        "viewer": make_user("carol", role=Role.VIEWER),
        "moderator": make_user("mary", role=Role.MODERATOR),
        "admin": make_user("root", role=Role.ADMIN),
    }
    clients = {name: verified_client(user) if user.is_staff else signed_in(user) for name, user in people.items()}
    cookies = {name: client.cookies for name, client in clients.items()}
    return Site(cookies, alice, things_of(alice, people["admin"], tmp_path))


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def things_of(owner: User, admin: User, folder: Path) -> dict[str, Any]:
    preset = presets.create_preset(owner, "usual", DubSettings(target_language="es"))
    ids = {
        "job_id": make_job(owner).id,
        "upload_id": make_upload(owner).id,
        "dub_id": make_dub(owner, folder).id,
        "preset_id": preset.id,
        "project_id": projects.save_project(Project(owner=owner, name="Cosmos")).id,
        "key_id": keys.make_key(owner, "nas", [Scope.JOBS_READ], expires_at=None).key.id,
        "public_id": sessions_of(owner).latest("created_at").public_id,
        "kind": "mp4",
        "token": "nothing",
        "pk": 1,
        "id": owner.pk,
        "content_type_id": 1,
        "accounts/user": owner.pk,
        "accounts/auditentry": record(Action.SIGNED_IN, actor=owner).pk,
        "jobs/userlimits": UserLimits.objects.create(user=owner).pk,
    }
    invites.make_invite(admin, role=Role.EDITOR, email="", note="", valid_for=timedelta(days=1))
    ids["invite_id"] = Invite.objects.get().id
    own = {"uploads/upload": "upload_id", "library/dub": "dub_id", "jobs/job": "job_id"}
    own |= {"jobs/preset": "preset_id", "jobs/project": "project_id"}
    return ids | {model: ids[name] for model, name in own.items()}


def address_of(route: str, ids: dict[str, Any]) -> str:
    if route in SAMPLES:
        return SAMPLES[route]
    model = "/".join(route.split("/")[1:3])
    known = ids | {"object_id": ids.get(model, "nothing")}
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda match: str(known[match.group(1)]), route)


def ask(site: Site, actor: str, method: str, row: Row) -> str:
    """What the answer says about getting in; whatever was done is undone."""
    site.client.cookies = SimpleCookie({name: morsel.value for name, morsel in site.cookies.get(actor, {}).items()})
    headers = {"Tus-Resumable": "1.0.0"} | site.headers(actor, row.need(method))
    undone = transaction.atomic()
    undone._from_testcase = True  # type: ignore[attr-defined] # counts of limits want no transaction around them
    with undone:
        answer = site.client.generic(method, address_of(row.route, site.ids), b"", headers=headers)
        if answer.streaming:
            answer.getvalue()  # which closes its file
        transaction.set_rollback(True)
    return said(answer)


def said(answer: HttpResponseBase) -> str:
    if answer.status_code == 302 and answer.headers["Location"].startswith(("/accounts/login/", "/admin/login/")):
        return "login"
    kept_out = answer.status_code in (401, 403, 404, 405) or answer.status_code >= 500
    return str(answer.status_code) if kept_out else "in"


@pytest.mark.parametrize("part", PARTS)
def test_everybody_gets_the_answer_of_the_table(site: Site, part: str) -> None:
    expected, wrong = answers(), []

    for row in (row for row in TABLE if part_of(row) == part):
        for method in row.methods:
            for actor in ACTORS:
                told, wanted = ask(site, actor, method, row), expected[row.rule(method)][actor]
                if told != wanted:
                    wrong.append(f"{method} {row.route} as {actor}: {told}, not {wanted}")

    assert wrong == []


def test_no_route_of_ours_takes_another_method(site: Site) -> None:
    wrong = []

    ours = [row for row in TABLE if row.kind.partition(":")[0] in ("api", "page") and part_of(row) != "accounts"]
    for row in ours:
        actor = "admin" if row.kind.endswith("admin") else "owner"
        taken = {method for other in ours if other.route == row.route for method in other.methods}
        for method in set(ASKED) - taken:
            if (told := ask(site, actor, method, row)) != "405":
                wrong.append(f"{method} {row.route}: {told}")

    assert wrong == []
