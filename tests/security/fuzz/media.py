"""Media that were changed at random, examined and decoded by a worker's runner."""

from __future__ import annotations

from pathlib import Path
from random import Random

from pipeline.errors import DubbingError, OutOfMemory
from tests.pipeline import media
from tests.security.fuzz.effort import Effort, Found, Target
from tests.security.fuzz.mutations import mutated
from tests.security.fuzz.worker import Worker, working

MEMORY_BYTES = 2**30
# What the runner says of a fault of its own, and not of the file's.
FAULTS = (DubbingError.code, OutOfMemory.code)
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


def _fuzz(effort: Effort, folder: Path) -> Found:
    found, good = Found(), seeds(folder)
    with working(folder / "worker") as worker:
        for number, random in enumerate(effort.rounds()):
            kind = random.choice(sorted(good))
            source = folder / f"case.{kind}"
            source.write_bytes(mutated(good[kind], random))
            _examine(worker, source, random, found, f"case {number} of seed {effort.seed} ({kind})")
            source.unlink()
        whole = worker.examine(folder / "seed.mp4")
        found.check(not whole.code, f"afterwards a good file was refused: {whole.message}")
        peak_bytes = worker.close()
    found.highest("MiB at most", round(peak_bytes / 2**20))
    found.check(peak_bytes <= MEMORY_BYTES, f"{peak_bytes / 2**20:.0f} MiB were taken")
    return found


def _examine(worker: Worker, source: Path, random: Random, found: Found, case: str) -> None:
    asked = {"subtitle_track": "0"} if random.random() < 0.3 else {}
    try:
        outcome = worker.examine(source, **asked)
    except TimeoutError as error:
        found.check(False, f"{case}: {error}")
        raise
    found.count("refused" if outcome.code else "taken")
    found.highest("s at most", round(outcome.took_s, 1))
    found.check(outcome.code not in FAULTS, f"{case}: {outcome.message}")
    found.check(not outcome.opened_outside, f"{case}: opened {outcome.opened_outside[:3]}")
    found.check(worker.is_alive, f"{case}: the worker's runner died")


MEDIA = Target(
    "Changed media",
    "an answer within 60 s and 1 GiB, nothing opened but the file, nobody called, the runner lives",
    _fuzz,
)
