"""How much of the original speech is still heard under the dub, measured on the finished file (the leak check)."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from pipeline.audio.excerpts import excerpt, silences
from pipeline.audio.layout import folded, parts, turned
from pipeline.audio.loudness import Spans
from pipeline.audio.mixing import Line, clip_samples
from pipeline.audio.projection import FLOOR_DB, Spectra, background, found_db, spectra, spoken_bins, sum_db
from pipeline.audio.spread import Spread
from pipeline.engines.base import Samples
from pipeline.media import ffmpeg
from pipeline.progress import CancelToken

# Louder than this under the dub, the first voice disturbs: at −30 dB a recogniser gets 29 % of the dub's words wrong,
# at −40 11 %; docs/decisions/0001-ducking-depth.md.
LEAK_LIMIT_DB = -30.0
WINDOW = 512  # samples, 32 ms at 16 kHz
LONGEST_S = 30.0  # of one segment: more tells nothing new


@dataclass(frozen=True, slots=True)
class Heard:
    """The dub as it was made: its file, its channels, and what mastering did to its level."""

    finished: Path
    channels: int
    gain_db: float


@dataclass(frozen=True, slots=True)
class Dubbed:
    """What went into a mix. `recognition` is the original in 16 kHz mono.

    `gains` are those the clips were laid with, `spread` says which parts of the original each line's speech is in, and
    `speech` is all the time in which somebody speaks in the original, sorted and disjoint.
    """

    original: Path
    recognition: Path
    lines: list[Line]
    gains: list[float]
    spread: list[Spread]
    speech: Spans

    @property
    def spans(self) -> list[tuple[float, float]]:
        return [(line.source_start_s, min(line.source_end_s, line.source_start_s + LONGEST_S)) for line in self.lines]


def leaks(heard: Heard, dubbed: Dubbed, cancel: CancelToken, *, workers: int = 1) -> dict[str, float]:
    """By segment: the level of the original speech in the finished dub, in dB of its level in the original.

    FLOOR_DB where it is not found. What stays up on purpose, and the dub itself, are told from it. `workers` is how
    many cores may be filled.
    """
    rate_hz = soundfile.info(dubbed.recognition).samplerate
    dub = _Dub(dubbed.lines, dubbed.gains, rate_hz)

    def measured(index: int, span: tuple[float, float], block: Samples) -> tuple[str, float]:
        with soundfile.SoundFile(dubbed.recognition) as file:
            speech = excerpt(file, *span)[:, 0]
            power = _background(file, span, dubbed.speech)
        known = dub.between(*span), _kept(dubbed, index, span, rate_hz)
        found = (_leak_db(speech, power, block, known) - heard.gain_db, dubbed.spread[index].elsewhere_db)
        return dubbed.lines[index].segment_id, round(sum_db(found), 1)

    result: dict[str, float] = {}
    with ThreadPoolExecutor(workers) as pool:
        measuring: deque[Future[tuple[str, float]]] = deque()
        for index, span, block in _stretches(dubbed.spans, _finished(heard, rate_hz, cancel), rate_hz):
            measuring.append(pool.submit(measured, index, span, block))
            if len(measuring) > 2 * workers:  # as many stretches as this are held in memory
                result.update([measuring.popleft().result()])
        result.update(each.result() for each in measuring)
    return result


def _leak_db(
    original: Samples, quiet_power: Samples, finished: Samples, known: tuple[Samples, Samples | None]
) -> float:
    """`known` is the dub (frames,) and what stays up (frames, 2) or None."""
    dub, bed = known
    frames = min(len(original), len(finished), len(dub), *([] if bed is None else [len(bed)]))
    if frames < WINDOW:
        return FLOOR_DB
    speech, voice = spectra(original[:frames], WINDOW), spectra(dub[:frames], WINDOW)
    chosen = spoken_bins(speech, quiet_power)
    sides = []
    for side in range(2):
        others = [voice] if bed is None else [voice, _of(bed[:frames, side])]
        sides.append(found_db(_of(finished[:frames, side]), [speech], others, chosen, 16_000))
    return 10 * float(np.log10(np.mean([10 ** (level / 10) for level in sides])))


def _of(samples: Samples) -> Spectra:
    return spectra(np.ascontiguousarray(samples), WINDOW)


class _Dub:
    """The dubbed speech alone, as it was laid, in any stretch."""

    def __init__(self, lines: Sequence[Line], gains: Sequence[float], sample_rate_hz: int) -> None:
        self._lines = sorted(zip(lines, gains, strict=True), key=lambda item: item[0].start_s)
        self._starts_s = [line.start_s for line, _ in self._lines]
        self._longest_s = max((line.end_s - line.start_s for line in lines), default=0.0)
        self._rate_hz = sample_rate_hz

    def between(self, start_s: float, end_s: float) -> Samples:
        frames = round(end_s * self._rate_hz) - round(start_s * self._rate_hz)
        sound = np.zeros(max(0, frames), dtype=np.float32)
        near = slice(bisect_left(self._starts_s, start_s - self._longest_s), bisect_left(self._starts_s, end_s))
        for line, gain in self._lines[near]:
            if line.end_s > start_s:
                samples = clip_samples(line.clip, gain, self._rate_hz)
                offset = round(line.start_s * self._rate_hz) - round(start_s * self._rate_hz)
                first, last = max(0, offset), min(len(sound), offset + len(samples))
                sound[first:last] += samples[first - offset : last - offset]
        return sound


def _kept(dubbed: Dubbed, index: int, span: tuple[float, float], sample_rate_hz: int) -> Samples | None:
    """What of the original stays up on purpose in a line's span, as a stereo listener hears it: shape (frames, 2).

    None when nothing stays up.
    """
    with soundfile.SoundFile(dubbed.original) as original:
        gains = [float(name not in dubbed.spread[index].parts) for name in parts(original.channels)]
        if not any(gains):
            return None
        kept = folded(turned(excerpt(original, *span), gains))
        resampled: Samples = soxr.resample(kept, original.samplerate, sample_rate_hz)
    return resampled


def _finished(heard: Heard, sample_rate_hz: int, cancel: CancelToken) -> Iterator[Samples]:
    """The finished file as a stereo listener hears it."""
    raw = ["-f", "f32le", "-ar", str(sample_rate_hz), "-ac", str(heard.channels), "pipe:1"]
    step = ["-i", ffmpeg.output(heard.finished), "-map", "0:a:0", *raw]
    what = "listen to the dub"
    for block in ffmpeg.chain((step,), folder=heard.finished.parent, what=what, cancel=cancel, channels=heard.channels):
        yield folded(block)


def _stretches(
    spans: Spans, blocks: Iterator[Samples], sample_rate_hz: int
) -> Iterator[tuple[int, tuple[float, float], Samples]]:
    """Each span's number and samples, as soon as they have passed; holds no more than the spans that are open."""
    waiting = sorted(enumerate(spans), key=lambda item: item[1])
    held, at = np.zeros((0, 2), dtype=np.float32), 0  # at: the frame `held` starts with
    for block in blocks:
        held = np.concatenate([held, block])
        while waiting and round(waiting[0][1][1] * sample_rate_hz) <= at + len(held):
            index, span = waiting.pop(0)
            yield index, span, held[round(span[0] * sample_rate_hz) - at : round(span[1] * sample_rate_hz) - at]
        first = round(waiting[0][1][0] * sample_rate_hz) if waiting else at + len(held)
        held, at = held[max(0, first - at) :], at + min(len(held), max(0, first - at))
    for index, span in waiting:
        yield index, span, held[max(0, round(span[0] * sample_rate_hz) - at) :]


def _background(file: soundfile.SoundFile, span: tuple[float, float], speech: Spans) -> Samples:
    return background([excerpt(file, *silence)[:, 0] for silence in silences(*span, speech)], WINDOW)
