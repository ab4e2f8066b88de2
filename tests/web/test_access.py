"""Everything belongs to somebody, and is invisible to everybody else."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from django.test import Client

from accounts.models import User
from jobs import presets, projects
from jobs.models import JobState, Project
from pipeline.settings import DubSettings
from tests.factories import make_dub, make_job, make_upload

ROUTES = [
    ("get", "/api/jobs/{job}"),
    ("patch", "/api/jobs/{job}"),
    ("delete", "/api/jobs/{job}"),
    ("post", "/api/jobs/{job}/pause"),
    ("post", "/api/jobs/{job}/resume"),
    ("post", "/api/jobs/{ended}/retry"),
    ("get", "/api/presets/{preset}"),
    ("patch", "/api/presets/{preset}"),
    ("delete", "/api/presets/{preset}"),
    ("get", "/api/projects/{project}"),
    ("patch", "/api/projects/{project}"),
    ("delete", "/api/projects/{project}"),
    ("post", "/api/jobs/{job}/cancel"),
    ("get", "/api/jobs/{job}/timeline"),
    ("get", "/api/jobs/{job}/logs/tail"),
    ("get", "/api/dubs/{dub}"),
    ("get", "/api/dubs/{dub}/files/mp4"),
    ("get", "/jobs/{job}/"),
    ("post", "/jobs/{job}/cancel/"),
    ("get", "/dubs/{dub}/"),
    ("get", "/dubs/{dub}/files/mp4/"),
]


@pytest.fixture
def ids(alice: User, tmp_path: Path) -> dict[str, uuid.UUID]:
    return {
        "job": make_job(alice).id,
        "ended": make_job(alice, state=JobState.FAILED).id,
        "dub": make_dub(alice, tmp_path).id,
        "preset": presets.create_preset(alice, "usual", DubSettings(target_language="es")).id,
        "project": projects.save_project(Project(owner=alice, name="Cosmos")).id,
    }


@pytest.mark.parametrize(("method", "route"), ROUTES)
def test_the_owner_gets_through(as_alice: Client, ids: dict[str, uuid.UUID], method: str, route: str) -> None:
    assert getattr(as_alice, method)(route.format(**ids)).status_code in (200, 204, 302)


@pytest.mark.parametrize(("method", "route"), ROUTES)
def test_another_users_object_does_not_exist(
    as_bob: Client, ids: dict[str, uuid.UUID], method: str, route: str
) -> None:
    assert getattr(as_bob, method)(route.format(**ids)).status_code == 404


@pytest.mark.parametrize(("method", "route"), ROUTES)
def test_nobody_gets_in_without_signing_in(client: Client, ids: dict[str, uuid.UUID], method: str, route: str) -> None:
    answer = getattr(client, method)(route.format(**ids))

    if route.startswith("/api/"):
        assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    else:
        assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/accounts/login/")


@pytest.mark.parametrize("route", ["/api/jobs", "/api/dubs", "/api/presets", "/api/projects"])
def test_lists_show_only_ones_own(as_alice: Client, as_bob: Client, ids: dict[str, uuid.UUID], route: str) -> None:
    assert len(as_alice.get(route).json()["results"]) >= 1
    assert as_bob.get(route).json()["results"] == []


def test_another_users_upload_cannot_be_dubbed(as_bob: Client, alice: User) -> None:
    body = {"upload": str(make_upload(alice).id), "target_language": "es"}

    answer = as_bob.post("/api/jobs", body, content_type="application/json")

    assert answer.status_code == 400
    assert "no such upload" in answer.json()["detail"]


@pytest.mark.parametrize("route", ["/api/uploads", "/api/jobs"])
def test_changes_from_another_site_are_refused(alice: User, route: str) -> None:
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(alice)

    assert careful.post(route, {}).status_code == 403


def test_administration_is_for_staff(as_bob: Client) -> None:
    assert as_bob.get("/admin/").status_code == 302
