"""The server killed with −9 while bytes arrive, while chunks are written, and while it completes."""

from __future__ import annotations

import http.client
import os
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from tests.uploading.chaos.fault import Fault, Found, Ground
from tests.uploading.chaos.oracle import check_nothing_left, check_whole, warmed_up
from tests.uploading.chunks import Chunks
from tests.uploading.media import noise, sha256
from tests.uploading.site import UploadSite, running_site
from tests.uploading.tus import path_of
from tests.uploading.wire import Sending

PIECE_BYTES = 65_536
CHUNK_BYTES = 2_000_000


def run(ground: Ground) -> Found:
    found, dice = Found(), random.Random(9)
    kills, size_bytes = ground.scale.of(full=20, short=4), ground.scale.of(full=40_000_000, short=12_000_000)
    with running_site(ground.folder, ground.template) as site:
        before, ready = warmed_up(site), []
        for number in range(kills):
            content = noise(size_bytes, seed=number)
            send = (_during_a_patch, _during_chunks, _during_completing, _during_joining)[number % 4]
            upload_id = send(site, content, dice, found)
            check_whole(site, upload_id, sha256(content), found)
            ready.append(upload_id)
        _tidy_up_a_day_later(site)
        check_nothing_left(site, before, ready, found)
    return found


def _during_a_patch(site: UploadSite, content: bytes, dice: random.Random, found: Found) -> str:
    tus = site.tus()
    path = tus.create(len(content))
    kill_at = dice.randint(0, len(content) - 1)
    sending = Sending.patch(tus, path, 0, len(content))
    for start in range(0, len(content), PIECE_BYTES):
        if start >= kill_at:
            break
        sending.send(content[start : start + PIECE_BYTES])
    acknowledged = site.received_bytes(path.rsplit("/", 1)[-1])
    _kill(site, found)
    sending.close()
    offset = tus.offset(path)
    found.check(acknowledged <= offset, f"{offset} bytes after the kill, {acknowledged} before")
    answer = tus.patch(path, offset, content[offset:])
    found.check(answer.status == 204, f"going on after the kill: {answer}")
    return path.rsplit("/", 1)[-1]


def _during_chunks(site: UploadSite, content: bytes, dice: random.Random, found: Found) -> str:
    chunks = Chunks.of(site.tus())
    upload_id = chunks.begun(len(content))
    starts = list(range(0, len(content), CHUNK_BYTES))
    dice.shuffle(starts)
    acknowledged: set[int] = set()

    def send_all() -> None:
        for start in starts:
            if chunks.put(upload_id, start, content[start : start + CHUNK_BYTES]).status == 200:
                acknowledged.add(start)

    enough = dice.randint(1, len(starts) - 1)
    _kill_meanwhile(site, send_all, lambda: len(acknowledged) >= enough, found)
    received = chunks.status(upload_id).json
    missing = {start for span in received["missing"] for start in range(span["start"], span["end"], CHUNK_BYTES)}
    found.check(not missing & acknowledged, "an acknowledged chunk is missing after the kill")
    for start in sorted(missing):
        found.check(chunks.put(upload_id, start, content[start : start + CHUNK_BYTES]).status == 200, "a missing chunk")
    answer = chunks.complete(upload_id, sha256(content))
    found.check(answer.status == 200, f"completing after the kill: {answer}")
    return upload_id


def _during_completing(site: UploadSite, content: bytes, dice: random.Random, found: Found) -> str:
    """Killed between the request and its answer; asked again, it is completed or was already."""
    chunks = Chunks.of(site.tus())
    upload_id = chunks.begun(len(content))
    for start in range(0, len(content), CHUNK_BYTES):
        found.check(chunks.put(upload_id, start, content[start : start + CHUNK_BYTES]).status == 200, "a chunk")
    asked = threading.Event()
    wait_s = dice.uniform(0, 0.4)

    def complete() -> None:
        asked.set()
        chunks.complete(upload_id, sha256(content))

    _kill_meanwhile(site, complete, lambda: asked.wait() and not threading.Event().wait(wait_s), found)
    answer = chunks.complete(upload_id, sha256(content))
    found.check(answer.status == 200, f"completing again after the kill: {answer}")
    return upload_id


def _during_joining(site: UploadSite, content: bytes, dice: random.Random, found: Found) -> str:
    tus, half = site.tus(), len(content) // 2
    parts = [tus.uploaded(piece, {"Upload-Concat": "partial"}) for piece in (content[:half], content[half:])]
    final, asked, wait_s = {"Upload-Concat": f"final;{' '.join(parts)}"}, threading.Event(), dice.uniform(0, 0.4)

    def join() -> None:
        asked.set()
        tus.post(final)

    _kill_meanwhile(site, join, lambda: asked.wait() and not threading.Event().wait(wait_s), found)
    answer = tus.post(final)
    found.check(answer.status == 201, f"joining again after the kill: {answer}")
    return path_of(answer).rsplit("/", 1)[-1]


def _tidy_up_a_day_later(site: UploadSite) -> None:
    """A kill may leave a folder that no row knows of; pruning takes it once it is old."""
    long_ago_s = time.time() - 2 * 86_400
    for folder in site.media.glob("*/*"):
        os.utime(folder, (long_ago_s, long_ago_s))
    site.manage("prune")


def _kill_meanwhile(site: UploadSite, act: Callable[[], None], is_time: Callable[[], bool], found: Found) -> None:
    def do() -> None:
        with suppress(OSError, http.client.HTTPException):
            act()

    doing = threading.Thread(target=do)
    doing.start()
    site.wait(lambda: is_time() or not doing.is_alive(), "it is time to kill the server")
    _kill(site, found)
    doing.join()


def _kill(site: UploadSite, found: Found) -> None:
    site.kill()
    found.count("kills")
    site.start()


KILLED = Fault("server killed −9 during an upload", "20 kills: no acknowledged byte lost, every file identical", run)
