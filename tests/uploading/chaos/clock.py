"""Uploads whose time is over, and a server whose clock jumps by a day."""

from __future__ import annotations

from tests.uploading.chaos.fault import Fault, Found, Ground
from tests.uploading.chaos.oracle import check_nothing_left, check_whole, warmed_up
from tests.uploading.chaos.refusing import Clock, shiftable_clock
from tests.uploading.chunks import Chunks
from tests.uploading.media import noise, sha256
from tests.uploading.site import UploadSite, running_site
from tests.uploading.wire import End, Sending

SIZE_BYTES = 3_000_000
HOUR_S = 3600
DAY_S = 24 * HOUR_S


def run_expired(ground: Ground) -> Found:
    found, content = Found(), noise(SIZE_BYTES)
    with ground.site() as site:
        before, tus = warmed_up(site), site.tus()
        chunks = Chunks.of(tus)
        ready = tus.uploaded(content).rsplit("/", 1)[-1]
        for _ in range(ground.scale.of(full=10, short=2)):
            _check_gone(site, found, content)
        busy = tus.create(len(content))
        sending = Sending.patch(tus, busy, 0, len(content))
        sending.send(content[: SIZE_BYTES // 2])
        site.wait(lambda: site.received_bytes(busy.rsplit("/", 1)[-1]) > 0, "some of it is noted")
        site.manage("prune")
        found.check(busy.rsplit("/", 1)[-1] in site.rows(), "an upload at work was pruned")
        sending.send(content[SIZE_BYTES // 2 :])
        answer = sending.answer()
        sending.close()
        found.check(answer is not None and answer.status == 204, f"an upload over a pruning: {answer}")
        found.check(chunks.status(ready).status == 200, "a finished upload expired")
        for upload_id in (ready, busy.rsplit("/", 1)[-1]):
            check_whole(site, upload_id, sha256(content), found)
        check_nothing_left(site, before, [ready, busy.rsplit("/", 1)[-1]], found)
    return found


def _check_gone(site: UploadSite, found: Found, content: bytes) -> None:
    """Refused from the moment on, whether or not somebody tidied up already."""
    tus = site.tus()
    chunks = Chunks.of(tus)
    path = tus.create(len(content))
    half = len(content) // 2
    tus.patch(path, 0, content[:half])
    upload_id = path.rsplit("/", 1)[-1]
    site.expire(upload_id)
    for _ in ("expired", "tidied up"):
        for answer in (
            tus.head(path),
            tus.patch(path, half, content[half:]),
            chunks.put(upload_id, half, content[half:]),
            chunks.complete(upload_id),
        ):
            found.check(answer.status in (404, 410), f"an expired upload was answered {answer}")
            found.count("refused")
        site.manage("prune")
    found.check(upload_id not in site.rows(), "the row of an expired upload is left")
    found.check(not list(site.media.glob(f"*/{upload_id}")), "the folder of an expired upload is left")


def run_skewed(ground: Ground) -> Found:
    """The clock jumps in the middle of uploads: within their time they go on, beyond it they are gone."""
    found = Found()
    with (
        shiftable_clock(ground.folder / "clock") as (clock, environment),
        running_site(ground.folder / "site", ground.template, **environment) as site,
    ):
        before, ready = warmed_up(site), []
        for shift_s in (-DAY_S, DAY_S - HOUR_S, -10 * DAY_S):
            ready.append(_over_a_jump(site, clock, shift_s, found))
        _check_beyond(site, clock, found)
        clock.shift(0)
        site.manage("prune")
        check_nothing_left(site, before, ready, found)
    return found


def _over_a_jump(site: UploadSite, clock: Clock, shift_s: int, found: Found) -> str:
    """One half before the jump and one after it, in a request that lasts over it; then it is tidied up."""
    clock.shift(0)
    tus, content = site.tus(), noise(SIZE_BYTES, seed=abs(shift_s))
    path, half = tus.create(len(content)), SIZE_BYTES // 2
    upload_id = path.rsplit("/", 1)[-1]
    tus.patch(path, 0, content[:1000])
    sending = Sending.patch(tus, path, 1000, len(content) - 1000)
    sending.send(content[1000:half])
    clock.shift(shift_s)
    site.manage("prune")
    sending.cut(End.FIN)
    site.wait(lambda: site.received_bytes(upload_id) == half, "what came before the jump is kept")
    answer = tus.patch(path, half, content[half:])
    found.check(answer.status == 204, f"going on after a jump of {shift_s // HOUR_S} h: {answer}")
    check_whole(site, upload_id, sha256(content), found)
    found.count("jumps")
    return upload_id


def _check_beyond(site: UploadSite, clock: Clock, found: Found) -> None:
    clock.shift(0)
    tus, content = site.tus(), noise(SIZE_BYTES)
    path = tus.create(len(content))
    tus.patch(path, 0, content[: SIZE_BYTES // 2])
    clock.shift(DAY_S + HOUR_S)
    answer = tus.patch(path, SIZE_BYTES // 2, content[SIZE_BYTES // 2 :])
    found.check(answer.status in (404, 410), f"a day and an hour later: {answer}")
    site.manage("prune")
    found.count("jumps")


EXPIRED = Fault("expired", "410 or 404 at once, tidied up later; what is at work or finished stays", run_expired)
SKEWED = Fault("clock jumps by a day", "the file identical, or 410 when its time is over", run_skewed)
