"""`make bench-uploads`: how fast a gigabyte arrives over loopback, beside the tus project's own server.

The same clients send the same file to both servers, taking turns; a bare `cp` and fsync onto the same disk shows what
could be. The reference keeps nothing safe (no fsync), checks nothing and looks at no file; ours does all of it within
the time that is measured. Our own protocol is shown beside it without a goal: it checks the SHA-256 of every chunk,
and a line says how fast one core reckons that. Then fifty uploads at once, each compared with what was sent.
Prints a table and writes build/bench/uploads.json; the exit status is 1 where a goal is missed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from tests.benchmarks.upload_clients import Chunks, Film, Target, send_by_tus, send_by_tus_js_client
from tests.uploading.media import write_noise
from tests.uploading.reference import running_reference
from tests.uploading.site import Template, UploadSite, running_site

BUILD = Path("build/bench")
MB = 1_000_000
RUNS = 3
CHUNK_BYTES = 8 * 1024 * 1024
RATIO_GOAL = 1.0
NO_GOAL = 0.0
MEMORY_GOAL_MB = 200.0
AT_ONCE = 50
SMALL_BYTES = 20 * MB
HEAD = f"{'':<34}{'seconds':>22}{'MB/s':>8}{'ratio':>8}{'server MB':>11}  goal"


@dataclass
class Row:
    """One way to send the gigabyte. `beside` names the row that it is measured against."""

    name: str
    send: Callable[[], None]
    clear: Callable[[], None]
    beside: str = ""
    ratio_goal: float = RATIO_GOAL
    seconds: list[float] = field(default_factory=list)
    peak_mb: float = 0.0

    @property
    def median_s(self) -> float:
        return statistics.median(self.seconds)


@dataclass(frozen=True, slots=True)
class Result:
    name: str
    seconds: list[float]
    mb_per_s: float
    beside: str
    ratio: float
    ratio_goal: float
    peak_mb: float

    @property
    def is_met(self) -> bool:
        return not self.beside or (self.ratio >= self.ratio_goal and self.peak_mb < MEMORY_GOAL_MB)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=RUNS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dubbing-bench-") as name:
        folder = Path(name)
        template = Template.prepare(folder / "template")
        results = gigabyte(folder, template, arguments.megabytes * MB, arguments.runs)
        peak_mb, wrong = at_once(folder, template)
    print(f"SHA-256 on one core: {sha256_mb_per_s():.0f} MB/s")
    print(f"{AT_ONCE} uploads of {SMALL_BYTES / MB:.0f} MB at once: {wrong} damaged, server at most {peak_mb:.0f} MB")
    BUILD.mkdir(parents=True, exist_ok=True)
    found = {"gigabyte": [asdict(result) for result in results]}
    found |= {"at_once": {"count": AT_ONCE, "damaged": wrong, "peak_mb": peak_mb}}  # type: ignore[dict-item]
    (BUILD / "uploads.json").write_text(json.dumps(found, indent=1))
    return 0 if all(result.is_met for result in results) and not wrong and peak_mb < MEMORY_GOAL_MB else 1


def gigabyte(folder: Path, template: Template, size_bytes: int, runs: int) -> list[Result]:
    path = folder / "film.wav"
    film = Film(path, size_bytes, write_noise(path, size_bytes))
    with ExitStack() as servers:
        site = servers.enter_context(running_site(folder / "ours", template, LOG_LEVEL="WARNING"))
        theirs = folder / "theirs"
        theirs.mkdir()
        reference = servers.enter_context(running_reference(theirs, max_bytes=0))
        other = Target(reference.address, reference.creation_path)
        rows = list(ways(film, folder, site, other, theirs))
        for _ in range(runs):
            for row in rows:
                took(row, site)
    print(HEAD)
    seconds = {row.name: row.median_s for row in rows}
    return [shown(row, film, seconds) for row in rows]


def ways(film: Film, folder: Path, site: UploadSite, other: Target, theirs: Path) -> Iterator[Row]:
    ours = Target(site.address, "/files/", site.headers("alice"))
    forget_ours, forget_theirs = partial(empty, site.media / "uploads"), partial(empty, theirs)
    chunks = Chunks(film.digest_headers(CHUNK_BYTES), CHUNK_BYTES)
    bare, stock = "@tus/server, bare client", "@tus/server, tus-js-client"
    yield Row("cp and fsync", partial(copy, film, folder / "copy"), (folder / "copy").unlink)
    yield Row(bare, partial(send_by_tus, other, film), forget_theirs)
    yield Row("ours, bare client", partial(send_by_tus, ours, film), forget_ours, bare)
    yield Row(stock, partial(send_by_tus_js_client, other, film), forget_theirs)
    yield Row("ours, tus-js-client", partial(send_by_tus_js_client, ours, film), forget_ours, stock)
    yield Row("ours, 4 chunks in parallel", partial(chunks.send, ours, film), forget_ours, bare, NO_GOAL)


def took(row: Row, site: UploadSite) -> None:
    """One run, on a disk that has nothing left to write from the one before."""
    os.sync()
    with peak_of(site) as peak:
        began_s = time.monotonic()
        row.send()
        row.seconds.append(time.monotonic() - began_s)
    row.peak_mb = max(row.peak_mb, *peak)
    row.clear()


@contextmanager
def peak_of(site: UploadSite) -> Iterator[list[float]]:
    """The most memory that the server holds meanwhile, as the kernel counts it."""
    process = Path(f"/proc/{site.pid}")
    (process / "clear_refs").write_text("5")
    found = [0.0]
    yield found
    [line] = [line for line in (process / "status").read_text().splitlines() if line.startswith("VmHWM")]
    found.append(int(line.split()[1]) * 1024 / MB)


def shown(row: Row, film: Film, seconds: dict[str, float]) -> Result:
    ratio = seconds[row.beside] / row.median_s if row.beside else 0.0
    result = Result(
        row.name, row.seconds, film.size_bytes / MB / row.median_s, row.beside, ratio, row.ratio_goal, row.peak_mb
    )
    times = " ".join(f"{each:.2f}" for each in row.seconds)
    beside = f"{ratio:>8.2f}{row.peak_mb:>11.0f}" if row.beside else f"{'':>19}"
    print(f"{row.name:<34}{times:>22}{result.mb_per_s:>8.0f}{beside}  {verdict(result)}", flush=True)
    return result


def verdict(result: Result) -> str:
    if not result.beside:
        return ""
    if not result.is_met:
        return f"missed ({result.ratio_goal}, {MEMORY_GOAL_MB:.0f} MB)"
    return "met" if result.ratio_goal else "memory met"


def at_once(folder: Path, template: Template) -> tuple[float, int]:
    """The server's peak in MB, and how many files are not what was sent."""
    sources = folder / "small"
    sources.mkdir()
    films = []
    for number in range(AT_ONCE):
        path = sources / f"{number}.wav"
        films.append(Film(path, SMALL_BYTES, write_noise(path, SMALL_BYTES, seed=number)))
    site_folder = folder / "at-once"
    with running_site(site_folder, template, MAX_UNFINISHED_UPLOADS_PER_USER="100", LOG_LEVEL="WARNING") as site:
        ours = Target(site.address, "/files/", site.headers("alice"))
        with peak_of(site) as peak, ThreadPoolExecutor(AT_ONCE) as clients:
            for sent in [clients.submit(send_by_tus, ours, film) for film in films]:
                sent.result()
        stored = sorted(sha256_of(path) for path in (site.media / "uploads").glob("*/source"))
    damaged = len(set(film.sha256 for film in films) - set(stored))
    return max(peak), damaged


def sha256_mb_per_s() -> float:
    data = bytes(64 * MB)
    began_s = time.monotonic()
    hashlib.sha256(data).digest()
    return 64 / (time.monotonic() - began_s)


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy(film: Film, target: Path) -> None:
    subprocess.run(["cp", "--reflink=never", str(film.path), str(target)], check=True)
    with target.open("rb") as file:
        os.fsync(file.fileno())


def empty(folder: Path) -> None:
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


if __name__ == "__main__":
    sys.exit(main())
