"""`make bench-vault`: what encryption at rest costs a player, and what sealing costs.

One real server, one film twice in its library, in clear and sealed; one client asks for the same ranges of both in
turn, over one connection each. Then a file is sealed onto the disk, beside `cp` and fsync, and segments of other sizes
are tried in memory. Prints a table and writes build/bench/vault.json; the exit status is 1 where a goal is missed.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pipeline.vault import sealing
from tests.uploading.media import write_noise
from tests.uploading.site import Template, UploadSite, running_site
from tests.vault.rings import ring, written

BUILD = Path("build/bench")
MIB = 2**20
RATIO_GOAL = 1.15
KINDS = ("plain", "sealed")
# name, length (0: the whole file), how often
WORK = (("ranges of 256 KiB", 256 * 1024, 400), ("ranges of 4 MiB", 4 * MIB, 120), ("the whole file", 0, 7))
SEGMENTS = (4 * 1024, 16 * 1024, 64 * 1024, 256 * 1024, MIB)


@dataclass(frozen=True, slots=True)
class Result:
    name: str
    plain_ms: float  # medians
    sealed_ms: float

    @property
    def ratio(self) -> float:
        return self.sealed_ms / self.plain_ms


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mebibytes", type=int, default=256)
    size_bytes = parser.parse_args().mebibytes * MIB
    with tempfile.TemporaryDirectory(prefix="dubbing-bench-") as name:
        folder = Path(name)
        film = folder / "film.mp4"
        write_noise(film, size_bytes)
        results = played(folder, film, size_bytes)
        seal_mib_s, copy_mib_s = written_mib_s(folder, film, size_bytes)
    segments = {size: segment_mib_s(size) for size in SEGMENTS}
    print(f"\nsealed onto the disk: {seal_mib_s:.0f} MiB/s; cp and fsync: {copy_mib_s:.0f} MiB/s")
    for size, (seals, opens) in segments.items():
        print(f"segments of {size // 1024:>5} KiB in memory: sealed {seals:>6.0f}, opened {opens:>6.0f} MiB/s")
    BUILD.mkdir(parents=True, exist_ok=True)
    found = {"play": [asdict(result) for result in results], "seal_mib_s": seal_mib_s, "copy_mib_s": copy_mib_s}
    (BUILD / "vault.json").write_text(json.dumps(found | {"segments_mib_s": segments}, indent=1))
    return 0 if all(result.ratio <= RATIO_GOAL for result in results) else 1


def played(folder: Path, film: Path, size_bytes: int) -> list[Result]:
    template = Template.prepare(folder / "template")
    with running_site(folder / "site", template, LOG_LEVEL="WARNING", ENCRYPTION_KEYS=written("a")) as site:
        command = [sys.executable, "-m", "tests.benchmarks.vault_library", str(film)]
        done = subprocess.run(command, env=site.environment, stdout=subprocess.PIPE, text=True, check=True)
        ids = json.loads(done.stdout.splitlines()[-1])
        print(f"{'':<22}{'plain ms':>10}{'sealed ms':>11}{'ratio':>8}  goal")
        return [shown(name, timed(site, ids, length, count, size_bytes)) for name, length, count in WORK]


def timed(site: UploadSite, ids: dict[str, str], length: int, count: int, size_bytes: int) -> list[list[float]]:
    """Seconds of each request by kind, asked in turn; the first tenth warms up and does not count."""
    chance, found = random.Random(length), [[], []]  # type: tuple[random.Random, list[list[float]]]
    with (
        closing(http.client.HTTPConnection(site.address)) as one,
        closing(http.client.HTTPConnection(site.address)) as two,
    ):
        for number in range(count + count // 10):
            offset = chance.randrange(size_bytes - length) if length else 0
            order = list(zip((one, two), KINDS, found, strict=True))
            for link, kind, seconds in order if number % 2 else reversed(order):
                took_s = asked(link, site, ids[kind], offset, length or size_bytes)
                if number >= count // 10:
                    seconds.append(took_s)
    return found


def asked(link: http.client.HTTPConnection, site: UploadSite, dub_id: str, offset: int, length: int) -> float:
    began_s = time.perf_counter()
    headers = site.headers("alice") | {"Range": f"bytes={offset}-{offset + length - 1}"}
    link.request("GET", f"/dubs/{dub_id}/files/mp4/", headers=headers)
    answer = link.getresponse()
    read, buffer = 0, bytearray(MIB)
    while count := answer.readinto(buffer):
        read += count
    if (answer.status, read) != (206, length):
        raise RuntimeError(f"{answer.status}, {read} of {length} bytes")
    return time.perf_counter() - began_s


def shown(name: str, seconds: Sequence[Sequence[float]]) -> Result:
    result = Result(name, *(statistics.median(each) * 1000 for each in seconds))
    is_met = "met" if result.ratio <= RATIO_GOAL else "missed"
    row = f"{name:<22}{result.plain_ms:>10.2f}{result.sealed_ms:>11.2f}{result.ratio:>8.3f}"
    print(f"{row}  {is_met} ({RATIO_GOAL})", flush=True)
    return result


def written_mib_s(folder: Path, film: Path, size_bytes: int) -> tuple[float, float]:
    """Of sealing and of copying, both safe on the disk; the better of three runs each."""
    seals, copies = [], []
    for _ in range(3):
        os.sync()
        began_s = time.perf_counter()
        sealing.seal(film, folder / "sealed", "dub/1/mp4", ring("a"))
        seals.append(size_bytes / MIB / (time.perf_counter() - began_s))
        os.sync()
        began_s = time.perf_counter()
        subprocess.run(["cp", "--reflink=never", str(film), str(folder / "copy")], check=True)
        with (folder / "copy").open("rb") as copy:
            os.fsync(copy.fileno())
        copies.append(size_bytes / MIB / (time.perf_counter() - began_s))
    return max(seals), max(copies)


def segment_mib_s(size: int) -> tuple[float, float]:
    cipher, plain, times = AESGCM(bytes(32)), os.urandom(size - 16), 64 * MIB // size
    began_s = time.perf_counter()
    for number in range(times):
        sealed = cipher.encrypt(number.to_bytes(12, "big"), plain, None)
    sealed_s = time.perf_counter() - began_s
    nonce = (times - 1).to_bytes(12, "big")
    began_s = time.perf_counter()
    for _ in range(times):
        cipher.decrypt(nonce, sealed, None)
    return 64 / sealed_s, 64 / (time.perf_counter() - began_s)


if __name__ == "__main__":
    sys.exit(main())
