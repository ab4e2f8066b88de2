"""A dub's row and files appear together or not at all, whatever fails between them."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest
from django.db import OperationalError, connection

from accounts.models import User
from library import services as library
from library.models import Dub
from library.services import FinishedDub, Place, ReadyFile
from pipeline import storage
from tests.factories import make_job

pytestmark = pytest.mark.django_db(transaction=True)
FILM = b"0123456789"


@pytest.fixture
def finished(alice: User, tmp_path: Path) -> FinishedDub:
    film = tmp_path / "film.mp4"
    film.write_bytes(FILM)
    ready = ReadyFile(film, hashlib.sha256(FILM).hexdigest())
    return FinishedDub(alice, make_job(alice).id, "talk.mp4", "en", "es", 6.0, {"mp4": ready})


def dubs_on_disk(data_dir: Path) -> list[str]:
    root = data_dir / "media" / "dubs"
    return [folder.name for folder in root.iterdir()] if root.exists() else []


def test_the_digest_is_the_one_that_was_taken_when_the_file_was_made(finished: FinishedDub) -> None:
    dub = library.publish(finished, in_same_transaction=Place)

    artifact = dub.artifacts.get()
    assert (artifact.sha256, artifact.path.read_bytes()) == (finished.files["mp4"].sha256, FILM)


def test_nothing_stays_when_the_caller_refuses(finished: FinishedDub, data_dir: Path) -> None:
    def refuse() -> Place:
        raise RuntimeError("the lease is lost")

    with pytest.raises(RuntimeError):
        library.publish(finished, in_same_transaction=refuse)

    assert not Dub.objects.exists()
    assert dubs_on_disk(data_dir) == []


def test_nothing_stays_when_a_file_cannot_be_moved(finished: FinishedDub, data_dir: Path) -> None:
    finished.files["mp4"].path.unlink()

    with pytest.raises(FileNotFoundError):
        library.publish(finished, in_same_transaction=Place)

    assert not Dub.objects.exists()
    assert dubs_on_disk(data_dir) == []


def test_the_files_stay_when_nobody_knows_whether_the_commit_succeeded(
    finished: FinishedDub, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = connection.commit

    def commit_and_lose_the_answer() -> None:
        commit()
        raise OperationalError("the connection was lost")

    monkeypatch.setattr(connection, "commit", commit_and_lose_the_answer)

    with pytest.raises(OperationalError):
        library.publish(finished, in_same_transaction=Place)

    monkeypatch.undo()
    connection.close()
    dub = Dub.objects.get()
    assert dub.artifacts.get().path.read_bytes() == FILM
    assert dubs_on_disk(data_dir) == [str(dub.id)]


def test_files_are_safe_before_the_row_is(finished: FinishedDub, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []

    def sync(path: Path) -> None:
        synced.append(path)
        storage.sync(path)

    monkeypatch.setattr(library, "sync", sync)

    def look() -> Place:
        assert (synced[0].name, synced[1], synced[2].name) == ("mp4.mp4", synced[0].parent, "dubs")
        return Place()

    library.publish(finished, in_same_transaction=look)

    assert len(synced) == 3


def test_a_folder_that_goes_while_orphans_are_looked_for_does_not_matter(data_dir: Path) -> None:
    root = data_dir / "media" / "dubs"
    left = root / "left"
    left.mkdir(parents=True)
    os.utime(left, (1, 1))
    (root / "gone").symlink_to(root / "nowhere")

    assert library.remove_orphans(now_s=time.time()) == 1
    assert not left.exists()
