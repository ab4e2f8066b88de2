"""Separation without a model: under speech goes on what sounds around it (`pipeline.audio.texture`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile

from pipeline.audio.excerpts import excerpt
from pipeline.audio.loudness import Spans, joined
from pipeline.audio.texture import NEARBY_S, Texture
from pipeline.audio.writing import sound_file
from pipeline.engines.base import READY, EngineKind, Readiness, Samples, SessionOptions
from pipeline.progress import CancelToken
from pipeline.storage import storage_errors

BLOCK_S = 24.0  # what is near is read again with each block: a third more at this length, two thirds at half of it
SEED = 1
LFE = 3  # of six channels


class TextureSession:
    def __init__(self, workers: int, cancel: CancelToken) -> None:
        self._workers = workers
        self._cancel = cancel

    def separate(
        self,
        original: Path,
        speech: Sequence[tuple[float, float]],
        bed: Path,
        on_fraction: Callable[[float], None],
    ) -> None:
        """Block by block with what is near on both sides, each faded into the next."""
        spans = joined(speech)
        with (
            soundfile.SoundFile(original) as file,
            sound_file(bed, file.samplerate, file.channels, "PCM_24", "FLAC") as out,
            ThreadPoolExecutor(self._workers) as pool,
        ):
            textures = [Texture(file.samplerate, SEED + channel) for channel in range(file.channels)]
            fade, size = textures[0].window, round(BLOCK_S * file.samplerate)
            tail = np.zeros((0, file.channels), dtype=np.float32)
            for start in range(0, file.frames, size):
                self._cancel.raise_if_canceled()
                block = _block(file, spans, textures, pool, start, min(start + size + fade, file.frames))
                block[: len(tail)] = _faded(tail, block[: len(tail)])
                block, tail = block[:size], block[size:]
                with storage_errors(bed.parent):
                    out.write(block)
                on_fraction((start + len(block)) / file.frames)


def _block(
    file: soundfile.SoundFile, spans: Spans, textures: list[Texture], pool: Executor, start: int, end: int
) -> Samples:
    """Frames `start` to `end` without speech, shape (frames, channels)."""
    rate_hz = file.samplerate
    from_s, until_s = start / rate_hz, end / rate_hz
    if not any(first_s < until_s + 1 and last_s > from_s - 1 for first_s, last_s in spans):
        return excerpt(file, from_s, until_s)
    margin = round(NEARBY_S * rate_hz) + textures[0].window
    begin = max(0, start - margin)
    sound = excerpt(file, begin / rate_hz, (end + margin) / rate_hz)
    near = [
        (first_s - begin / rate_hz, last_s - begin / rate_hz)
        for first_s, last_s in spans
        if first_s * rate_hz < end + margin and last_s * rate_hz > begin
    ]
    # A pair as its middle and its difference: speech is mostly in one of them.
    split = _halves(sound) if sound.shape[1] == 2 else sound

    def fill(channel: int) -> None:
        if channel != LFE and split[:, channel].any():
            split[:, channel] = textures[channel].without_speech(np.ascontiguousarray(split[:, channel]), near)

    list(pool.map(fill, range(split.shape[1])))
    sound = _halves(split) * np.float32(2) if split.shape[1] == 2 else split
    return sound[start - begin : end - begin]


def _halves(pair: Samples) -> Samples:
    """Half the sum and half the difference; done twice, half the pair."""
    return np.stack([pair[:, 0] + pair[:, 1], pair[:, 0] - pair[:, 1]], axis=1) * np.float32(0.5)


def _faded(before: Samples, after: Samples) -> Samples:
    moves = np.linspace(0, 1, len(before), dtype=np.float32)[:, None]
    return before * (1 - moves) + after * moves


class TextureEngine:
    name = "texture"
    kind = EngineKind.SEPARATION
    quality = 20  # a trained network tells a voice from a violin; this knows only when somebody speaks

    def readiness(self) -> Readiness:
        return READY

    def version(self) -> str:
        return "1"

    @contextmanager
    def open(self, options: SessionOptions) -> Iterator[TextureSession]:
        yield TextureSession(options.workers, options.cancel)


ENGINE = TextureEngine()
