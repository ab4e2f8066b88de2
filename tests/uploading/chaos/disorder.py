"""Chunks that come twice, over each other, out of order, damaged, cut short or where none belong."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

from tests.uploading.answers import Answer
from tests.uploading.chaos.fault import Fault, Found, Ground
from tests.uploading.chaos.oracle import check_nothing_left, check_whole, warmed_up
from tests.uploading.chunks import Chunks, digest
from tests.uploading.media import noise, sha256
from tests.uploading.site import UploadSite
from tests.uploading.tus import Tus, checksum
from tests.uploading.wire import End, Sending

SIZE_BYTES = 6_000_000
AT_ONCE = 4
LARGEST_BYTES = 1_500_000


def run_any_order(ground: Ground) -> Found:
    found, dice = Found(), random.Random(3)
    with ground.site() as site:
        before, ready = warmed_up(site), []
        chunks = Chunks.of(site.tus())
        for number in range(ground.scale.of(full=20, short=2)):
            content = noise(SIZE_BYTES, seed=number)
            upload_id = chunks.begun(SIZE_BYTES)
            spans = _spans(dice)
            with ThreadPoolExecutor(AT_ONCE) as pool:
                answers = list(pool.map(lambda span: _put(chunks, upload_id, content, span), spans))  # noqa: B023
            for answer in answers:
                found.check(answer.status == 200, f"a chunk was answered {answer}")
            found.count("chunks", len(spans))
            _check_nothing_written_over(site, chunks, upload_id, content, found)
            found.check(chunks.complete(upload_id, sha256(content)).status == 200, "completing")
            check_whole(site, upload_id, sha256(content), found)
            ready.append(upload_id)
        check_nothing_left(site, before, ready, found)
    return found


def _spans(dice: random.Random) -> list[tuple[int, int]]:
    """Cover everything, partly twice or more, in no order."""
    cuts = sorted({0, SIZE_BYTES, *(dice.randrange(SIZE_BYTES) for _ in range(9))})
    spans = list(pairwise(cuts))
    spans += [dice.choice(spans) for _ in range(4)]  # duplicates
    for _ in range(6):  # across the borders of others
        start = dice.randrange(SIZE_BYTES)
        spans.append((start, min(SIZE_BYTES, start + dice.randint(1, LARGEST_BYTES))))
    dice.shuffle(spans)
    return spans


def _put(chunks: Chunks, upload_id: str, content: bytes, span: tuple[int, int]) -> Answer:
    return chunks.put(upload_id, span[0], content[slice(*span)])


def _check_nothing_written_over(site: UploadSite, chunks: Chunks, upload_id: str, content: bytes, found: Found) -> None:
    """Other bytes for a place that was acknowledged change nothing, however well they are signed."""
    other = bytes(len(content) // 4)
    answer = chunks.put(upload_id, 1000, other)
    found.check(answer.status in (200, 409), f"other bytes for a received place: {answer}")
    stored = (site.media / "incoming" / upload_id / "source").read_bytes()
    found.check(stored == content, "acknowledged bytes were written over")


def run_damaged(ground: Ground) -> Found:
    found, dice = Found(), random.Random(4)
    with ground.site() as site:
        before, ready = warmed_up(site), []
        for number in range(ground.scale.of(full=20, short=2)):
            content = noise(SIZE_BYTES, seed=number)
            ready.append(_damaged_chunks(site, content, dice, found))
            ready.append(_damaged_patches(site.tus(), content, dice, found))
            for upload_id in ready[-2:]:
                check_whole(site, upload_id, sha256(content), found)
        check_nothing_left(site, before, ready, found)
    return found


def _damaged_chunks(site: UploadSite, content: bytes, dice: random.Random, found: Found) -> str:
    tus = site.tus()
    chunks = Chunks.of(tus)
    upload_id = chunks.begun(len(content))
    half = len(content) // 2
    wrong = [
        (chunks.put(upload_id, 0, _flipped(content[:half], dice), digest(content[:half])), 460),
        (chunks.put(upload_id, 0, content[:half], {}), 400),
        (chunks.put(upload_id, 0, content[:half], {"Content-Digest": "sha-256=:AAAA:"}), 400),
        (chunks.put(upload_id, len(content) - 1, b"ab"), 413),
        (chunks.put(upload_id, len(content), b"a"), 413),
        (chunks.put(upload_id, 2**70, b"a"), 400),
        (chunks.put(upload_id, -1, b"a"), 400),
    ]
    for answer, status in wrong:
        found.check(answer.status == status, f"expected {status}: {answer}")
        found.count("refused")
    _send_short(tus, upload_id, content, dice)
    found.check(chunks.status(upload_id).json["received_bytes"] == 0, "a damaged chunk counts")
    found.check(chunks.complete(upload_id).status == 409, "completing what is not complete")
    for start in (half, 0):
        found.check(chunks.put(upload_id, start, content[start : start + half]).status == 200, "a good chunk")
    found.check(chunks.complete(upload_id, sha256(content)).status == 200, "completing")
    return upload_id


def _send_short(tus: Tus, upload_id: str, content: bytes, dice: random.Random) -> None:
    """A body shorter than announced, its checksum that of what did come."""
    sent = content[: dice.randint(1, len(content) - 1)]
    path = f"/api/uploads/{upload_id}/chunk?offset=0"
    sending = Sending.begin(tus, "PUT", path, digest(sent), len(content))
    sending.send(sent)
    sending.cut(End.FIN)


def _damaged_patches(tus: Tus, content: bytes, dice: random.Random, found: Found) -> str:
    path = tus.create(len(content))
    half = len(content) // 2
    wrong = [
        (tus.patch(path, 0, _flipped(content[:half], dice), checksum("sha1", content[:half])), 460),
        (tus.patch(path, 0, content[:half], checksum("sha256", content)), 460),
        (tus.patch(path, 0, content + b"x"), 413),
        (tus.patch(path, 1, content[1:]), 409),
    ]
    for answer, status in wrong:
        found.check(answer.status == status, f"expected {status}: {answer}")
        found.count("refused")
    found.check(tus.offset(path) == 0, "a damaged chunk counts")
    for start in (0, half):
        piece = content[start : start + half]
        answer = tus.patch(path, start, piece, checksum("sha1", piece))
        found.check(answer.status == 204, f"a good chunk: {answer}")
    return path.rsplit("/", 1)[-1]


def _flipped(content: bytes, dice: random.Random) -> bytes:
    """One bit is another."""
    place = dice.randrange(len(content))
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


ANY_ORDER = Fault(
    "duplicate, overlapping, reordered chunks", "every file identical; no acknowledged byte changes", run_any_order
)
DAMAGED = Fault(
    "wrong checksum, truncated body, chunk past the end",
    "each refused with its own status, nothing of it counts, the file identical afterwards",
    run_damaged,
)
