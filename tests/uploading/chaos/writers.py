"""Two writers of one upload at once, with different bytes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise

from tests.uploading.chaos.fault import Fault, Found, Ground
from tests.uploading.chaos.oracle import check_nothing_left, warmed_up
from tests.uploading.chunks import Chunks
from tests.uploading.media import noise, sha256
from tests.uploading.site import UploadSite
from tests.uploading.tus import Tus

SIZE_BYTES = 5_000_000
PIECE_BYTES = 250_000
TRIES = 400


@dataclass
class Writer:
    """`taken` are the places that were acknowledged to it."""

    content: bytes
    taken: list[tuple[int, int]] = field(default_factory=list)


def run(ground: Ground) -> Found:
    found = Found()
    with ground.site() as site:
        before, ready = warmed_up(site), []
        for number in range(ground.scale.of(full=20, short=2)):
            writers = [Writer(noise(SIZE_BYTES, seed=2 * number)), Writer(noise(SIZE_BYTES, seed=2 * number + 1))]
            send = _two_by_tus if number % 2 else _two_in_chunks
            ready += send(site, writers, found)
        check_nothing_left(site, before, ready, found)
    return found


def _two_by_tus(site: UploadSite, writers: list[Writer], found: Found) -> list[str]:
    """Each place of the file is what was acknowledged there: the two take turns, neither writes over the other."""
    path = site.tus().create(SIZE_BYTES)
    with ThreadPoolExecutor(len(writers)) as pool:
        for outcome in pool.map(lambda writer: _patch_all(site.tus(), path, writer), writers):
            found.check(outcome, "a writer got stuck")
    stored = (site.media / "uploads" / path.rsplit("/", 1)[-1] / "source").read_bytes()
    places = [(span, writer) for writer in writers for span in writer.taken]
    for (start, end), writer in places:
        found.check(stored[start:end] == writer.content[start:end], f"{start}–{end} is not what was acknowledged")
        found.count("places acknowledged")
    covered = sorted(span for span, _writer in places)
    found.check(all(one[1] <= two[0] for one, two in pairwise(covered)), "a place taken twice")
    return [path.rsplit("/", 1)[-1]]


def _patch_all(tus: Tus, path: str, writer: Writer) -> bool:
    """As stock clients do; whether the end was reached, by whomever."""
    for _ in range(TRIES):
        offset = tus.offset(path)
        if offset == SIZE_BYTES:
            return True
        piece = writer.content[offset : offset + PIECE_BYTES]
        if tus.patch(path, offset, piece).status == 204:
            writer.taken.append((offset, offset + len(piece)))
    return False


def _two_in_chunks(site: UploadSite, writers: list[Writer], found: Found) -> list[str]:
    """The SHA-256 of one is announced: the file is that one's, or it is refused and removed."""
    chunks = Chunks.of(site.tus())
    upload_id = chunks.begun(SIZE_BYTES, sha256=sha256(writers[0].content))
    with ThreadPoolExecutor(len(writers)) as pool:
        list(pool.map(lambda writer: _put_all(chunks, upload_id, writer), writers))
    answer = chunks.complete(upload_id)
    source = site.media / "uploads" / upload_id / "source"
    if answer.status == 200:
        found.check(source.read_bytes() == writers[0].content, "completed with other bytes than announced")
        found.count("completed")
        return [upload_id]
    found.check(answer.json["code"] == "upload.checksum", f"completing a mixture: {answer}")
    found.check(not source.exists(), "a mixture was kept as ready")
    found.count("mixtures refused")
    chunks.delete(upload_id)
    return []


def _put_all(chunks: Chunks, upload_id: str, writer: Writer) -> None:
    for start in range(0, SIZE_BYTES, PIECE_BYTES):
        chunks.put(upload_id, start, writer.content[start : start + PIECE_BYTES])


TWO_WRITERS = Fault(
    "two writers with different bytes", "no acknowledged byte changes; a mixture is refused or told", run
)
