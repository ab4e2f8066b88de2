"""A file is received whole and examined, or nothing of it stays."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError

from accounts.models import User
from pipeline.errors import DiskFull, DubbingError, NotMedia, SourceTruncated
from uploads import services
from uploads.errors import UploadBeyondEnd, UploadEmpty, UploadTooLarge
from uploads.models import Upload
from uploads.names import display_name

pytestmark = pytest.mark.django_db(transaction=True)  # files go after the commit


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def assert_nothing_left(data_dir: Path) -> None:
    assert not Upload.objects.exists()
    assert files_below(data_dir / "media") == []
    assert list((data_dir / "media" / "incoming").glob("*")) == []


def test_the_file_is_kept_with_its_hash_and_facts(alice: User, tone_clip: Path, data_dir: Path) -> None:
    content = tone_clip.read_bytes()

    upload = services.receive(alice, SimpleUploadedFile("holiday.mp4", content))

    assert (upload.name, upload.size_bytes) == ("holiday.mp4", len(content))
    assert upload.sha256 == hashlib.sha256(content).hexdigest()
    assert upload.media["video"]["width"] == 320
    assert files_below(data_dir / "media") == [upload.source_path]
    assert upload.source_path.read_bytes() == content


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\film.mp4", "film.mp4"),
        ("-y.mp4", "-y.mp4"),
        ("bad\x00\n\x1b[31mname.mp4", "bad[31mname.mp4"),
        ("x" * 400 + ".mp4", "x" * 251 + ".mp4"),
        ("فيلم.mp4", "فيلم.mp4"),
        ("", "Untitled"),
    ],
)
def test_names_are_for_showing_only(sent: str, shown: str) -> None:
    assert display_name(sent) == shown


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", UploadEmpty),
        (b"this is a text, not a film", NotMedia),
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n/etc/passwd\n", NotMedia),
        (b"\x00\x00\x00\x20ftypisom" + b"\x00" * 2000, DubbingError),
    ],
    ids=["empty", "text", "playlist", "broken"],
)
def test_what_is_not_media_leaves_nothing(
    alice: User, data_dir: Path, content: bytes, error: type[DubbingError]
) -> None:
    (data_dir / "media" / "incoming").mkdir()

    with pytest.raises(error) as refusal:
        services.receive(alice, SimpleUploadedFile("film.mp4", content))

    assert str(data_dir) not in str(refusal.value)
    assert_nothing_left(data_dir)


def test_a_film_cut_off_while_copying_is_refused(alice: User, tone_clip: Path, data_dir: Path) -> None:
    content = tone_clip.read_bytes()

    with pytest.raises(SourceTruncated, match=r"film\.mp4"):
        services.receive(alice, SimpleUploadedFile("film.mp4", content[: len(content) // 2]))

    assert_nothing_left(data_dir)


def test_a_file_over_the_limit_is_refused_before_it_is_copied(
    alice: User, settings: LazySettings, data_dir: Path
) -> None:
    settings.UPLOAD_MAX_BYTES = 10
    (data_dir / "media" / "incoming").mkdir()

    with pytest.raises(UploadTooLarge, match="11"):
        services.receive(alice, SimpleUploadedFile("film.mp4", b"x" * 11))

    assert_nothing_left(data_dir)


def test_a_file_that_lies_about_its_size_is_stopped(alice: User, settings: LazySettings, data_dir: Path) -> None:
    settings.UPLOAD_MAX_BYTES = 10
    film = SimpleUploadedFile("film.mp4", b"x" * 5000)
    film.size = 5

    with pytest.raises(UploadBeyondEnd):
        services.receive(alice, film)

    assert_nothing_left(data_dir)


def test_a_full_disk_is_told_before_the_copy(alice: User, settings: LazySettings, data_dir: Path) -> None:
    settings.FREE_SPACE_RESERVE_BYTES = 10**18
    (data_dir / "media" / "incoming").mkdir()

    with pytest.raises(DiskFull):
        services.receive(alice, SimpleUploadedFile("film.mp4", b"x"))

    assert_nothing_left(data_dir)


def test_nothing_stays_when_the_row_cannot_be_written(
    alice: User, tone_clip: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Upload, **_options: object) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(Upload, "save", fail)

    with pytest.raises(OperationalError):
        services.receive(alice, SimpleUploadedFile("film.mp4", tone_clip.read_bytes()))

    assert_nothing_left(data_dir)


def test_a_fifo_cannot_be_smuggled_in_by_name(alice: User, data_dir: Path) -> None:
    subprocess.run(["mkfifo", str(data_dir / "pipe")], check=True)

    with pytest.raises(NotMedia):
        services.receive(alice, SimpleUploadedFile(str(data_dir / "pipe"), b"x"))
