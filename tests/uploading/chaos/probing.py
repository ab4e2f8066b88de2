"""A file that makes ffprobe hang, as the server sees it: an ffprobe that never ends."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import psutil

from tests.uploading.answers import Answer
from tests.uploading.chaos.fault import Fault, Found, Ground, Scale
from tests.uploading.chaos.oracle import check_nothing_left, check_whole, warmed_up
from tests.uploading.chunks import Chunks
from tests.uploading.media import noise, sha256
from tests.uploading.site import running_site

SIZE_BYTES = 2_000_000
HANGS_S = 86_399  # also what it is recognised by
GIVES_UP_WITHIN_S = 100.0  # the probe is given 60


def run(ground: Ground) -> Found:
    found, content = Found(), noise(SIZE_BYTES)
    path = f"{_hanging_ffprobe(ground.folder / 'bin')}:{os.environ['PATH']}"
    with running_site(ground.folder / "site", ground.template, PATH=path) as site:
        before, chunks = warmed_up(site), Chunks.of(site.tus())
        upload_id = chunks.begun(SIZE_BYTES)
        found.check(chunks.put(upload_id, 0, content).status == 200, "a chunk")
        answers: list[Answer] = []
        asking = threading.Thread(target=_complete, args=(chunks, upload_id, answers))
        asking.start()
        site.wait(_hanging, "ffprobe is at work")
        found.check(site.is_up(), "others are not answered meanwhile")
        if ground.scale is Scale.FULL:
            asking.join(GIVES_UP_WITHIN_S)
            _check_given_up(answers, found)
            found.check(site.received_bytes(upload_id) == SIZE_BYTES, "the upload was not kept")
            asking = threading.Thread(target=_complete, args=(chunks, upload_id, []))
            asking.start()
            site.wait(_hanging, "ffprobe is at work again")
        site.kill()
        asking.join()
        site.wait(lambda: not _hanging(), "ffprobe ends with its server")
        site.settings = {}
        site.start()
        answer = chunks.complete(upload_id, sha256(content))
        found.check(answer.status == 200, f"completing with an ffprobe that works: {answer}")
        check_whole(site, upload_id, sha256(content), found)
        check_nothing_left(site, before, [upload_id], found)
    return found


def _hanging_ffprobe(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "ffprobe").write_text(f"#!/bin/sh\nexec sleep {HANGS_S}\n")
    (folder / "ffprobe").chmod(0o755)
    return folder


def _hanging() -> bool:
    names = (process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"]))
    return any(name[-1:] == [str(HANGS_S)] for name in names)


def _complete(chunks: Chunks, upload_id: str, answers: list[Answer]) -> None:
    try:
        answers.append(chunks.complete(upload_id))
    except OSError:
        return  # the server is killed meanwhile


def _check_given_up(answers: list[Answer], found: Found) -> None:
    told = [(answer.status, answer.json["code"]) for answer in answers]
    found.check(told == [(503, "tool.timeout")], f"after its time was over: {answers}")
    found.count("given up", len(told))


HANGING = Fault(
    "ffprobe hangs", "others are answered; 503 when its time is over; the upload is kept; nothing outlives", run
)
