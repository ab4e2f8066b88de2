"""The sound a voice can be cloned from: the cleanest seconds a speaker says, taken from the original."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
import soxr

from pipeline.audio.writing import write_sound
from pipeline.engines.base import Samples
from pipeline.progress import CancelToken
from pipeline.storage import atomic_path
from pipeline.transcript import Segment

# Speech of 6 to 12 s is what cloning engines such as XTTS v2 ask for, at 24 kHz or less.
WANTED_S = 6.0
LONGEST_S = 12.0
LEAST_S = 3.0  # less gives a voice that is nobody's
RATE_HZ = 24_000
FRAME_S = 0.02
BREATH_S = 0.15  # of silence between two stretches
CLIPPED = 0.99
WORSE_WHEN_CLIPPED_DB = 20.0


def write_reference(original: Path, segments: Sequence[Segment], path: Path, cancel: CancelToken) -> bool:
    """Mono FLAC of RATE_HZ from the cleanest of one speaker's `segments`; False and no file where they hold too little.

    `original` may have any rate and channels. Clean is what stands out furthest from its own quiet. Raises Canceled.
    """
    heard: list[tuple[float, Samples]] = []
    with soundfile.SoundFile(original) as file:
        for segment in segments:
            cancel.raise_if_canceled()
            file.seek(min(max(0, round(segment.start_s * file.samplerate)), file.frames))
            frames = round(min(segment.duration_s, LONGEST_S) * file.samplerate)
            samples = file.read(max(0, frames), dtype="float32", always_2d=True)
            if len(samples):
                heard.append((_cleanness_db(samples, file.samplerate), _mono(samples, file.samplerate)))
    chosen = _chosen([samples for _, samples in sorted(heard, key=lambda each: -each[0])])
    if sum(map(len, chosen)) < LEAST_S * RATE_HZ:
        path.unlink(missing_ok=True)  # of an earlier run, when this may have been somebody else's number
        return False
    breath = np.zeros(round(BREATH_S * RATE_HZ), dtype=np.float32)
    joined = np.concatenate([part for samples in chosen for part in (samples, breath)])[: round(LONGEST_S * RATE_HZ)]
    with atomic_path(path) as temporary:
        write_sound(temporary, joined, RATE_HZ, "PCM_16", "FLAC")
    return True


def _chosen(cleanest_first: Sequence[Samples]) -> list[Samples]:
    chosen: list[Samples] = []
    for samples in cleanest_first:
        if sum(map(len, chosen)) >= WANTED_S * RATE_HZ:
            break
        chosen.append(samples)
    return chosen


def _cleanness_db(samples: Samples, rate_hz: int) -> float:
    """How far speech (the loudest tenth of frames) stands above what is under it (the quietest tenth)."""
    frame = max(1, round(FRAME_S * rate_hz))
    mono = samples.mean(axis=1)
    if len(mono) < frame:
        return -np.inf
    power = np.square(mono[: len(mono) // frame * frame].reshape(-1, frame)).mean(axis=1)
    loud, quiet = np.percentile(10 * np.log10(power + 1e-10), (90, 10))
    is_clipped = float(np.abs(samples).max()) >= CLIPPED
    return float(loud - quiet) - (WORSE_WHEN_CLIPPED_DB if is_clipped else 0.0)


def _mono(samples: Samples, rate_hz: int) -> Samples:
    return np.asarray(soxr.resample(samples.mean(axis=1), rate_hz, RATE_HZ), np.float32)
