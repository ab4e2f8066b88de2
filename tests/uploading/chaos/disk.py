"""A disk that is full, or that refuses a single write, at every write that an upload makes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.uploading.answers import Answer
from tests.uploading.chaos.fault import Fault, Found, Ground
from tests.uploading.chaos.oracle import check_nothing_left, check_whole, warmed_up
from tests.uploading.chaos.refusing import (
    OF_ITS_OWN,
    SMALL_DISK,
    Disk,
    can_mount,
    media_seen_by,
    refusable_disk,
)
from tests.uploading.chunks import Chunks
from tests.uploading.media import noise, sha256
from tests.uploading.site import UploadSite, running_site
from tests.uploading.tus import BYTES, path_of

SIZE_BYTES = 3_000_000  # beyond what the server takes before it starts
CHUNK_BYTES = 1_500_000
MOST_WRITES = 200
DISK_BYTES = 24_000_000
TOLD = (500, 507)  # of storage: the code says which


def run_refused(ground: Ground) -> Found:
    """Each write of a whole upload in turn: full from there on, and refused just once."""
    found = Found()
    folder = ground.folder / "site"
    with (
        refusable_disk(ground.folder / "disk", folder / "var" / "media") as (disk, environment),
        running_site(folder, ground.template, **environment) as site,
    ):
        before, ready = warmed_up(site), []
        step = ground.scale.of(full=1, short=5)
        for send in (_by_tus, _in_chunks):
            for arm in (disk.refuse_from, disk.refuse_one):
                ready += _at_every_write(site, disk, arm, send, step, found)
        check_nothing_left(site, before, ready, found)
    return found


Send = Callable[[UploadSite, Disk, bytes, Found], str]


def _at_every_write(
    site: UploadSite, disk: Disk, arm: Callable[[int], None], send: Send, step: int, found: Found
) -> list[str]:
    ready = []
    for number in range(1, MOST_WRITES, step):
        content = noise(SIZE_BYTES, seed=number)
        arm(number)
        upload_id = send(site, disk, content, found)
        writes = disk.allow()
        check_whole(site, upload_id, sha256(content), found)
        ready.append(upload_id)
        found.count("writes refused")
        if writes and writes < number:
            return ready
    found.wrong.append(f"more than {MOST_WRITES} writes in one upload")
    return ready


def _until(act: Callable[[], Answer], good: tuple[int, ...], disk: Disk, found: Found) -> Answer:
    """The answer once room was made: until then the refusal is clear."""
    answer = act()
    if answer.status in good:
        return answer
    told = answer.status in TOLD and answer.header("Content-Type") == "application/problem+json"
    found.check(told, f"a refused write was answered {answer}")
    disk.allow()
    return act()


def _by_tus(site: UploadSite, disk: Disk, content: bytes, found: Found) -> str:
    tus = site.tus()
    path = path_of(_until(lambda: tus.post({"Upload-Length": str(len(content))}), (201,), disk, found))

    def go_on() -> Answer:
        offset = tus.offset(path)
        return tus.patch(path, offset, content[offset:])

    answer = _until(go_on, (204,), disk, found)
    found.check(answer.status == 204, f"going on when there is room: {answer}")
    return path.rsplit("/", 1)[-1]


def _in_chunks(site: UploadSite, disk: Disk, content: bytes, found: Found) -> str:
    chunks = Chunks.of(site.tus())
    answer = _until(lambda: chunks.init(name="noise.wav", total_bytes=len(content)), (201,), disk, found)
    upload_id = str(answer.json["id"])
    for start in range(0, len(content), CHUNK_BYTES):
        piece = content[start : start + CHUNK_BYTES]
        answer = _until(lambda: chunks.put(upload_id, start, piece), (200,), disk, found)  # noqa: B023
        found.check(answer.status == 200, f"a chunk when there is room: {answer}")
    answer = _until(lambda: chunks.complete(upload_id, sha256(content)), (200,), disk, found)
    found.check(answer.status == 200, f"completing when there is room: {answer}")
    return upload_id


def run_full(ground: Ground) -> Found:
    """A real disk of 24 MB: what is set aside can be filled, what is not is refused before it is sent."""
    found, folder = Found(), ground.folder / "site"
    if not can_mount(ground.folder / "try"):
        found.figures["mounts allowed here"] = 0
        return found
    (folder / "var").mkdir(parents=True)
    (folder / "var" / "database.sqlite3").write_bytes(ground.template.database.read_bytes())
    (folder / "var" / "media").mkdir()
    wrapper = [*OF_ITS_OWN, *SMALL_DISK]
    with running_site(folder, ground.template, wrapper=wrapper, SMALL_DISK_BYTES=str(DISK_BYTES)) as site:
        media = media_seen_by(site)
        _check_refused_at_once(site, found)
        _check_set_aside(site, media, found)
        _check_chunks_wait_for_room(site, media, found)
        left = [path.name for path in (media / "incoming").glob("*")]
        found.check(not left, f"left in incoming: {left}")
    return found


def _check_refused_at_once(site: UploadSite, found: Found) -> None:
    tus = site.tus()
    for answer in (
        tus.post({"Upload-Length": str(DISK_BYTES * 2)}),
        tus.post({"Upload-Length": str(DISK_BYTES * 2), **BYTES}, b"x"),
        Chunks.of(tus).init(name="a.wav", total_bytes=DISK_BYTES * 2),
    ):
        found.check(answer.status == 507, f"more than fits: {answer}")
        found.count("refused before they were sent")
    found.check(not site.rows(), "a refused upload has a row")


def _check_set_aside(site: UploadSite, media: Path, found: Found) -> None:
    """The disk becomes full meanwhile: the upload has its room already."""
    tus, content = site.tus(), noise(DISK_BYTES // 2)
    path = tus.create(len(content))
    with _filled(media):
        answer = tus.patch(path, 0, content)
    found.check(answer.status == 204, f"an upload whose room was set aside: {answer}")
    stored = (media / "uploads" / path.rsplit("/", 1)[-1] / "source").read_bytes()
    found.check(stored == content, "not what was sent")
    found.count("files identical")
    found.check(tus.delete(path).status == 204, "deleting it")


def _check_chunks_wait_for_room(site: UploadSite, media: Path, found: Found) -> None:
    """A chunk is written twice, so a full disk refuses it; with room again it is taken."""
    chunks, content = Chunks.of(site.tus()), noise(DISK_BYTES // 3)
    upload_id = chunks.begun(len(content))
    with _filled(media):
        answer = chunks.put(upload_id, 0, content)
        found.check(answer.status in (200, 507), f"a chunk on a full disk: {answer}")
        received = chunks.status(upload_id).json["received_bytes"]
        found.check(answer.status == 200 or received == 0, f"{received} bytes count of a refused chunk")
    found.check(chunks.put(upload_id, 0, content).status == 200, "a chunk when there is room again")
    found.check(chunks.complete(upload_id, sha256(content)).status == 200, "completing")
    found.check((media / "uploads" / upload_id / "source").read_bytes() == content, "not what was sent")
    found.count("files identical")
    found.check(chunks.delete(upload_id).status == 204, "deleting it")


class _filled:
    """A disk with not a byte left."""

    def __init__(self, media: Path) -> None:
        self._ballast = media / "ballast"

    def __enter__(self) -> None:
        try:
            with self._ballast.open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(65_536))
        except OSError:
            return

    def __exit__(self, *_error: object) -> None:
        self._ballast.unlink()


REFUSED = Fault("every single write refused", "a clear error, then the file identical", run_refused)
FULL = Fault("disk full", "what fits is set aside beforehand, what does not is refused before it is sent", run_full)
