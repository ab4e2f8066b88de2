"""The page that chooses a file of the server's own folders."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client

from accounts.models import User
from uploads.models import Upload


@pytest.fixture
def films(tmp_path: Path, settings: LazySettings, spoken_clip: Path) -> Path:
    """A folder that may be imported from."""
    folder = tmp_path / "films"
    (folder / "Summer & sea").mkdir(parents=True)
    for name in ("Beach.mp4", "Mountains.mp4", "Summer & sea/50% of it?.mp4"):
        shutil.copy(spoken_clip, folder / name)
    settings.IMPORT_FOLDERS = [str(folder)]
    return folder


def shown(client: Client, **query: str) -> str:
    return client.get("/new/import/", query).content.decode()


def test_the_page_for_a_new_dub_leads_there_only_where_there_are_folders(
    as_alice: Client, films: Path, settings: LazySettings
) -> None:
    assert "/new/import/" in as_alice.get("/new/").content.decode()

    settings.IMPORT_FOLDERS = []

    assert "/new/import/" not in as_alice.get("/new/").content.decode()
    assert as_alice.get("/new/import/").status_code == 404


def test_folders_are_walked_and_their_files_listed(as_alice: Client, films: Path) -> None:
    assert "?folder=films" in shown(as_alice)
    folder = shown(as_alice, folder="films")
    assert "?folder=films%2FSummer%20%26%20sea" in folder
    assert "Mountains.mp4" in folder
    assert "50% of it?.mp4" in shown(as_alice, folder="films/Summer & sea")


def test_a_search_finds_parts_of_names_in_the_folder(as_alice: Client, films: Path) -> None:
    found = shown(as_alice, folder="films", q="MOUNT")

    assert "Mountains.mp4" in found
    assert "Beach.mp4" not in found
    assert "Nothing of that name" in shown(as_alice, folder="films", q="winter")


def test_twenty_files_are_on_a_page(as_alice: Client, films: Path) -> None:
    for number in range(30):
        (films / f"{number:02}.mp4").touch()

    assert "19.mp4" not in shown(as_alice, folder="films")
    assert "29.mp4" in shown(as_alice, folder="films", page="2")


def test_a_chosen_file_becomes_an_upload_that_the_page_for_a_new_dub_fills(
    as_alice: Client, alice: User, films: Path
) -> None:
    response = as_alice.post("/new/import/?path=films%2FSummer+%26+sea%2F50%25+of+it%3F.mp4")

    upload = Upload.objects.get(owner=alice)
    assert response.headers["Location"] == f"/new/?upload={upload.id}"
    page = as_alice.get(response.headers["Location"]).content.decode()
    assert "data-is-import" in page
    assert "50% of it?.mp4" in page


@pytest.mark.parametrize("path", ["films/../secret.mp4", "films/none.mp4", "", "other/x.mp4"])
def test_a_path_that_leads_elsewhere_is_refused_in_words(as_alice: Client, films: Path, path: str) -> None:
    (films.parent / "secret.mp4").touch()

    response = as_alice.post("/new/import/", QUERY_STRING=f"path={path}")

    assert response.headers["Location"] == "/new/import/"
    assert "There is no such file" in as_alice.get("/new/import/").content.decode()
    assert not Upload.objects.exists()


@pytest.mark.parametrize("folder", ["films/..", "films/none", "other"])
def test_a_folder_that_is_not_there_is_not_found(as_alice: Client, films: Path, folder: str) -> None:
    assert as_alice.get("/new/import/", {"folder": folder}).status_code == 404


def test_a_stranger_sees_no_folder(client: Client, db: None, films: Path) -> None:
    assert client.get("/new/import/").headers["Location"].startswith("/accounts/login/")
