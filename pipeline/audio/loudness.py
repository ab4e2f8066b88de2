"""Loudness and true peak after ITU-R BS.1770-4 / EBU R128, measured by libebur128."""

from __future__ import annotations

import math

import numpy as np
import pyebur128

from pipeline.engines.base import Samples

# R128's gating block is 400 ms; shorter sounds are measured as if they were repeated.
SHORTEST_S = 0.45
SILENCE_LUFS = -70.0  # the absolute gate: below it there is nothing to measure


class Meter:
    """Integrated loudness of stereo blocks as they pass, and their sample or true peak."""

    def __init__(self, sample_rate_hz: int, *, true_peak: bool = False) -> None:
        mode = pyebur128.MeasurementMode.MODE_I
        mode |= pyebur128.MeasurementMode.MODE_TRUE_PEAK if true_peak else pyebur128.MeasurementMode.MODE_SAMPLE_PEAK
        self._true_peak = true_peak
        self._state = pyebur128.R128State(2, sample_rate_hz, mode)

    def add(self, block: Samples) -> None:
        """`block` is float32 of shape (frames, 2)."""
        if len(block):
            self._state.add_frames(np.ascontiguousarray(block).reshape(-1), len(block))

    @property
    def integrated_lufs(self) -> float:
        """SILENCE_LUFS when everything was below the gate."""
        return max(SILENCE_LUFS, float(pyebur128.get_loudness_global(self._state)))

    @property
    def peak_db(self) -> float:
        """dBTP with `true_peak`, else dBFS of the highest sample."""
        read = pyebur128.get_true_peak if self._true_peak else pyebur128.get_sample_peak
        return 20 * math.log10(max(read(self._state, 0), read(self._state, 1), 1e-9))


def loudness_of(samples: Samples, sample_rate_hz: int) -> float:
    """Integrated LUFS of mono (frames,) or stereo (frames, 2) samples; mono counts as sounding from both sides."""
    if not len(samples):
        return SILENCE_LUFS
    stereo = samples if samples.ndim == 2 else np.stack([samples, samples], axis=1)
    assert stereo.shape[1] == 2  # noqa: S101 - libebur128 would read past the end
    repeats = math.ceil(SHORTEST_S * sample_rate_hz / len(stereo))
    meter = Meter(sample_rate_hz)
    meter.add(np.tile(stereo, (repeats, 1)) if repeats > 1 else stereo)
    return meter.integrated_lufs
