"""Long talks for the benchmarks: real speech where there is some, generated speech otherwise, joined with pauses."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
import soxr

from pipeline.engines.base import Samples

TALK_HZ = 22_050
PAUSES_S = (0.35, 1.4)
VOICES = ("rms", "slt", "awb")
# Generated speech repeats after this many lines; a recogniser does not profit from that.
SUBJECTS = ("The captain", "My neighbour", "The old teacher", "A young doctor", "The whole committee", "Our guide")
VERBS = ("described", "measured", "remembered", "explained", "visited", "repaired")
OBJECTS = (
    "the bridge near the river before the winter came",
    "every machine in the factory for more than three weeks",
    "the history of the small town and of the people who built it",
    "a letter that had been lost for many years",
    "the temperature of the water in the morning and in the evening",
    "the garden behind the house where the children used to play",
)


def make_talk(path: Path, minutes: float, speech_dir: Path | None) -> Path:
    """Writes a video of `minutes` with a talk in it: the clips of `speech_dir` among lines flite speaks."""
    sound = path.with_suffix(".flac")
    with soundfile.SoundFile(sound, "w", TALK_HZ, 1, format="FLAC") as file:
        pieces = list(_pieces(path.parent, speech_dir))
        shuffled = random.Random(7)
        while file.frames < minutes * 60 * TALK_HZ:
            file.write(shuffled.choice(pieces))
            file.write(np.zeros(round(shuffled.uniform(*PAUSES_S) * TALK_HZ), dtype=np.float32))
    duration_s = minutes * 60
    subprocess.run(
        [
            "ffmpeg", "-nostdin", "-v", "error", "-y",
            "-f", "lavfi", "-i", f"testsrc2=size=320x180:rate=5:duration={duration_s}", "-i", f"file:{sound}",
            "-t", str(duration_s), "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p",
            "-c:a", "aac", "-b:a", "96k", "-metadata:s:a:0", "language=eng", f"file:{path}",
        ],
        check=True,
    )  # fmt: skip
    sound.unlink()
    return path


def _pieces(folder: Path, speech_dir: Path | None) -> Iterator[Samples]:
    for clip in sorted(speech_dir.glob("*.flac")) if speech_dir else []:
        samples, rate_hz = soundfile.read(clip, dtype="float32")
        yield soxr.resample(samples, rate_hz, TALK_HZ)
    chooser = random.Random(11)
    for number in range(24):
        text = f"{chooser.choice(SUBJECTS)} {chooser.choice(VERBS)} {chooser.choice(OBJECTS)}."
        spoken = folder / "line.wav"
        subprocess.run(["flite", "-voice", VOICES[number % len(VOICES)], "-t", text, "-o", str(spoken)], check=True)
        samples, rate_hz = soundfile.read(spoken, dtype="float32")
        spoken.unlink()
        yield soxr.resample(samples, rate_hz, TALK_HZ)
