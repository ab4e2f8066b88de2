"""Connections that hardly move, or do not move at all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tests.uploading.answers import ask
from tests.uploading.chaos.fault import Fault, Found, Ground
from tests.uploading.chaos.oracle import check_nothing_left, check_whole, warmed_up
from tests.uploading.chunks import Chunks, digest
from tests.uploading.media import noise, sha256
from tests.uploading.site import UploadSite, running_site
from tests.uploading.tus import Tus, path_of
from tests.uploading.wire import End, Sending

RATE_BYTES_S = 5_000
TICKS_S = 10  # sends a second
PAGE_WITHIN_S = 15.0  # on a machine that does much else
PAGES_MEANWHILE = 3
TAKES_OVER_WITHIN_S = 12.0
LARGE_BYTES = 3_000_000  # more than the server takes before it starts


def run_slow(ground: Ground) -> Found:
    """Half of them tus, half of them chunks, while somebody else looks at pages."""
    found = Found()
    senders, lasts_s = ground.scale.of(full=20, short=6), ground.scale.of(full=40, short=6)
    with ground.site() as site:
        before, over = warmed_up(site), threading.Event()
        with ThreadPoolExecutor(senders + 1) as pool:
            pages = pool.submit(_pages_s, site, over)
            sending = [pool.submit(_drip, site, number, lasts_s, found) for number in range(senders)]
            ready = [future.result() for future in sending]
            over.set()
            pages_s = pages.result()
        found.figures |= {"pages meanwhile": len(pages_s), "s for the slowest": round(max(pages_s), 2)}
        found.check(max(pages_s) <= PAGE_WITHIN_S, f"a page took {max(pages_s):.1f} s")
        found.check(len(pages_s) >= PAGES_MEANWHILE, f"only {len(pages_s)} pages meanwhile")
        check_nothing_left(site, before, ready, found)
    return found


def _drip(site: UploadSite, number: int, lasts_s: int, found: Found) -> str:
    """An upload of which the last `lasts_s` seconds go slowly, in a request beyond 1 MiB."""
    slow_bytes = RATE_BYTES_S * lasts_s
    content = noise(LARGE_BYTES + slow_bytes, seed=number)
    tus = site.tus()
    chunks = Chunks.of(tus)
    if number % 2:
        path = tus.create(len(content))
        sending = Sending.patch(tus, path, 0, len(content))
        upload_id = path.rsplit("/", 1)[-1]
    else:
        upload_id = chunks.begun(len(content))
        headers = {"Content-Type": "application/octet-stream", **digest(content)}
        sending = Sending.begin(tus, "PUT", f"/api/uploads/{upload_id}/chunk?offset=0", headers, len(content))
    sending.send(content[:LARGE_BYTES])
    _at_rate(content[LARGE_BYTES:], sending.send)
    answer = sending.answer()
    sending.close()
    found.check(answer is not None and answer.status in (200, 204), f"a slow upload was answered {answer}")
    if not number % 2:
        found.check(chunks.complete(upload_id, sha256(content)).status == 200, "completing a slow upload")
    check_whole(site, upload_id, sha256(content), found)
    return upload_id


def _at_rate(content: bytes, send: Callable[[bytes], bool]) -> None:
    pause, piece_bytes = threading.Event(), RATE_BYTES_S // TICKS_S
    for start in range(0, len(content), piece_bytes):
        send(content[start : start + piece_bytes])
        pause.wait(1 / TICKS_S)


def _pages_s(site: UploadSite, over: threading.Event) -> list[float]:
    """How long each page took."""
    took_s = []
    while not over.is_set():
        began_s = time.monotonic()
        ask(site.address, "GET", "/new/", site.headers("bob"))
        took_s.append(time.monotonic() - began_s)
        over.wait(0.1)
    return took_s


def run_stalled(ground: Ground) -> Found:
    """The phone slept: its old connection hangs, and it comes back with a new one."""
    found, content = Found(), noise(2 * LARGE_BYTES)
    stalls = ground.scale.of(full=10, short=2)
    with ground.site() as site:
        before, tus = warmed_up(site), site.tus()
        hanging, ready = [], []
        for _ in range(stalls):
            path = tus.create(len(content))
            sending = Sending.patch(tus, path, 0, len(content))
            sending.send(content[:LARGE_BYTES])
            hanging.append(sending)
            took_s = _come_back(site, tus, path, content, found)
            found.figures["s to take over, at most"] = round(
                max(took_s, found.figures.get("s to take over, at most", 0)), 1
            )
            check_whole(site, path.rsplit("/", 1)[-1], sha256(content), found)
            ready.append(path.rsplit("/", 1)[-1])
        for sending in hanging:
            sending.cut(End.FIN)
        check_nothing_left(site, before, ready, found)
    idle_s = ground.scale.of(full=60, short=2)
    with running_site(ground.folder / "lonely", ground.template, UPLOAD_IDLE_SECONDS=str(idle_s)) as site:
        _check_closed_by_itself(site, idle_s, found)
    return found


def _come_back(site: UploadSite, tus: Tus, path: str, content: bytes, found: Found) -> float:
    """As stock clients do: ask for the offset, send from there, and do both again when told 409 or 423."""
    began_s = time.monotonic()
    while time.monotonic() < began_s + TAKES_OVER_WITHIN_S:
        offset = tus.offset(path)
        answer = tus.patch(path, offset, content[offset:])
        if answer.status == 204:
            found.count("stalled connections taken over")
            return time.monotonic() - began_s
        found.check(answer.status in (409, 423), f"coming back: {answer}")
    found.wrong.append(f"{path} was not taken over within {TAKES_OVER_WITHIN_S:.0f} s")
    return time.monotonic() - began_s


def _check_closed_by_itself(site: UploadSite, idle_s: int, found: Found) -> None:
    """Nobody comes back: the server lets go of the connection and keeps what it had."""
    tus, content = site.tus(), noise(2 * LARGE_BYTES)
    path = path_of(tus.post({"Upload-Length": str(len(content))}))
    sending = Sending.patch(tus, path, 0, len(content))
    sending.send(content[:LARGE_BYTES])
    began_s = time.monotonic()
    sending.link.settimeout(idle_s + 40)
    answer = sending.answer()
    waited_s = time.monotonic() - began_s
    sending.close()
    found.figures["s until a stalled connection was closed"] = round(waited_s)
    found.check(waited_s < idle_s + 30, f"a stalled connection was still open after {waited_s:.0f} s")
    found.check(answer is None or answer.status >= 400, f"a stalled connection was answered {answer}")
    kept_bytes = tus.offset(path)
    found.check(kept_bytes == LARGE_BYTES, f"{kept_bytes} of {LARGE_BYTES} bytes kept of a stalled connection")
    found.check(tus.delete(path).status == 204, "deleting it")


SLOW = Fault("5 KB/s", "every file identical; pages answer meanwhile", run_slow)
STALLED = Fault(
    "stalled connection", "a new one takes over at once; a lonely one is closed, its bytes kept", run_stalled
)
