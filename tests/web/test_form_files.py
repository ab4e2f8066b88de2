"""A file in a plain form costs nobody anything before it is taken: no name on the disk, nothing from strangers."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import AnonymousUser
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.models import User
from tests.web.test_pages_new_dub import answers

FILM = b"not media" * 100_000


def a_film() -> SimpleUploadedFile:
    return SimpleUploadedFile("films/../film.mp4", FILM)


def names_below(folder: Path) -> list[str]:
    return [found.name for found in folder.rglob("*") if found.is_file()]


def test_a_strangers_file_is_not_kept(data_dir: Path) -> None:
    request = RequestFactory().post("/", {"note": "hello", "file": a_film()})
    request.user = AnonymousUser()

    assert "file" not in request.FILES
    assert request.POST["note"] == "hello"


@pytest.mark.django_db
def test_whose_session_has_ended_is_asked_to_sign_in() -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies["csrftoken"] = "c" * 32

    answer = client.post(reverse("jobs:new"), {"csrfmiddlewaretoken": "c" * 32, "file": a_film()})

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(reverse("account_login"))


@pytest.mark.django_db
def test_a_full_disk_is_told_on_the_page(as_alice: Client, settings: LazySettings) -> None:
    settings.FREE_SPACE_RESERVE_BYTES = 10**18

    page = as_alice.post(reverse("jobs:new"), answers(a_film()))

    assert page.status_code == 422
    assert "too little free space" in page.content.decode()


@pytest.mark.django_db
def test_a_file_that_would_take_the_reserve_is_refused_before_it_is_kept(
    as_alice: Client, settings: LazySettings
) -> None:
    settings.FREE_SPACE_RESERVE_BYTES = 10**18

    answer = as_alice.post("/api/uploads", {"file": a_film()})

    assert (answer.status_code, answer.json()["code"]) == (507, "storage.disk_full")


@pytest.mark.django_db
def test_a_file_that_is_taken_in_has_no_name_on_the_disk(alice: User, data_dir: Path) -> None:
    request = RequestFactory().post("/", {"file": a_film(), "note": "hello"})
    request.user = alice

    file = request.FILES["file"]

    assert isinstance(file, UploadedFile)
    assert (file.name, file.size, file.read()) == ("film.mp4", len(FILM), FILM)
    assert request.POST["note"] == "hello"
    assert names_below(data_dir) == []
    request.close()
    assert file.closed
