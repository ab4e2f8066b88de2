"""Media that were changed at random, examined and decoded by a worker's runner."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

from pipeline.errors import DubbingError, OutOfMemory, ToolMissing, ToolTimeout
from tests.pipeline import media
from tests.security.fuzz.effort import Effort, Found, Rounds, Target
from tests.security.fuzz.mutations import mutated
from tests.security.fuzz.worker import Silent, Worker, working

MEMORY_BYTES = 2**30
PROCESSOR_S = 60.0
# What the runner says of a fault of its own, and not of the file's; of a tool that hangs, too.
FAULTS = (DubbingError.code, OutOfMemory.code, ToolMissing.code, ToolTimeout.code)
PICTURE = ("-f", "lavfi", "-i", "testsrc2=size=64x36:rate=10:duration=1")
SOUND = ("-f", "lavfi", "-i", "sine=440:duration=1")
SUBTITLE = "1\n00:00:00,100 --> 00:00:00,900\nGood morning.\n"
KINDS: dict[str, tuple[str, ...]] = {
    "mp4": ("-c:v", "libx264", "-c:a", "aac", "-c:s", "mov_text"),
    "mkv": ("-c:v", "libx264", "-c:a", "libopus", "-c:s", "srt"),
    "webm": ("-c:v", "libvpx", "-c:a", "libvorbis", "-c:s", "webvtt"),
    "avi": ("-c:v", "mpeg4", "-c:a", "libmp3lame", "-sn"),
    "ts": ("-c:v", "mpeg2video", "-c:a", "mp2", "-sn"),
    "flac": ("-vn", "-sn"),
    "mp3": ("-vn", "-sn"),
    "ogg": ("-vn", "-sn", "-c:a", "libvorbis"),
    "wav": ("-vn", "-sn"),
    "m4a": ("-vn", "-sn", "-c:a", "aac"),
}


def seeds(folder: Path) -> dict[str, bytes]:
    words = folder / "words.srt"
    words.write_text(SUBTITLE)
    for kind, coding in KINDS.items():
        media.ffmpeg(*PICTURE, *SOUND, "-i", str(words), *coding, f"file:{folder / f'seed.{kind}'}")
    return {kind: (folder / f"seed.{kind}").read_bytes() for kind in KINDS}


def _fuzz(effort: Effort, folder: Path, found: Found) -> None:
    """On every processor a runner of its own; who takes a case makes no difference to it."""
    good, rounds, at_once = seeds(folder), effort.rounds(), os.cpu_count() or 1
    with ThreadPoolExecutor(at_once) as threads:
        folders = [folder / f"runner{number}" for number in range(at_once)]
        for done in [threads.submit(_examine_all, effort.seed, rounds, good, own, found) for own in folders]:
            done.result()


def _examine_all(seed: int, rounds: Rounds, good: dict[str, bytes], folder: Path, found: Found) -> None:
    with working(folder) as worker:
        for number, random in rounds:
            kind = random.choice(sorted(good))
            source = folder / f"case.{kind}"
            source.write_bytes(mutated(good[kind], random))
            try:
                _examine(worker, source, random, found, f"case {number} of seed {seed} ({kind})")
            except Silent as error:
                found.check(False, f"case {number} of seed {seed} ({kind}): {error}")
                return
            source.unlink()
            found.end_case()
        whole = worker.examine(folder.parent / "seed.mp4")
        found.check(not whole.code, f"afterwards a good file was refused: {whole.message}")
        peak_bytes = worker.close()
    found.highest("MiB at most", round(peak_bytes / 2**20))
    found.check(peak_bytes <= MEMORY_BYTES, f"{peak_bytes / 2**20:.0f} MiB were taken")


def _examine(worker: Worker, source: Path, random: Random, found: Found, case: str) -> None:
    asked = {"subtitle_track": "0"} if random.random() < 0.3 else {}
    outcome = worker.examine(source, **asked)
    found.count("refused" if outcome.code else "taken")
    found.highest("s at most", round(outcome.took_s, 1))
    found.highest("s of the processor at most", round(outcome.processor_s, 1))
    found.check(outcome.processor_s <= PROCESSOR_S, f"{case}: {outcome.processor_s:.0f} s of the processor")
    found.check(outcome.code not in FAULTS, f"{case}: {outcome.message}")
    found.check(not outcome.opened_outside, f"{case}: opened {outcome.opened_outside[:3]}")


MEDIA = Target(
    "Changed media",
    "an answer within 60 s of the processor and 1 GiB, nothing opened but the file, nobody called, the runner lives",
    1_000,
    _fuzz,
)
