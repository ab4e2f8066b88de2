"""Connections that are lost at any byte: closed by the client, or gone at once."""

from __future__ import annotations

import random

import psutil

from tests.uploading.chaos.fault import Fault, Found, Ground
from tests.uploading.chaos.oracle import check_nothing_left, check_whole, warmed_up
from tests.uploading.chunks import Chunks, digest
from tests.uploading.media import noise, sha256
from tests.uploading.site import UploadSite
from tests.uploading.tus import Tus
from tests.uploading.wire import End, Sending

SIZE_BYTES = 8_000_000
MOST_BEFORE_A_CUT_BYTES = 1_500_000
TAKEN_WHOLE_BYTES = 1024 * 1024  # a request up to this size counts only when all of it has arrived
CHUNK_BYTES = 1_000_000
TRIES = 100


def run(ground: Ground) -> Found:
    """Every fourth file in chunks, the others by tus."""
    found, dice = Found(), random.Random(5)
    cuts = ground.scale.of(full=200, short=12)
    with ground.site() as site:
        before = warmed_up(site)
        ready: list[str] = []
        while sum(found.figures.get(f"cut by {end}", 0) for end in End) < cuts:
            content = noise(SIZE_BYTES, seed=len(ready))
            send = _in_chunks if len(ready) % 4 == 1 else _by_tus
            upload_id = send(site, content, dice, found)
            check_whole(site, upload_id, sha256(content), found)
            ready.append(upload_id)
        check_nothing_left(site, before, ready, found)
    return found


def _by_tus(site: UploadSite, content: bytes, dice: random.Random, found: Found) -> str:
    tus = site.tus()
    path = tus.create(len(content))
    upload_id = path.rsplit("/", 1)[-1]
    offset = 0
    while offset < len(content) - TAKEN_WHOLE_BYTES // 2:
        end = dice.choice(list(End))
        if end is End.FIN:
            _wait_for_quiet(site)  # a request that was reset before may not even have begun
            offset = tus.offset(path)
        length = len(content) - offset
        sent = dice.randint(0, min(max(length - 1, 0), MOST_BEFORE_A_CUT_BYTES))
        sending = Sending.patch(tus, path, offset, length)
        sending.send(content[offset : offset + sent])
        sending.cut(end)
        found.count(f"cut by {end}")
        if length <= TAKEN_WHOLE_BYTES:
            break
        if end is End.FIN:
            _wait_for(site, upload_id, offset + sent)
        before, offset = offset, tus.offset(path)
        found.check(before <= offset, f"{offset} bytes after a cut by {end}, {before} before")
    _finish(tus, path, content, found)
    return upload_id


def _wait_for_quiet(site: UploadSite) -> None:
    """Every earlier request is over."""
    server = psutil.Process(site.pid)

    def is_quiet() -> bool:
        return all(link.status == psutil.CONN_LISTEN for link in server.net_connections("tcp"))

    site.wait(is_quiet, "every connection is closed")


def _wait_for(site: UploadSite, upload_id: str, expected: int) -> None:
    """All that was sent before a FIN is kept."""
    site.wait(lambda: site.received_bytes(upload_id) == expected, f"{expected} bytes are kept")


def _finish(tus: Tus, path: str, content: bytes, found: Found) -> None:
    """As a stock client goes on: by the offset that it is told, again when that was not the last word."""
    for _ in range(TRIES):
        offset = tus.offset(path)
        if offset == len(content):
            return
        answer = tus.patch(path, offset, content[offset:])
        if answer.status == 204:
            return
        found.check(answer.status in (409, 423), f"going on: {answer}")
    found.wrong.append(f"{path} was not finished in {TRIES} tries")


def _in_chunks(site: UploadSite, content: bytes, dice: random.Random, found: Found) -> str:
    """Each chunk is cut once, then sent whole: a part of a chunk counts for nothing."""
    tus = site.tus()
    chunks = Chunks.of(tus)
    upload_id = chunks.begun(len(content))
    starts = list(range(0, len(content), CHUNK_BYTES))
    dice.shuffle(starts)
    for start in starts:
        piece = content[start : start + CHUNK_BYTES]
        end = dice.choice(list(End))
        path = f"/api/uploads/{upload_id}/chunk?offset={start}"
        headers = {"Content-Type": "application/octet-stream", **digest(piece)}
        sending = Sending.begin(tus, "PUT", path, headers, len(piece))
        sending.send(piece[: dice.randint(0, len(piece) - 1)])
        sending.cut(end)
        found.count(f"cut by {end}")
        received = chunks.status(upload_id).json["received_bytes"]
        found.check(received % CHUNK_BYTES == 0, f"a part of a chunk was taken: {received}")
        found.check(chunks.put(upload_id, start, piece).status == 200, "the chunk sent whole")
    answer = chunks.complete(upload_id, sha256(content))
    found.check(answer.status == 200, f"completing: {answer}")
    return upload_id


CUT = Fault("connection cut at a random byte", "200 cuts: no acknowledged byte lost, every file identical", run)
