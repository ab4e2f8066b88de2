"""The API as a script uses it: upload, submit, follow, fetch; errors as problem+json."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from jobs import services
from jobs.models import EventKind, Job, JobState
from jobs.services import NewEvent
from tests.factories import claim_of, make_dub, make_job, make_upload

DOCS = Path(__file__).resolve().parents[2] / "docs" / "api.md"


def post_json(client: Client, route: str, body: dict[str, object]) -> object:
    return client.post(route, body, content_type="application/json")


def test_a_file_is_uploaded_and_a_job_submitted(as_alice: Client, tone_clip: Path) -> None:
    film = SimpleUploadedFile("talk.mp4", tone_clip.read_bytes(), content_type="video/mp4")

    upload = as_alice.post("/api/uploads", {"file": film})
    assert upload.status_code == 201
    assert upload.json()["media"]["audio_tracks"][0]["codec"] == "aac"
    job = as_alice.post(
        "/api/jobs",
        {"upload": upload.json()["id"], "target_language": "es", "mode": "low"},
        content_type="application/json",
    )

    assert job.status_code == 201
    assert (job.json()["state"], job.json()["name"]) == ("queued", "talk.mp4")
    assert job.json()["settings"]["mode"] == "low"


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [(b"", 422, "upload.empty"), (b"no film", 422, "input.not_media"), (b"x" * 2000, 413, "upload.too_large")],
)
def test_a_bad_upload_is_a_problem_with_a_code(
    as_alice: Client, settings: LazySettings, content: bytes, status: int, code: str
) -> None:
    settings.UPLOAD_MAX_BYTES = 1000

    answer = as_alice.post("/api/uploads", {"file": SimpleUploadedFile("film.mp4", content)})

    assert answer["Content-Type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["status"], answer.json()["code"]) == (status, status, code)
    assert answer.json()["title"]
    assert answer.json()["detail"].endswith((".", "file", "again"))


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"upload": "not an id", "target_language": "es"},
        {"upload": "00000000-0000-0000-0000-000000000000", "target_language": "es"},
        {"target_language": "es", "mode": "ultra"},
        [],
    ],
)
def test_an_invalid_request_names_the_field(as_alice: Client, body: object) -> None:
    answer = as_alice.post("/api/jobs", body, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert answer.json()["errors"]


def test_subtitle_paths_are_not_taken_from_a_request(as_alice: Client, alice: User) -> None:
    body = {"upload": str(make_upload(alice).id), "target_language": "es", "subtitles": "/etc/passwd"}

    answer = as_alice.post("/api/jobs", body, content_type="application/json")

    assert answer.json()["settings"]["subtitles"] is None


def test_a_full_queue_is_429(as_alice: Client, alice: User, settings: LazySettings) -> None:
    settings.MAX_WAITING_JOBS_PER_USER = 1
    make_job(alice)
    body = {"upload": str(make_upload(alice).id), "target_language": "es"}

    answer = as_alice.post("/api/jobs", body, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (429, "jobs.too_many_waiting")


def test_canceling_twice_is_fine_and_canceling_a_finished_job_is_409(as_alice: Client, alice: User) -> None:
    waiting, done = make_job(alice), make_job(alice, state=JobState.DONE)

    assert as_alice.post(f"/api/jobs/{waiting.id}/cancel").json()["state"] == "canceled"
    assert as_alice.post(f"/api/jobs/{waiting.id}/cancel").status_code == 200
    refused = as_alice.post(f"/api/jobs/{done.id}/cancel")
    assert (refused.status_code, refused.json()["code"]) == (409, "jobs.state")


def test_the_timeline_tells_every_stage(as_alice: Client, alice: User) -> None:
    job = make_job(alice, state=JobState.RUNNING)
    services.record(claim_of(job), [NewEvent(EventKind.STAGE_STARTED, stage="extract", message="reading")])

    answer = as_alice.get(f"/api/jobs/{job.id}/timeline").json()

    assert [stage["name"] for stage in answer["stages"]][:2] == ["extract", "transcribe"]
    assert answer["stages"][0]["state"] == "running"
    assert answer["stages"][0]["duration_s"] >= 0
    assert answer["stages"][0]["last_line"] == "reading"


def test_the_log_is_followed_by_number(as_alice: Client, alice: User) -> None:
    job = make_job(alice, state=JobState.RUNNING)
    services.record(claim_of(job), [NewEvent(EventKind.LOG, message=str(number)) for number in range(600)])
    seen: list[int] = []
    after, is_final = 0, False

    while True:
        tail = as_alice.get(f"/api/jobs/{job.id}/logs/tail", {"after": after}).json()
        seen += [event["seq"] for event in tail["events"]]
        if not tail["events"]:
            break
        after, is_final = tail["last_seq"], tail["is_final"]

    assert seen == list(range(1, 602))
    assert not is_final
    assert as_alice.get(f"/api/jobs/{job.id}/logs/tail", {"after": "x"}).status_code == 400


def test_lists_come_in_pages_that_do_not_shift(as_alice: Client, alice: User) -> None:
    upload = make_upload(alice)
    jobs = [make_job(alice, upload) for _ in range(5)]
    first = as_alice.get("/api/jobs", {"page_size": 2}).json()
    make_job(alice, upload)

    second = as_alice.get(first["next"]).json()

    shown = [job["id"] for job in first["results"] + second["results"]]
    assert shown == [str(job.id) for job in reversed(jobs)][:4]


@pytest.mark.parametrize("path", ["/api/jobs", "/api/dubs"])
@pytest.mark.parametrize("number", ["1E5", "-1", "-1E-99999999", "9" * 5000, "1.5"])
def test_a_season_is_a_whole_number_of_a_sensible_size(as_alice: Client, path: str, number: str) -> None:
    """`int(Decimal("1E-99999999"))` keeps Python busy for days."""
    answer = as_alice.get(path, {"season": number})

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert as_alice.get(path, {"season": "2"}).status_code == 200


def test_a_dub_lists_its_files(as_alice: Client, alice: User, tmp_path: Path) -> None:
    dub = make_dub(alice, tmp_path)

    [listed] = as_alice.get("/api/dubs").json()["results"]

    assert listed == as_alice.get(f"/api/dubs/{dub.id}").json()
    [file] = listed["artifacts"]
    assert (file["kind"], file["name"], file["size_bytes"]) == ("mp4", "talk.es.mp4", 10)
    assert as_alice.get(file["url"]).status_code == 200


def test_modes_and_languages_are_told(as_alice: Client) -> None:
    assert [mode["mode"] for mode in as_alice.get("/api/modes").json()] == ["low", "medium", "high"]
    languages = {language["code"]: language["name"] for language in as_alice.get("/api/languages").json()}
    assert languages["es"] == "Spanish"


def test_an_unknown_route_of_a_known_kind_is_a_problem(as_alice: Client, db: None) -> None:
    answer = as_alice.put("/api/jobs", {}, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


def test_the_schema_is_complete_and_every_route_is_documented(as_alice: Client) -> None:
    schema = as_alice.get("/api/schema/", headers={"accept": "application/json"}).json()
    documented = DOCS.read_text(encoding="utf-8")

    routes = [(method.upper(), path) for path, methods in schema["paths"].items() for method in methods]
    missing = [f"{method} {path}" for method, path in routes if f"{method} {path}" not in documented]
    assert len(routes) >= 12
    assert missing == []


def test_the_schema_is_the_same_whatever_is_asked_of_it(client: Client, db: None) -> None:
    plain = client.get("/api/schema/")

    odd = client.get("/api/schema/", {"lang": "xx-made-up", "version": "1\n2"})

    assert (odd.status_code, odd.content) == (200, plain.content)
    assert "Content-Disposition" not in odd.headers


def test_the_documentation_page_needs_no_inline_script(as_alice: Client) -> None:
    page = as_alice.get("/api/docs/")

    assert page.status_code == 200
    assert "<script>" not in page.content.decode()
    assert Job.objects.count() == 0
