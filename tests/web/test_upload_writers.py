"""One writer at a time: the one who came last, at once, also when the one before has fallen silent."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, connections

from accounts.models import User
from tests.web.conftest import wait_until
from tests.web.sent_bytes import begun, in_pieces, kept_bytes, sha256_of, silent_after
from uploads import writers
from uploads.errors import UploadError, UploadGone, UploadLocked
from uploads.models import Upload
from uploads.services import append, remove_expired, terminate, write_chunk
from uploads.writers import exclusive, is_busy

pytestmark = pytest.mark.django_db(transaction=True)
CONTENT = random.Random(6).randbytes(20_000)
HOLDER = """
import fcntl, os, sys
file = os.open(sys.argv[1], os.O_RDWR)
fcntl.lockf(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


def with_own_connection(work: Callable[[], Upload | None]) -> Upload | UploadError | Upload.DoesNotExist | None:
    try:
        return work()
    except (UploadError, Upload.DoesNotExist) as error:
        return error
    finally:
        connections.close_all()


@contextmanager
def held_by_another_process(upload: Upload) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLDER, str(upload.incoming_folder / "source")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


@contextmanager
def fallen_silent(upload: Upload) -> Iterator[Future[Any]]:
    """A writer of which nothing comes after 7,000 bytes, and what becomes of it."""
    is_silent = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        silent = silent_after(CONTENT[:7000], is_silent)
        writer = pool.submit(with_own_connection, lambda: append(upload, 0, silent))
        assert is_silent.wait(20)
        yield writer


def test_the_last_one_who_asks_goes_on_where_the_silent_one_stopped(alice: User) -> None:
    upload = begun(alice, len(CONTENT))

    with fallen_silent(upload) as first:
        with exclusive(upload.id, token=writers.ask(upload.id)) as held:
            assert held.upload.received == [[0, 7000]]
        assert isinstance(first.result(20), UploadLocked)

    assert append(upload, 7000, in_pieces(CONTENT[7000:])).is_whole
    assert kept_bytes(upload) == CONTENT


def test_what_another_process_holds_is_refused_after_a_while(alice: User) -> None:
    upload = begun(alice, len(CONTENT))

    with held_by_another_process(upload), pytest.raises(UploadLocked), exclusive(upload.id, wait_s=0.1):
        pass

    assert append(upload, 0, in_pieces(CONTENT)).is_whole  # the lock went with its process


def test_a_sweep_leaves_alone_what_is_being_written(alice: User) -> None:
    upload = begun(alice, len(CONTENT))
    assert upload.expires_at is not None

    with held_by_another_process(upload):
        assert remove_expired(now=upload.expires_at) == 0
        assert Upload.objects.get().writer == ""
        assert is_busy(upload.id)

    assert remove_expired(now=upload.expires_at) == 1
    assert not upload.incoming_folder.exists()


def test_taking_an_upload_back_ends_who_writes_to_it(alice: User) -> None:
    upload = begun(alice, len(CONTENT))

    with fallen_silent(upload) as first:
        terminate(upload.id)
        assert isinstance(first.result(20), UploadLocked)

    assert not Upload.objects.exists()
    assert not upload.incoming_folder.exists()


def test_an_upload_whose_owner_is_deleted_ends_who_writes_to_it(alice: User) -> None:
    upload = begun(alice, len(CONTENT))

    with fallen_silent(upload) as first:
        alice.delete()
        assert isinstance(first.result(20), Upload.DoesNotExist)

    assert not upload.incoming_folder.exists()


def test_many_chunks_at_once_all_find_their_place(alice: User) -> None:
    upload = begun(alice, len(CONTENT))
    starts = list(range(0, len(CONTENT), 1000))
    random.Random(7).shuffle(starts)

    def send(start: int) -> None:
        chunk = CONTENT[start : start + 1000]
        sent = with_own_connection(
            lambda: write_chunk(upload, start, in_pieces(chunk, 100), length=1000, checksum=sha256_of(chunk))
        )
        assert isinstance(sent, Upload)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(send, [*starts, *starts[:5]]))

    upload.refresh_from_db()
    assert upload.is_whole
    assert kept_bytes(upload) == CONTENT


def test_an_upload_can_be_taken_back_while_chunks_come_without_a_pause(alice: User) -> None:
    upload = begun(alice, 4 * 1000)
    chunk = b"x" * 1000

    def send(number: int) -> None:
        sent = None
        while sent is None or isinstance(sent, Upload):
            sent = with_own_connection(
                lambda: write_chunk(upload, number * 1000, [chunk], length=1000, checksum=sha256_of(chunk))
            )
        assert isinstance(sent, Upload.DoesNotExist | UploadGone)

    with ThreadPoolExecutor(4) as pool:
        sending = [pool.submit(send, number) for number in range(4)]
        wait_until(lambda: Upload.objects.get().is_whole, "all chunks have come once")
        terminate(upload.id)
        for sent in sending:
            sent.result(20)


def test_of_two_who_send_different_bytes_to_one_place_one_is_kept_whole(alice: User) -> None:
    upload = begun(alice, 5000)
    versions = [bytes([number]) * 5000 for number in range(6)]

    def send(version: bytes) -> None:
        sent = with_own_connection(
            lambda: write_chunk(upload, 0, in_pieces(version), length=5000, checksum=sha256_of(version))
        )
        assert isinstance(sent, Upload)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(send, versions))

    assert kept_bytes(upload) in versions


def test_a_file_put_in_place_by_a_process_that_died_before_it_could_say_so_is_put_back(alice: User) -> None:
    upload = append(begun(alice, len(CONTENT)), 0, in_pieces(CONTENT[:9000]))
    upload.folder.parent.mkdir(parents=True, exist_ok=True)
    upload.incoming_folder.rename(upload.folder)

    upload = append(upload, 9000, in_pieces(CONTENT[9000:]))

    assert upload.is_whole
    assert (upload.incoming_folder / "source").read_bytes() == CONTENT
    assert not upload.folder.exists()


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite's connections keep nobody waiting")
def test_no_connection_to_the_database_is_kept_while_a_client_is_waited_for(alice: User) -> None:
    upload = begun(alice, len(CONTENT))
    are_closed = []

    def watched(content: bytes) -> Iterator[bytes]:
        for piece in in_pieces(content):
            are_closed.append(connection.connection is None)
            yield piece

    append(upload, 0, watched(CONTENT[:9000]))
    chunk = CONTENT[9000:]
    write_chunk(upload, 9000, watched(chunk), length=len(chunk), checksum=sha256_of(chunk))

    assert len(are_closed) == 20
    assert all(are_closed)


def test_waiting_for_the_lock_wakes_when_it_is_free(alice: User) -> None:
    upload = begun(alice, len(CONTENT))

    with ThreadPoolExecutor(1) as pool, held_by_another_process(upload) as holder:
        waiting = pool.submit(with_own_connection, lambda: append(upload, 0, in_pieces(CONTENT)))
        wait_until(lambda: Upload.objects.get().writer, "the second one asks")
        holder.kill()
        sent = waiting.result(20)

    assert isinstance(sent, Upload)
