"""A file that another app of the phone shares, where no service worker takes it first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from uploads.models import Upload


@pytest.fixture
def strict(alice: User) -> Client:
    """Alice's browser, of which form tokens are asked as in service."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    return client


def shared(client: Client, file: Path | SimpleUploadedFile, origin: str = "none") -> Any:
    content = file.read_bytes() if isinstance(file, Path) else file.read()
    body = SimpleUploadedFile(str(file.name), content, content_type="video/mp4")
    return client.post("/share/", {"title": "", "file": body}, headers={"Sec-Fetch-Site": origin, "Origin": "null"})


def test_the_file_is_kept_and_chosen_on_the_page_for_a_new_dub(strict: Client, spoken_clip: Path) -> None:
    response = shared(strict, spoken_clip)

    upload = Upload.objects.get()
    assert response.headers["Location"] == f"/new/?upload={upload.id}"
    assert upload.source_path.read_bytes() == spoken_clip.read_bytes()
    page = strict.get(response.headers["Location"]).content.decode()
    assert spoken_clip.name in page
    assert f'value="{upload.id}"' in page


@pytest.mark.parametrize("origin", ["cross-site", "same-site", ""])
def test_no_other_site_can_put_a_file_here(strict: Client, spoken_clip: Path, origin: str) -> None:
    response = shared(strict, spoken_clip, origin)

    assert response.status_code == 403
    assert not Upload.objects.exists()


def test_a_stranger_is_led_to_the_sign_in(client: Client, db: None, spoken_clip: Path) -> None:
    response = shared(client, spoken_clip)

    assert response.headers["Location"] == "/accounts/login/?next=/share/"
    assert not Upload.objects.exists()


def test_what_is_no_media_is_refused_in_words(strict: Client) -> None:
    response = shared(strict, SimpleUploadedFile("letter.mp4", b"Dear Bob,\n" * 50))

    assert response.headers["Location"] == "/new/"
    assert "letter.mp4" in strict.get("/new/").content.decode()
    assert not Upload.objects.exists()


def test_an_address_opened_by_hand_leads_to_the_page_for_a_new_dub(as_alice: Client) -> None:
    assert as_alice.get("/share/").headers["Location"] == "/new/"
