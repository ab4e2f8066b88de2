"""Settings under a name, and dubs that belong together."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.scopes import Role
from jobs import presets, projects
from jobs.models import Job, JobState, Preset, Project
from tests.factories import make_job, make_upload, make_user, verified_client

JSON = "application/json"


def make_preset(client: Client, name: str = "Spanish, quick", **settings: Any) -> dict[str, Any]:
    body = {"name": name, "settings": {"target_language": "es", "mode": "low"} | settings}
    answer = client.post("/api/presets", body, content_type=JSON)
    assert answer.status_code == 201, answer.content
    made: dict[str, Any] = answer.json()
    return made


def test_a_preset_gives_the_settings_that_are_left_out(as_alice: Client, alice: User) -> None:
    preset = make_preset(as_alice, voice="es")
    body = {"upload": str(make_upload(alice).id), "preset": preset["id"], "mode": "medium"}

    job = as_alice.post("/api/jobs", body, content_type=JSON).json()

    chosen = job["settings"]
    assert (chosen["target_language"], chosen["voice"], chosen["mode"]) == ("es", "es", "medium")


def test_a_project_gives_its_preset_and_series(as_alice: Client, alice: User) -> None:
    preset = make_preset(as_alice)
    project = as_alice.post(
        "/api/projects", {"name": "Cosmos", "series": "Cosmos", "preset": preset["id"]}, content_type=JSON
    ).json()
    body = {"upload": str(make_upload(alice).id), "project": project["id"], "season": 1, "episode": 3}

    job = as_alice.post("/api/jobs", body, content_type=JSON).json()

    assert (job["series"], job["season"], job["episode"], job["settings"]["mode"]) == ("Cosmos", 1, 3, "low")


def test_a_job_without_any_language_is_invalid(as_alice: Client, alice: User) -> None:
    answer = as_alice.post("/api/jobs", {"upload": str(make_upload(alice).id)}, content_type=JSON)

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["target_language"])


@pytest.mark.parametrize(
    ("route", "body"), [("/api/presets", {"settings": {"target_language": "es"}}), ("/api/projects", {})]
)
def test_a_name_is_taken_once_for_each_user(as_alice: Client, as_bob: Client, route: str, body: dict[str, Any]) -> None:
    assert as_alice.post(route, body | {"name": "Cosmos"}, content_type=JSON).status_code == 201

    taken = as_alice.post(route, body | {"name": "COSMOS"}, content_type=JSON)

    assert (taken.status_code, taken.json()["code"]) == (409, "jobs.name_taken")
    assert as_bob.post(route, body | {"name": "Cosmos"}, content_type=JSON).status_code == 201


def test_there_is_one_default_preset(as_alice: Client) -> None:
    first, second = make_preset(as_alice, "one"), make_preset(as_alice, "two")
    for preset in (first, second):
        as_alice.patch(f"/api/presets/{preset['id']}", {"is_default": True}, content_type=JSON)

    assert [preset.name for preset in Preset.objects.filter(is_default=True)] == ["two"]

    as_alice.patch(f"/api/presets/{second['id']}", {"is_default": False}, content_type=JSON)
    assert not Preset.objects.filter(is_default=True).exists()


def test_a_preset_changes_where_it_is_told(as_alice: Client) -> None:
    preset = make_preset(as_alice, loudness="ebu")

    changed = as_alice.patch(
        f"/api/presets/{preset['id']}", {"name": "Slow", "settings": {"mode": "medium"}}, content_type=JSON
    ).json()

    assert (changed["name"], changed["settings"]["mode"], changed["settings"]["loudness"]) == ("Slow", "medium", "ebu")


def test_a_preset_cannot_name_a_file_of_the_server(as_alice: Client) -> None:
    assert make_preset(as_alice, glossary="/etc/passwd")["settings"]["glossary"] is None


def test_what_is_deleted_leaves_the_jobs(as_alice: Client, alice: User) -> None:
    preset = make_preset(as_alice)
    project = Project.objects.create(owner=alice, name="Cosmos", preset_id=preset["id"])
    job = make_job(alice, project=project)

    assert as_alice.delete(f"/api/presets/{preset['id']}").status_code == 204
    assert as_alice.get(f"/api/projects/{project.id}").json()["preset"] is None
    assert as_alice.delete(f"/api/projects/{project.id}").status_code == 204
    job.refresh_from_db()
    assert job.project is None


def test_jobs_are_filtered_by_project_and_state(as_alice: Client, alice: User) -> None:
    project = Project.objects.create(owner=alice, name="Cosmos")
    inside, outside = make_job(alice, project=project), make_job(alice, state=JobState.FAILED)

    def shown(**wanted: Any) -> list[str]:
        return [job["id"] for job in as_alice.get("/api/jobs", wanted).json()["results"]]

    assert shown(project=str(project.id)) == [str(inside.id)]
    assert shown(state=["failed", "done"]) == [str(outside.id)]
    assert as_alice.get("/api/jobs", {"state": "lost"}).status_code == 400


def test_a_job_is_filed_elsewhere_and_pinned(as_alice: Client, alice: User) -> None:
    project = Project.objects.create(owner=alice, name="Cosmos")
    job = make_job(alice, episode=4)

    changed = as_alice.patch(
        f"/api/jobs/{job.id}", {"project": str(project.id), "season": 2, "pinned": True}, content_type=JSON
    ).json()

    assert (changed["project"], changed["season"], changed["episode"], changed["pinned"]) == (
        str(project.id),
        2,
        4,
        True,
    )


def test_only_administrators_change_a_priority(as_alice: Client, alice: User) -> None:
    admin = make_user("admin", role=Role.ADMIN)
    as_admin = verified_client(admin)
    hers, his = make_job(alice), make_job(admin)

    refused = as_alice.patch(f"/api/jobs/{hers.id}", {"priority": 5, "pinned": True}, content_type=JSON)
    allowed = as_admin.patch(f"/api/jobs/{his.id}", {"priority": 5}, content_type=JSON)

    assert (refused.status_code, refused.json()["code"]) == (403, "jobs.not_allowed")
    assert not Job.objects.get(id=hers.id).pinned
    assert (allowed.json()["priority"], his.shards.get().priority) == (5, 5)


def test_another_users_project_cannot_be_used(as_bob: Client, bob: User, alice: User) -> None:
    project = Project.objects.create(owner=alice, name="Cosmos")
    body = {"upload": str(make_upload(bob).id), "target_language": "es", "project": str(project.id)}

    answer = as_bob.post("/api/jobs", body, content_type=JSON)

    assert (answer.status_code, answer.json()["errors"]) == (400, {"project": ["There is no such project."]})


def test_what_is_not_named_stays_as_it_is(as_alice: Client, alice: User) -> None:
    project = Project.objects.create(owner=alice, name="Cosmos", series="Cosmos")
    job = make_job(alice, project=project, episode=4)

    as_alice.patch(f"/api/jobs/{job.id}", {"pinned": True}, content_type=JSON)

    job.refresh_from_db()
    assert (job.pinned, job.project, job.series, job.episode) == (True, project, "", 4)


@pytest.mark.parametrize(
    ("module", "route", "body"),
    [(presets, "/api/presets", {"settings": {"target_language": "es"}}), (projects, "/api/projects", {})],
)
def test_a_user_keeps_a_bounded_number(
    as_alice: Client, monkeypatch: pytest.MonkeyPatch, module: ModuleType, route: str, body: dict[str, Any]
) -> None:
    monkeypatch.setattr(module, "AT_MOST", 1)
    as_alice.post(route, body | {"name": "one"}, content_type=JSON)

    answer = as_alice.post(route, body | {"name": "two"}, content_type=JSON)

    assert (answer.status_code, answer.json()["code"]) == (409, "jobs.too_many_kept")
