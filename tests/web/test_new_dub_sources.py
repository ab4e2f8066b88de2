"""The form for a new dub, made of a file that was uploaded before or is still on its way."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import User
from jobs.models import Job
from tests import factories
from tests.web.test_pages_new_dub import AUTOMATIC
from uploads.metadata import ClientFacts
from uploads.models import Upload
from uploads.services import Announced, begin

JSON = {"Accept": "application/json"}


def begun(owner: User, name: str = "talk.mp4", size_bytes: int = 5_000_000, **more: Any) -> Upload:
    return begin(owner, Announced(name, size_bytes, **more), now=timezone.now())


def post(client: Client, upload: Upload | uuid.UUID, **fields: str) -> Any:
    given = {"target_language": "es", **AUTOMATIC, "upload": str(getattr(upload, "id", upload)), **fields}
    return client.post("/new/", given, headers=JSON)


def test_a_dub_is_made_of_an_upload_that_is_here(as_alice: Client, alice: User, spoken_clip: Path) -> None:
    upload = factories.make_upload(alice, content=spoken_clip.read_bytes())

    response = post(as_alice, upload)

    assert response.status_code == 201
    assert Job.objects.get().upload == upload


def test_a_script_is_told_that_only_the_file_is_missing(as_alice: Client, alice: User) -> None:
    response = post(as_alice, begun(alice))

    assert response.status_code == 202
    assert not Job.objects.exists()


def test_what_is_wrong_with_the_settings_is_said_while_the_file_is_on_its_way(as_alice: Client, alice: User) -> None:
    response = post(as_alice, begun(alice), target_language="ja")

    assert response.status_code == 422
    assert list(response.json()["errors"]) == ["target_language"]


def test_what_is_wrong_with_the_settings_is_said_before_the_file_has_a_number(as_alice: Client) -> None:
    response = as_alice.post("/new/", {"target_language": "ja", **AUTOMATIC}, headers=JSON)

    assert set(response.json()["errors"]) == {"file", "target_language"}


def test_without_scripts_an_unfinished_file_is_refused_in_words(as_alice: Client, alice: User) -> None:
    given = {"target_language": "es", **AUTOMATIC, "upload": str(begun(alice).id)}

    response = as_alice.post("/new/", given)

    assert response.status_code == 422
    assert not Job.objects.exists()


def test_bob_cannot_use_an_upload_of_alice(as_bob: Client, alice: User) -> None:
    upload = factories.make_upload(alice)

    response = post(as_bob, upload)

    assert response.status_code == 422
    assert response.json()["errors"] == {"file": ["This file is not here any more; choose it again."]}
    assert upload.name not in as_bob.get(f"/new/?upload={upload.id}").content.decode()


@pytest.mark.parametrize("value", ["no-uuid", str(uuid.UUID(int=7))])
def test_an_address_of_an_upload_that_is_not_there_opens_the_plain_page(as_alice: Client, value: str) -> None:
    response = as_alice.get("/new/", {"upload": value})

    assert response.status_code == 200
    assert "Choose a video or a recording" in response.content.decode()


def test_unfinished_uploads_are_listed_with_what_is_missing(as_alice: Client, alice: User) -> None:
    facts = ClientFacts(last_modified_ms=1_700_000_000_000)
    upload = begun(alice, client=facts)

    page = as_alice.get("/new/").content.decode()

    assert "Unfinished uploads" in page
    assert f'data-id="{upload.id}"' in page
    assert 'data-total-bytes="5000000"' in page
    assert 'data-modified-ms="1700000000000"' in page
    assert re.search(r"0\s*bytes is here, 4\.8\s*MB is missing", page)


def test_twenty_unfinished_uploads_are_on_a_page(as_alice: Client, alice: User, settings: Any) -> None:
    settings.MAX_UNFINISHED_UPLOADS_PER_USER = 100
    for number in range(21):
        begun(alice, f"{number}.mp4", 100)

    first, second = (as_alice.get("/new/", {"page": page}).content.decode() for page in (1, 2))

    assert first.count("data-unfinished") == 20
    assert second.count("data-unfinished") == 1


def test_files_without_a_dub_can_be_used_and_those_with_one_are_not_listed(as_alice: Client, alice: User) -> None:
    idle, used = factories.make_upload(alice, "idle.mp4"), factories.make_upload(alice, "used.mp4")
    factories.make_job(alice, used)

    page = as_alice.get("/new/").content.decode()

    assert f"?upload={idle.id}" in page
    assert "used.mp4" not in page


def test_an_upload_is_discarded(
    as_alice: Client, alice: User, django_capture_on_commit_callbacks: Callable[..., AbstractContextManager]
) -> None:
    for upload in (begun(alice), factories.make_upload(alice)):
        with django_capture_on_commit_callbacks(execute=True):
            response = as_alice.post(f"/uploads/{upload.id}/discard/")

        assert response.headers["Location"] == "/new/"
        assert not Upload.objects.filter(id=upload.id).exists()
        assert not upload.folder.exists()
        assert not upload.incoming_folder.exists()


def test_bob_cannot_discard_an_upload_of_alice(as_bob: Client, alice: User) -> None:
    upload = factories.make_upload(alice)

    assert as_bob.post(f"/uploads/{upload.id}/discard/").status_code == 404
    assert Upload.objects.filter(id=upload.id).exists()


def test_an_upload_is_kept_when_its_dub_is_refused_and_a_form_s_file_is_not(
    as_alice: Client, alice: User, spoken_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jobs import dispatch
    from jobs.errors import TooManyWaiting

    def refuse(*arguments: object, **options: object) -> None:
        raise TooManyWaiting("You have enough waiting.")

    monkeypatch.setattr(dispatch, "submit", refuse)
    upload = factories.make_upload(alice, content=spoken_clip.read_bytes())
    file = SimpleUploadedFile("new.mp4", spoken_clip.read_bytes())

    assert post(as_alice, upload).status_code == 422
    sent = as_alice.post("/new/", {"target_language": "es", **AUTOMATIC, "file": file}, headers=JSON)

    assert sent.status_code == 422
    assert Upload.objects.get() == upload
