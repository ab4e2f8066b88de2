"""How much one user, and the disk, may be asked for; told before a byte is sent."""

from __future__ import annotations

import errno
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import connections
from django.utils import timezone

from accounts.models import User
from pipeline.errors import DiskFull, StorageError
from tests.factories import make_job, make_upload
from tests.web.sent_bytes import begun, in_pieces, sha256_of
from uploads.errors import TooManyUnfinished, UploadEmpty, UploadInUse, UploadQuotaReached, UploadTooLarge
from uploads.models import Upload
from uploads.services import append, remove_expired, remove_orphans, terminate, write_chunk

pytestmark = pytest.mark.django_db(transaction=True)


def assert_nothing_incoming(data_dir: Path) -> None:
    assert list((data_dir / "media" / "incoming").glob("*")) == []


@pytest.mark.parametrize(("size_bytes", "error"), [(0, UploadEmpty), (1001, UploadTooLarge)])
def test_the_size_is_looked_at_first(
    alice: User, settings: LazySettings, data_dir: Path, size_bytes: int, error: type[Exception]
) -> None:
    settings.UPLOAD_MAX_BYTES = 1000

    with pytest.raises(error):
        begun(alice, size_bytes)

    assert_nothing_incoming(data_dir)


def test_unfinished_uploads_are_counted_by_user(alice: User, bob: User, settings: LazySettings) -> None:
    settings.MAX_UNFINISHED_UPLOADS_PER_USER = 2
    first, _second = begun(alice, 10), begun(alice, 10)
    make_upload(alice)

    with pytest.raises(TooManyUnfinished, match="2 unfinished uploads"):
        begun(alice, 10)
    begun(bob, 10)
    terminate(first.id)

    begun(alice, 10)


def test_of_many_at_once_no_more_are_begun_than_there_may_be(alice: User, settings: LazySettings) -> None:
    settings.MAX_UNFINISHED_UPLOADS_PER_USER = 3

    def ask(_number: int) -> None:
        try:
            begun(alice, 10)
        except TooManyUnfinished:
            return
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(ask, range(8)))

    assert Upload.objects.count() == 3


def test_a_user_has_so_much_space(alice: User, bob: User, settings: LazySettings) -> None:
    settings.UPLOAD_QUOTA_BYTES_PER_USER = 1000
    make_upload(alice, content=b"x" * 600)
    begun(alice, 300)

    with pytest.raises(UploadQuotaReached):
        begun(alice, 101)

    begun(alice, 100)
    begun(bob, 1000)


def test_a_file_that_would_take_the_reserve_is_not_begun(alice: User, settings: LazySettings, data_dir: Path) -> None:
    free_bytes = shutil.disk_usage(data_dir).free
    settings.FREE_SPACE_RESERVE_BYTES = free_bytes - 10**9
    settings.UPLOAD_MAX_BYTES = 10**15

    with pytest.raises(DiskFull):
        begun(alice, 2 * 10**9)

    assert_nothing_incoming(data_dir)


@pytest.mark.parametrize("step", ["posix_fallocate", "fsync"])
def test_a_disk_that_refuses_at_the_beginning_leaves_nothing(
    alice: User, data_dir: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    monkeypatch.setattr(os, step, _refuse)

    with pytest.raises(DiskFull) as refusal:
        begun(alice, 1000)

    assert str(data_dir) not in str(refusal.value)
    assert_nothing_incoming(data_dir)
    assert not Upload.objects.exists()


@pytest.mark.parametrize("step", ["pwrite", "fdatasync"])
def test_what_the_disk_did_not_keep_is_not_acknowledged(
    alice: User, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    upload = append(begun(alice, 1000), 0, in_pieces(b"a" * 300))

    with monkeypatch.context() as broken:
        broken.setattr(os, step, _refuse)
        with pytest.raises(DiskFull):
            append(upload, 300, in_pieces(b"b" * 100))
        with pytest.raises(DiskFull):
            write_chunk(upload, 500, [b"c" * 100], length=100, checksum=sha256_of(b"c" * 100))

    assert Upload.objects.get().received == [[0, 300]]
    assert append(upload, 300, in_pieces(b"b" * 700)).is_whole


def test_a_disk_that_fails_is_not_called_full(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = begun(alice, 1000)
    monkeypatch.setattr(os, "fdatasync", _fail)

    with pytest.raises(StorageError, match="Input/output error"):
        append(upload, 0, in_pieces(b"b" * 100))

    assert Upload.objects.get().received == []


def test_uploads_nobody_went_on_with_expire(alice: User) -> None:
    old, new = begun(alice, 1000), begun(alice, 1000)
    now = timezone.now()
    Upload.objects.filter(id=old.id).update(expires_at=now - timedelta(seconds=1))

    assert remove_expired(now=now) == 1

    assert list(Upload.objects.all()) == [new]
    assert not old.incoming_folder.exists()
    assert new.incoming_folder.exists()


def test_folders_of_uploads_that_never_got_a_row_are_swept(alice: User, data_dir: Path) -> None:
    kept = begun(alice, 1000)
    lost = kept.incoming_folder.with_name("lost")
    lost.mkdir()
    now = timezone.now()
    assert remove_orphans(now=now) == 0

    later = now + timedelta(hours=25)

    assert remove_orphans(now=later) == 1
    assert kept.incoming_folder.exists()
    assert not lost.exists()


def test_what_dubs_were_made_of_is_not_taken_back(alice: User) -> None:
    upload = make_upload(alice)
    make_job(alice, upload)

    with pytest.raises(UploadInUse):
        terminate(upload.id)

    assert upload.source_path.exists()


def _refuse(*_arguments: object, **_options: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _fail(*_arguments: object, **_options: object) -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))
