"""Hostile media in a worker's real runner: little time and memory, nothing else opened, and the runner lives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.errors import NoAudio, NotMedia, SourceTruncated
from tests.pipeline import hostile
from tests.security import hostile_media
from tests.security.fuzz.worker import Worker, working

MEMORY_BYTES = 2**30


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def film(folder: Path) -> bytes:
    return hostile_media.good(folder)


@pytest.fixture(scope="module")
def worker(folder: Path) -> Iterator[Worker]:
    with working(folder / "worker") as worker:
        yield worker
        assert worker.close() <= MEMORY_BYTES


def examined(worker: Worker, folder: Path, data: bytes, name: str = "holiday.mp4") -> tuple[str, str]:
    source = folder / name
    source.write_bytes(data)
    outcome = worker.examine(source)
    assert outcome.opened_outside == ()
    assert worker.is_alive
    return outcome.code, outcome.message


@pytest.mark.parametrize("kind", ["HLS", "DASH", "concat"])
def test_a_playlist_does_not_get_past_the_worker(worker: Worker, folder: Path, film: bytes, kind: str) -> None:
    (folder / "secret.mp4").write_bytes(film)
    text = hostile.playlists(f"file://{folder}/secret.mp4")[kind]

    code, told = examined(worker, folder, text.encode())

    assert code == NotMedia.code
    assert "is a playlist" in told


def test_names_are_no_options_protocols_or_patterns(worker: Worker, folder: Path, film: bytes) -> None:
    for name in hostile_media.NAMES:
        assert examined(worker, folder, film, name) == ("", "")


def test_times_that_leap_do_not_fill_the_disk(worker: Worker, folder: Path) -> None:
    code, told = examined(worker, folder, hostile_media.leaping(folder))

    assert code == NotMedia.code
    assert "its times are damaged" in told


def test_pictures_of_gigabytes_are_refused(worker: Worker, folder: Path) -> None:
    code, told = examined(worker, folder, hostile_media.with_huge_pictures(folder))

    assert code == NotMedia.code
    assert "megapixels" in told


def test_thousands_of_tracks_are_refused(worker: Worker, folder: Path, film: bytes) -> None:
    code, told = examined(worker, folder, hostile_media.with_thousands_of_tracks(film))

    assert code == NotMedia.code
    assert "streams" in told


def test_an_index_that_claims_gigabytes_is_refused(worker: Worker, folder: Path, film: bytes) -> None:
    packed, _told = examined(worker, folder, hostile_media.with_an_index_that_unpacks())
    endless, _told = examined(worker, folder, hostile_media.endless(film))

    assert {packed, endless} <= {NotMedia.code, SourceTruncated.code, NoAudio.code}


def test_the_same_worker_takes_an_honest_file_afterwards(worker: Worker, folder: Path, film: bytes) -> None:
    examined(worker, folder, film[: len(film) // 2])

    assert examined(worker, folder, film) == ("", "")
