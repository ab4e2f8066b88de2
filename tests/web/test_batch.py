"""Several uploads in several languages with one request."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from jobs.models import Job, Project
from tests.factories import make_upload
from uploads.models import Upload, UploadState


def post(client: Client, **body: Any) -> Any:
    return client.post("/api/jobs/batch", body, content_type="application/json")


@pytest.fixture
def uploads(alice: User) -> list[Upload]:
    return [make_upload(alice, f"episode {number}.mp4") for number in (1, 2, 3)]


def test_every_upload_is_dubbed_into_every_language(as_alice: Client, alice: User, uploads: list[Upload]) -> None:
    project = Project.objects.create(owner=alice, name="Cosmos", series="Cosmos")

    answer = post(
        as_alice,
        uploads=[str(upload.id) for upload in uploads],
        target_languages=["es", "ca"],
        mode="low",
        project=str(project.id),
        season=2,
        first_episode=7,
    )

    assert answer.status_code == 201
    made = [(job["name"], job["settings"]["target_language"], job["episode"]) for job in answer.json()["jobs"]]
    assert made == [(f"episode {n}.mp4", language, n + 6) for n in (1, 2, 3) for language in ("es", "ca")]
    assert {(job["series"], job["season"], job["project"]) for job in answer.json()["jobs"]} == {
        ("Cosmos", 2, str(project.id))
    }
    assert set(Job.objects.values_list("settings__mode", flat=True)) == {"low"}


def test_one_item_that_cannot_be_dubbed_refuses_all_and_is_named(as_alice: Client, uploads: list[Upload]) -> None:
    Upload.objects.filter(id=uploads[1].id).update(state=UploadState.REMOVED)

    answer = post(as_alice, uploads=[str(upload.id) for upload in uploads[:2]], target_languages=["es", "ja"])

    assert (answer.status_code, answer.json()["code"]) == (422, "jobs.batch_refused")
    items = [(item["index"], item["target_language"], item["code"]) for item in answer.json()["items"]]
    assert items == [
        (1, "ja", "engine.pair_unsupported"),
        (2, "es", "upload.removed"),
        (3, "ja", "engine.pair_unsupported"),
        (3, "ja", "upload.removed"),
    ]
    assert not Job.objects.exists()


def test_a_batch_over_the_quota_starts_nothing(as_alice: Client, uploads: list[Upload], settings: LazySettings) -> None:
    settings.MAX_WAITING_JOBS_PER_USER = 2

    answer = post(as_alice, uploads=[str(upload.id) for upload in uploads], target_languages=["es"])

    assert (answer.status_code, answer.json()["code"]) == (429, "jobs.too_many_waiting")
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("languages", "count", "field"),
    [([], 1, "target_languages"), (["es", "es"], 1, "target_languages"), (["es"], 0, "uploads")],
)
def test_a_batch_that_makes_no_sense_is_invalid(
    as_alice: Client, uploads: list[Upload], languages: list[str], count: int, field: str
) -> None:
    answer = post(as_alice, uploads=[str(upload.id) for upload in uploads[:count]], target_languages=languages)

    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])


def test_a_batch_has_at_most_fifty_jobs(as_alice: Client, uploads: list[Upload]) -> None:
    languages = [f"x{number}" for number in range(17)]

    answer = post(as_alice, uploads=[str(upload.id) for upload in uploads], target_languages=languages)

    assert answer.status_code == 400
    assert "at most 50" in answer.json()["detail"]


def test_somebody_elses_upload_is_named_by_its_place(as_bob: Client, uploads: list[Upload]) -> None:
    answer = post(as_bob, uploads=[str(uploads[0].id)], target_languages=["es"])

    assert answer.status_code == 400
    assert answer.json()["errors"]["uploads"] == {"0": ["There is no such upload."]}


def test_a_flood_of_ids_is_refused_before_any_is_looked_up(
    as_alice: Client, uploads: list[Upload], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(10):
        answer = post(as_alice, uploads=[str(uploads[0].id)] * 1000, target_languages=["es"])

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["uploads"])


def test_a_request_larger_than_a_form_is_413(as_alice: Client, settings: LazySettings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000

    answer = as_alice.post("/api/jobs/batch", "x" * 1001, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
