"""Which parts of the original somebody's speech is in: the others can stay up under the dub."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from pipeline.audio.excerpts import excerpt, silences
from pipeline.audio.layout import Part, folded_middle, part_of, parts
from pipeline.audio.loudness import Spans
from pipeline.audio.projection import (
    FLOOR_DB,
    Spectra,
    background,
    delayed,
    found_db,
    spectra,
    spoken_bins,
    sum_db,
)
from pipeline.engines.base import Samples

# A part with the speech at less than this stays up: what is left of it is then less than a leak may be.
HOLDS_SPEECH_DB = -32.0
WINDOW_S = 0.043  # long enough for the first reflections of a room
TAPS = 3  # so many windows back a room's answer is looked for
LONGEST_S = 20.0  # of one stretch: more tells nothing new
SILENT = 1e-8  # mean power, −80 dBFS


@dataclass(frozen=True, slots=True)
class Spread:
    """The parts a line's speech is in, and how loud it is, in dB of itself, in the others together."""

    parts: frozenset[Part]
    elsewhere_db: float = FLOOR_DB


def parts_with_speech(original: Path, stretches: Spans, speech: Spans, *, workers: int = 1) -> list[Spread]:
    """For each of `stretches` (seconds), the parts of `original` that hold its speech.

    `speech` is all the time in which somebody speaks, sorted and disjoint, for telling what else sounds. Doubt counts
    as speech. `workers` is how many cores may be filled.
    """

    def heard(stretch: tuple[float, float]) -> Spread:
        start_s, end_s = stretch[0], min(stretch[1], stretch[0] + LONGEST_S)
        with soundfile.SoundFile(original) as file:
            quiet = [excerpt(file, *span) for span in silences(start_s, end_s, speech)]
            block, rate_hz = excerpt(file, start_s, end_s), file.samplerate
        return _parts_of(block, quiet, rate_hz)

    with ThreadPoolExecutor(workers) as pool:  # decoding and transforms leave the interpreter to others
        return list(pool.map(heard, stretches))


def _parts_of(block: Samples, quiet: Sequence[Samples], rate_hz: int) -> Spread:
    names = parts(block.shape[1])
    size = round(WINDOW_S * rate_hz / 2) * 2
    if len(block) < size:
        return Spread(frozenset(names))
    voice = _voice(block, quiet, rate_hz, size)
    if voice is None:
        return Spread(frozenset(names))
    frames, power = voice
    chosen = spoken_bins(frames, power)
    taps = [frames, *(delayed(frames, by) for by in range(1, TAPS))]
    levels_db = {
        part: max(
            found_db(spectra(channel, size), taps, [], chosen, rate_hz) if np.mean(channel**2) > SILENT else FLOOR_DB
            for channel in part_of(block, part).T
        )
        for part in names[1:]
    }
    held = {part for part, level_db in levels_db.items() if level_db > HOLDS_SPEECH_DB}
    return Spread(frozenset({names[0], *held}), sum_db(levels_db[part] for part in levels_db.keys() - held))


def _voice(block: Samples, quiet: Sequence[Samples], rate_hz: int, size: int) -> tuple[Spectra, Samples] | None:
    """Spectra of the part where speech usually is, and their background; None where the speech is somewhere else."""
    first = parts(block.shape[1])[0]
    heard = spectra(part_of(block, first)[:, 0], size)
    power = background([part_of(each, first)[:, 0] for each in quiet], size)
    if block.shape[1] == 2:
        # A stereo pair in which one side speaks has as much of it in its difference as in its middle.
        return heard, power
    whole = spectra(folded_middle(block), size)
    spoken = spoken_bins(whole, background([folded_middle(each) for each in quiet], size))
    in_centre = float(np.sum(np.abs(heard[spoken]) ** 2)) / 2  # the fold takes the centre 3 dB lower
    return (heard, power) if in_centre > 0.25 * float(np.sum(np.abs(whole[spoken]) ** 2)) else None
