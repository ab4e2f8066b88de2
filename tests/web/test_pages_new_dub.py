"""The form for a new dub, posted with and without scripts."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import User
from jobs.models import Job
from tests import factories
from uploads.models import Upload

AUTOMATIC = {
    "mode": "medium",
    "loudness": "web",
    "burn_in": "none",
    "asr": "auto",
    "translation": "auto",
    "tts": "auto",
}


def answers(file: IO[bytes] | SimpleUploadedFile | None, **fields: Any) -> dict[str, Any]:
    given = {"target_language": "es", **AUTOMATIC, **fields}
    return given | {"file": file} if file else given


@pytest.fixture
def letter() -> SimpleUploadedFile:
    return SimpleUploadedFile("letter.mp4", b"Dear Bob,\n" * 50, content_type="video/mp4")


def test_the_form_offers_languages_that_english_can_be_dubbed_into(as_alice: Client) -> None:
    page = as_alice.get(reverse("jobs:new")).content.decode()

    near = page.partition('<optgroup label="From English">')[2].partition("</optgroup>")[0]
    assert '<option value="es">Spanish</option>' in near


def test_a_plain_post_starts_a_job_and_leads_to_it(as_alice: Client, alice: User, spoken_clip: Path) -> None:
    with spoken_clip.open("rb") as file:
        response = as_alice.post(reverse("jobs:new"), answers(file, mode="low", source_language="en"))

    job = Job.objects.get(owner=alice)
    assert response.status_code == 302
    assert response.headers["Location"] == reverse("jobs:detail", args=[job.id])
    assert job.name == spoken_clip.name
    assert (job.settings["target_language"], job.settings["mode"]) == ("es", "low")


def test_a_script_gets_the_address_of_the_job(as_alice: Client, spoken_clip: Path) -> None:
    with spoken_clip.open("rb") as file:
        response = as_alice.post(reverse("jobs:new"), answers(file), headers={"Accept": "application/json"})

    assert response.status_code == 201
    assert response.json() == {"url": reverse("jobs:detail", args=[Job.objects.get().id])}


def test_a_file_that_is_no_media_is_refused_beside_the_file(as_alice: Client, letter: SimpleUploadedFile) -> None:
    response = as_alice.post(reverse("jobs:new"), answers(letter))

    assert response.status_code == 422
    assert "letter.mp4" in response.context["form"].errors["file"][0]
    assert not Upload.objects.exists()


def test_a_script_gets_the_errors_by_field(as_alice: Client) -> None:
    response = as_alice.post(
        reverse("jobs:new"), answers(None, target_language=""), headers={"Accept": "application/json"}
    )

    assert response.status_code == 422
    assert response.json()["errors"] == {
        "file": ["Choose a file first."],
        "target_language": ["Choose the language to dub into."],
    }


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"target_language": "ja"}, "target_language"),  # nothing embedded translates English to Japanese
        ({"source_language": "is", "target_language": "en"}, "source_language"),  # nothing recognises Icelandic
        ({"voice": "nobody"}, "voice"),
        ({"tts": "flite"}, "tts"),  # English only
        ({"asr": "made-up"}, "asr"),
        ({"mode": "perfect"}, "mode"),
        ({"speakers": "21"}, "speakers"),
        ({"loudness": "loud"}, "loudness"),
    ],
)
def test_what_the_engines_here_cannot_do_is_refused_before_the_upload_is_kept(
    as_alice: Client, letter: SimpleUploadedFile, fields: dict[str, str], field: str
) -> None:
    response = as_alice.post(reverse("jobs:new"), answers(letter, **fields))

    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert not Upload.objects.exists()


def test_a_full_queue_is_said_on_top_of_the_form(
    as_alice: Client, alice: User, spoken_clip: Path, settings: LazySettings
) -> None:
    settings.MAX_WAITING_JOBS_PER_USER = 1
    factories.make_job(alice)

    with spoken_clip.open("rb") as file:
        response = as_alice.post(reverse("jobs:new"), answers(file))

    assert response.status_code == 422
    assert "wait for one to start" in response.content.decode()


def test_a_file_over_the_limit_is_refused(as_alice: Client, letter: SimpleUploadedFile, settings: LazySettings) -> None:
    settings.UPLOAD_MAX_BYTES = 100

    response = as_alice.post(reverse("jobs:new"), answers(letter))

    assert response.status_code == 422
    assert "at most" in response.context["form"].errors["file"][0]
