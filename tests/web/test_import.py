"""A file that lies on the server fills an upload, part by part, unless it changes meanwhile."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client

from accounts.models import User
from pipeline.errors import DiskFull
from tests.factories import make_upload
from tests.web.imports import assert_nothing_left, assert_refused, begin, pull
from uploads import files, importing
from uploads.models import Upload

pytestmark = pytest.mark.django_db
committing = pytest.mark.django_db(transaction=True)  # files go after the commit


def test_a_film_of_the_server_is_imported(as_alice: Client, film: Path, data_dir: Path) -> None:
    upload = begin(as_alice, "films/trip/day1.mp4").json()
    assert (upload["name"], upload["state"], upload["received_bytes"]) == ("day1.mp4", "receiving", 0)

    pulled = pull(as_alice, upload["id"]).json()
    done = as_alice.post(f"/api/uploads/{upload['id']}/complete").json()

    assert (pulled["missing"], pulled["progress"]) == ([], 1.0)
    assert (done["state"], done["media"]["video"]["width"]) == ("ready", 320)
    assert Upload.objects.get().source_path.read_bytes() == film.read_bytes()


def test_each_call_copies_a_part_and_tells_how_far_it_is(
    as_alice: Client, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = film.stat().st_size // 3 + 1
    monkeypatch.setattr(importing, "PULL_BYTES", part)
    upload_id = begin(as_alice, "films/trip/day1.mp4").json()["id"]

    told = [pull(as_alice, upload_id).json()["received_bytes"] for _ in range(4)]

    assert told == [part, 2 * part, film.stat().st_size, film.stat().st_size]


def test_a_slow_disk_is_not_waited_for(as_alice: Client, film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "PULL_S", 0)
    upload_id = begin(as_alice, "films/trip/day1.mp4").json()["id"]

    assert pull(as_alice, upload_id).json()["received_bytes"] == 0


@committing
def test_a_film_that_changes_meanwhile_is_given_up(
    as_alice: Client, film: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "PULL_BYTES", 1000)
    upload_id = begin(as_alice, "films/trip/day1.mp4").json()["id"]
    pull(as_alice, upload_id)
    with film.open("r+b") as file:
        file.write(b"changed")

    assert_refused(pull(as_alice, upload_id), 409, "upload.import_changed")

    assert_nothing_left(data_dir)
    assert pull(as_alice, upload_id).status_code == 404


def cut_short(film: Path) -> None:
    os.truncate(film, 1000)


def replaced(film: Path) -> None:
    other = film.with_suffix(".new")
    other.write_bytes(film.read_bytes())
    before = film.stat()
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    os.replace(other, film)


@committing
@pytest.mark.parametrize("change", [cut_short, replaced])
def test_what_was_looked_at_is_what_is_copied(
    as_alice: Client, film: Path, data_dir: Path, change: Callable[[Path], None]
) -> None:
    upload_id = begin(as_alice, "films/trip/day1.mp4").json()["id"]
    change(film)

    assert_refused(pull(as_alice, upload_id), 409, "upload.import_changed")

    assert_nothing_left(data_dir)


@pytest.mark.parametrize("finish", ["", "complete"])
def test_a_copy_that_is_whole_stays_whatever_becomes_of_the_file(as_alice: Client, film: Path, finish: str) -> None:
    upload_id = begin(as_alice, "films/trip/day1.mp4").json()["id"]
    pull(as_alice, upload_id)
    if finish:
        as_alice.post(f"/api/uploads/{upload_id}/{finish}")
    film.write_bytes(b"another film")
    changed = pull(as_alice, upload_id)
    film.unlink()

    assert [answer.json()["missing"] for answer in (changed, pull(as_alice, upload_id))] == [[], []]
    assert Upload.objects.get().state == ("ready" if finish else "receiving")


@committing
def test_a_film_cut_short_during_the_copy_is_given_up(
    as_alice: Client, film: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = begin(as_alice, "films/trip/day1.mp4").json()["id"]
    copy = files.copy

    def copy_of_what_is_left(*arguments: int) -> None:
        os.truncate(film, 1000)
        copy(*arguments)

    monkeypatch.setattr(files, "copy", copy_of_what_is_left)

    assert_refused(pull(as_alice, upload_id), 409, "upload.import_changed")

    assert_nothing_left(data_dir)


def test_a_full_disk_is_told_and_the_import_goes_on_later(
    as_alice: Client, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = begin(as_alice, "films/trip/day1.mp4").json()["id"]

    def refuse(*_arguments: int) -> None:
        raise DiskFull("no room")

    with monkeypatch.context() as full:
        full.setattr(files, "copy", refuse)
        assert_refused(pull(as_alice, upload_id), 507, DiskFull.code)

    assert pull(as_alice, upload_id).json()["missing"] == []


@committing
def test_a_file_that_is_no_film_is_refused_like_any_upload(as_alice: Client, films: Path, data_dir: Path) -> None:
    (films / "page.mp4").write_text("<html>")
    upload_id = begin(as_alice, "films/page.mp4").json()["id"]
    pull(as_alice, upload_id)

    answer = as_alice.post(f"/api/uploads/{upload_id}/complete")

    assert_refused(answer, 422, "input.not_media")
    assert "is a web page" in answer.json()["detail"]
    assert_nothing_left(data_dir)


def test_imports_are_for_those_who_signed_in_and_for_their_owner(
    client: Client, as_bob: Client, as_alice: Client, film: Path
) -> None:
    upload_id = begin(as_alice, "films/trip/day1.mp4").json()["id"]

    assert client.get("/api/imports").status_code == 401
    assert begin(client, "films/trip/day1.mp4").status_code == 401
    assert pull(as_bob, upload_id).status_code == 404


def test_what_a_client_sends_cannot_be_pulled(as_alice: Client, alice: User, films: Path) -> None:
    assert_refused(pull(as_alice, str(make_upload(alice).id)), 409, "upload.not_import")


def test_limits_hold_for_imports_too(as_alice: Client, film: Path, settings: LazySettings, data_dir: Path) -> None:
    settings.UPLOAD_MAX_BYTES = 1000

    assert_refused(begin(as_alice, "films/trip/day1.mp4"), 413, "upload.too_large")
    assert_nothing_left(data_dir)


def test_an_empty_file_is_refused(as_alice: Client, films: Path) -> None:
    (films / "empty.mp4").touch()

    assert_refused(begin(as_alice, "films/empty.mp4"), 422, "upload.empty")
