"""Slows passages of the original's sound along with its picture (`--retime`), the pitch kept."""

from __future__ import annotations

import tempfile
from itertools import chain, pairwise
from pathlib import Path

import numpy as np
import soundfile

from pipeline.audio.writing import sound_file
from pipeline.media import ffmpeg
from pipeline.progress import CancelToken
from pipeline.timing.retiming import TimeMap

BLOCK_FRAMES = 48_000 * 10


def slow_sound(original: Path, times: TimeMap, slowed: Path, cancel: CancelToken) -> None:
    """Writes `original` to `slowed` (FLAC, the same rate and channels) at the times of the output.

    Every passage gets the very number of samples the map asks for. Raises ToolError kinds and Canceled.
    """
    with soundfile.SoundFile(original) as sound:
        length_s = sound.frames / sound.samplerate
        inside = [edge for each in times.passages for edge in (each.start_s, each.end_s) if 0 < edge < length_s]
        edges = sorted({*chain((0.0, length_s), inside)})
        with (
            sound_file(slowed, sound.samplerate, sound.channels, sound.subtype, "FLAC") as result,
            tempfile.TemporaryDirectory(dir=slowed.parent) as folder,
        ):
            written = 0
            for start_s, end_s in pairwise(edges):
                frames = round(times.to_output(end_s) * sound.samplerate) - written
                written += frames
                if times.between(start_s, end_s):
                    with _stretched(sound, start_s, end_s, times, Path(folder), cancel) as passage:
                        _copy(passage, result, frames, cancel)
                else:
                    _copy(sound, result, frames, cancel)


def _stretched(
    sound: soundfile.SoundFile, start_s: float, end_s: float, times: TimeMap, folder: Path, cancel: CancelToken
) -> soundfile.SoundFile:
    """The passage, opened at its start, as rubberband makes it."""
    passage, slow = folder / "passage.wav", folder / "slow.wav"
    left = round(end_s * sound.samplerate) - sound.tell()
    with sound_file(passage, sound.samplerate, sound.channels, "FLOAT", "RF64") as file:
        while left > 0:
            block = sound.read(min(BLOCK_FRAMES, left), dtype="float32", always_2d=True)
            if not len(block):
                break
            file.write(block)
            left -= len(block)
    tempo = (end_s - start_s) / (times.to_output(end_s) - times.to_output(start_s))
    ffmpeg.run(
        [
            "-f", "wav", "-i", ffmpeg.output(passage), "-af", f"rubberband=tempo={tempo:.6f}",
            "-c:a", "pcm_f32le", "-rf64", "auto", "-f", "wav", ffmpeg.output(slow),
        ],
        what="slow a passage of the sound",
        cancel=cancel,
    )  # fmt: skip
    return soundfile.SoundFile(slow)


def _copy(source: soundfile.SoundFile, result: soundfile.SoundFile, frames: int, cancel: CancelToken) -> None:
    """Copies `frames`; a source that ends before is continued with silence."""
    while frames > 0:
        cancel.raise_if_canceled()
        block = source.read(min(BLOCK_FRAMES, frames), dtype="float32", always_2d=True)
        if not len(block):
            block = np.zeros((min(BLOCK_FRAMES, frames), result.channels), dtype=np.float32)
        result.write(block)
        frames -= len(block)
