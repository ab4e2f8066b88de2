"""Bytes that were acknowledged stay as they are; what cannot be taken changes nothing."""

from __future__ import annotations

import errno
import hashlib
import os
import random
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from accounts.models import User
from pipeline.errors import StorageError
from tests.web.sent_bytes import begun, cut_after, in_pieces, kept_bytes, sha256_of
from uploads import files, ranges
from uploads.checksums import Checksum
from uploads.errors import (
    TooScattered,
    UploadBeyondEnd,
    UploadEmpty,
    UploadGone,
    UploadIncomplete,
    UploadInterrupted,
    WrongChecksum,
    WrongOffset,
)
from uploads.models import Upload, UploadState
from uploads.services import append, complete, recording, terminate, write_chunk

pytestmark = pytest.mark.django_db(transaction=True)
CONTENT = random.Random(5).randbytes(10_000)


def test_the_whole_file_has_its_room_from_the_beginning(alice: User) -> None:
    upload = begun(alice, 5_000_000)

    found = (upload.incoming_folder / "source").stat()
    assert found.st_size == 5_000_000
    assert found.st_blocks * 512 >= 5_000_000


def test_bytes_are_appended_where_the_upload_goes_on(alice: User) -> None:
    upload = begun(alice, len(CONTENT))

    append(upload, 0, in_pieces(CONTENT[:3000]))
    upload = append(upload, 3000, in_pieces(CONTENT[3000:]), length=7000)

    assert upload.received == [[0, len(CONTENT)]]
    assert upload.received_bytes == len(CONTENT)
    assert kept_bytes(upload) == CONTENT


@pytest.mark.parametrize("offset", [0, 2999, 3001, 10_000])
def test_another_offset_is_refused_and_named(alice: User, offset: int) -> None:
    upload = append(begun(alice, len(CONTENT)), 0, in_pieces(CONTENT[:3000]))

    with pytest.raises(WrongOffset, match="3000"):
        append(upload, offset, in_pieces(b"x" * 10))

    assert kept_bytes(upload)[:3000] == CONTENT[:3000]


def test_what_came_before_a_connection_was_lost_is_kept(alice: User) -> None:
    upload = begun(alice, len(CONTENT))

    with pytest.raises(UploadInterrupted):
        append(upload, 0, cut_after(CONTENT[:4567]))

    upload.refresh_from_db()
    assert upload.received == [[0, 4567]]


def test_with_a_checksum_it_is_all_or_nothing(alice: User) -> None:
    upload = begun(alice, len(CONTENT))
    checksum = Checksum("sha1", hashlib.sha1(CONTENT, usedforsecurity=False).digest())

    with pytest.raises(UploadInterrupted):
        append(upload, 0, cut_after(CONTENT[:4567]), checksum=checksum)
    with pytest.raises(WrongChecksum):
        append(upload, 0, in_pieces(CONTENT[:-1] + b"!"), checksum=checksum)
    upload.refresh_from_db()
    assert upload.received == []

    assert append(upload, 0, in_pieces(CONTENT), checksum=checksum).is_whole


def test_bytes_past_the_end_are_refused_before_or_as_they_come(alice: User) -> None:
    upload = begun(alice, 2500)

    with pytest.raises(UploadBeyondEnd):
        append(upload, 0, in_pieces(CONTENT), length=len(CONTENT))
    upload.refresh_from_db()
    assert upload.received == []
    with pytest.raises(UploadBeyondEnd):
        append(upload, 0, in_pieces(CONTENT))

    upload.refresh_from_db()
    assert upload.received == [[0, 2000]]
    assert len(kept_bytes(upload)) == 2500


def test_chunks_may_come_in_any_order_twice_and_overlapping(alice: User) -> None:
    upload = begun(alice, len(CONTENT))

    for start, end in [(7000, 10_000), (0, 2000), (1000, 4000), (0, 2000), (3999, 7500)]:
        chunk = CONTENT[start:end]
        upload = write_chunk(upload, start, in_pieces(chunk), length=len(chunk), checksum=sha256_of(chunk))

    assert upload.is_whole
    assert kept_bytes(upload) == CONTENT


def test_a_chunk_never_changes_bytes_that_are_there(alice: User) -> None:
    upload = append(begun(alice, len(CONTENT)), 0, in_pieces(CONTENT[:4000]))
    other = b"\xff" * 3000

    upload = write_chunk(upload, 2000, in_pieces(other), length=len(other), checksum=sha256_of(other))

    assert kept_bytes(upload)[:5000] == CONTENT[:4000] + other[:1000]


def test_appended_bytes_do_not_change_chunks_that_came_before(alice: User) -> None:
    upload = begun(alice, len(CONTENT))
    chunk = b"\xff" * 500
    upload = write_chunk(upload, 1700, in_pieces(chunk), length=len(chunk), checksum=sha256_of(chunk))

    upload = append(upload, 0, in_pieces(CONTENT))

    assert upload.is_whole
    assert kept_bytes(upload) == CONTENT[:1700] + chunk + CONTENT[2200:]


def test_a_chunk_that_is_not_what_was_sent_changes_nothing(alice: User) -> None:
    upload = begun(alice, len(CONTENT))
    before = kept_bytes(upload)

    with pytest.raises(WrongChecksum):
        write_chunk(upload, 0, in_pieces(CONTENT), length=len(CONTENT), checksum=sha256_of(b"other"))
    with pytest.raises(UploadInterrupted):
        write_chunk(upload, 0, cut_after(CONTENT[:500]), length=1000, checksum=sha256_of(CONTENT[:1000]))
    with pytest.raises(UploadBeyondEnd):
        write_chunk(upload, 9000, in_pieces(CONTENT), length=None, checksum=sha256_of(CONTENT))
    with pytest.raises(UploadEmpty):
        write_chunk(upload, 0, in_pieces(b""), length=0, checksum=sha256_of(b""))

    upload.refresh_from_db()
    assert (upload.received, kept_bytes(upload)) == ([], before)
    assert [path.name for path in upload.incoming_folder.iterdir()] == ["source"]


def test_pieces_with_more_gaps_than_a_row_should_hold_are_refused(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "MAX_RANGES", 2)
    upload = begun(alice, len(CONTENT))
    for start in (0, 200):
        upload = write_chunk(upload, start, [b"x" * 100], length=100, checksum=sha256_of(b"x" * 100))

    with pytest.raises(TooScattered):
        write_chunk(upload, 400, [b"x" * 100], length=100, checksum=sha256_of(b"x" * 100))

    upload = write_chunk(upload, 100, [b"x" * 100], length=100, checksum=sha256_of(b"x" * 100))
    assert ranges.from_json(upload.received) == ((0, 300),)


def test_a_complete_film_is_examined_and_takes_its_place(alice: User, tone_clip: Path, data_dir: Path) -> None:
    content = tone_clip.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    upload = append(begun(alice, len(content), sha256=sha256), 0, in_pieces(content))

    ready = complete(upload.id)

    assert (ready.state, ready.sha256, ready.expires_at) == (UploadState.READY, sha256, None)
    assert ready.media["video"]["width"] == 320
    assert ready.source_path.read_bytes() == content
    assert list((data_dir / "media" / "incoming").iterdir()) == []
    assert complete(upload.id, sha256=sha256).id == ready.id


def test_a_film_whose_last_step_failed_is_completed_by_asking_again(
    alice: User, tone_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = tone_clip.read_bytes()
    upload = append(begun(alice, len(content)), 0, in_pieces(content))

    with monkeypatch.context() as broken:
        broken.setattr(files, "sync_folder", _fail)
        with pytest.raises(StorageError):
            complete(upload.id)
    upload.refresh_from_db()
    assert (upload.state, upload.folder.exists()) == (UploadState.RECEIVING, True)

    assert complete(upload.id).source_path.read_bytes() == content
    assert not upload.incoming_folder.exists()


def test_nobody_waits_for_a_checksum_that_nobody_asked_for(alice: User, tone_clip: Path) -> None:
    content = tone_clip.read_bytes()
    upload = append(begun(alice, len(content)), 0, in_pieces(content))

    assert complete(upload.id).sha256 == ""
    with pytest.raises(WrongChecksum):
        complete(upload.id, sha256="0" * 64)
    assert complete(upload.id).state == UploadState.READY


def test_a_file_with_gaps_is_not_complete(alice: User) -> None:
    upload = append(begun(alice, len(CONTENT)), 0, in_pieces(CONTENT[:4000]))

    with pytest.raises(UploadIncomplete, match=r"6000 bytes .* 4000"):
        complete(upload.id)

    assert Upload.objects.get().received_bytes == 4000


def test_another_file_than_was_announced_is_removed(alice: User, data_dir: Path) -> None:
    upload = append(begun(alice, len(CONTENT), sha256="0" * 64), 0, in_pieces(CONTENT))

    with pytest.raises(WrongChecksum):
        complete(upload.id)

    assert not Upload.objects.exists()
    assert list((data_dir / "media" / "incoming").iterdir()) == []


def test_a_row_without_its_file_is_gone_and_can_be_taken_back(alice: User) -> None:
    upload = begun(alice, len(CONTENT))
    (upload.incoming_folder / "source").unlink()

    with pytest.raises(UploadGone):
        append(upload, 0, in_pieces(CONTENT))
    with pytest.raises(UploadGone):
        write_chunk(upload, 0, in_pieces(CONTENT), length=None, checksum=sha256_of(CONTENT))
    terminate(upload.id)

    assert not upload.incoming_folder.exists()
    assert not Upload.objects.exists()


def test_an_expired_upload_takes_nothing_more(alice: User) -> None:
    upload = append(begun(alice, len(CONTENT)), 0, in_pieces(CONTENT[:100]))
    later = timezone.now() + timedelta(hours=24, seconds=1)

    with pytest.raises(UploadGone, match="expired"):
        append(upload, 100, in_pieces(CONTENT[100:]), clock=lambda: later)


def test_room_that_nobody_uses_is_kept_for_an_hour_then_for_a_day_from_each_byte(alice: User) -> None:
    now = timezone.now()
    upload = begun(alice, len(CONTENT))
    assert upload.expires_at is not None
    assert abs(upload.expires_at - now - timedelta(hours=1)) < timedelta(minutes=5)

    upload = append(upload, 0, in_pieces(CONTENT[:100]), clock=lambda: now)

    assert upload.expires_at == now + timedelta(hours=24)


def _fail(_folder: Path) -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))
