"""Whether a file is whole, and whether anything was left behind: in folders, in the database, in the server."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.uploading.answers import ask
from tests.uploading.chaos.fault import Found
from tests.uploading.site import UploadSite

SETTLES_WITHIN_S = 20.0
LOOK_AGAIN_S = 0.05
SPARE_THREADS = 12  # what a pool may have grown by; one stuck thread a fault would show in the hundreds
SPARE_FILES = 12


@dataclass(frozen=True, slots=True)
class Held:
    """What the server holds: its process, its database, its folders."""

    threads: int
    files: int
    open_uploads: tuple[str, ...]  # files below the media folder
    rows: frozenset[str]
    folders: frozenset[str]  # as `incoming/…` and `uploads/…`
    log_bytes: int

    @classmethod
    def now(cls, site: UploadSite) -> Held:
        process = psutil.Process(site.pid)
        folder = Path(f"/proc/{site.pid}/fd")
        targets = [_target(entry) for entry in folder.iterdir()]
        below = tuple(sorted(target for target in targets if target.startswith(str(site.media))))
        folders = frozenset(f"{path.parent.name}/{path.name}" for path in site.media.glob("*/*"))
        rows = frozenset(site.rows())
        return cls(process.num_threads(), len(targets), below, rows, folders, site.log.stat().st_size)


def warmed_up(site: UploadSite) -> Held:
    """What it holds when nothing is going on, after its first requests."""
    for _ in range(3):
        ask(site.address, "GET", "/api/uploads", site.headers("alice"))
    return Held.now(site)


def check_whole(site: UploadSite, upload_id: str, sha256: str, found: Found) -> None:
    source = site.media / "uploads" / upload_id / "source"
    state = site.rows()[upload_id].state if upload_id in site.rows() else "gone"
    if state != "ready" or not source.is_file():
        found.wrong.append(f"{upload_id} is {state}, not ready")
        return
    with source.open("rb") as file:
        same = hashlib.file_digest(file, "sha256").hexdigest() == sha256
    found.check(same, f"{upload_id} is not what was sent")
    found.count("files identical", int(same))


def check_nothing_left(site: UploadSite, before: Held, ready: Iterable[str], found: Found) -> None:
    """`ready` are the uploads that should be there; everything else is a trace of the fault."""
    now, new = Held.now(site), set(ready)
    found.check(now.rows - before.rows == new, f"rows: {_odd(now.rows - before.rows, new)}")
    folders = {f"uploads/{name}" for name in new}
    found.check(now.folders - before.folders == folders, f"folders: {_odd(now.folders - before.folders, folders)}")
    files = {path.name for name in new for path in (site.media / "uploads" / name).glob("*")}
    found.check(files <= {"source"}, f"files beside the source: {sorted(files)}")
    left = sorted(path.name for path in (site.data_dir / "tmp").glob("*"))
    found.check(not left, f"temporary files left: {left[:5]} ({len(left)})")
    check_settled(site, before, found)
    log = site.log.read_bytes()[before.log_bytes :].decode("utf-8", "replace")
    found.check("Traceback" not in log, f"the server's log has a traceback: …{log[log.find('Traceback') :][-600:]}")


def check_settled(site: UploadSite, before: Held, found: Found) -> None:
    """Threads, files and connections of requests that are over go away by themselves."""
    deadline_s = time.monotonic() + SETTLES_WITHIN_S
    while not _is_settled(now := Held.now(site), before) and time.monotonic() < deadline_s:
        time.sleep(LOOK_AGAIN_S)
    found.check(not now.open_uploads, f"open in the server: {now.open_uploads[:3]}")
    found.check(now.threads <= before.threads + SPARE_THREADS, f"{now.threads} threads, before {before.threads}")
    found.check(now.files <= before.files + SPARE_FILES, f"{now.files} open files, before {before.files}")


def _is_settled(now: Held, before: Held) -> bool:
    few = now.threads <= before.threads + SPARE_THREADS and now.files <= before.files + SPARE_FILES
    return few and not now.open_uploads


def _odd(found: Iterable[str], expected: Iterable[str]) -> str:
    more, less = set(found) - set(expected), set(expected) - set(found)
    return f"{len(more)} too many {sorted(more)[:3]}, {len(less)} missing {sorted(less)[:3]}"


def _target(entry: Path) -> str:
    try:
        return os.readlink(entry)
    except FileNotFoundError:
        return ""
