"""How much gain brings a mix to its loudness target when a limiter then takes off the peaks."""

from __future__ import annotations

import numpy as np

from pipeline.audio.loudness import SILENCE_LUFS, Meter
from pipeline.engines.base import Samples

HOP_S = 0.010
RELEASE_HOPS = 8  # the limiter's release of 80 ms
RELATIVE_GATE = 0.1  # −10 LU, as in BS.1770
ITERATIONS = 8


class Levels:
    """Loudness of a mix as its blocks pass, and the level of every 10 ms: what a limiter would do follows from it."""

    def __init__(self, sample_rate_hz: int) -> None:
        self._meter = Meter(sample_rate_hz)
        self._hop = round(HOP_S * sample_rate_hz)
        self._peaks: list[Samples] = []
        self._powers: list[Samples] = []

    def add(self, block: Samples) -> None:
        """`block` is float32 of shape (frames, 2)."""
        self._meter.add(block)
        whole = len(block) // self._hop * self._hop
        if whole:
            hops = block[:whole].reshape(-1, self._hop * 2)
            self._peaks.append(np.maximum(hops.max(axis=1), -hops.min(axis=1)))
            self._powers.append(np.einsum("ij,ij->i", hops, hops) / (2 * self._hop))

    def gain_to(self, target_lufs: float, ceiling_db: float) -> float | None:
        """Gain in dB after which, limited to `ceiling_db`, the mix has `target_lufs`; None for silence."""
        loudness = self._meter.integrated_lufs
        if loudness <= SILENCE_LUFS or not self._peaks:
            return None
        peaks, powers = np.concatenate(self._peaks), np.concatenate(self._powers)
        loud = powers > RELATIVE_GATE * powers.mean()
        gain_db = target_lufs - loudness
        for _ in range(ITERATIONS):
            kept = _limited(peaks * 10 ** (gain_db / 20), 10 ** (ceiling_db / 20))
            loss_db = -10 * np.log10((powers * kept**2)[loud].sum() / powers[loud].sum())
            gain_db = target_lufs - loudness + float(loss_db)
        return gain_db


def _limited(peaks: Samples, ceiling: float) -> Samples:
    """The factor a limiter leaves of every hop: at once where a peak is over, let go linearly after it."""
    needed = np.minimum(1.0, ceiling / np.maximum(peaks, 1e-9))
    kept = needed.copy()
    kept[:-1] = np.minimum(kept[:-1], needed[1:])  # the limiter looks ahead
    for hops in range(1, RELEASE_HOPS):
        released = needed[:-hops] + (1 - needed[:-hops]) * hops / RELEASE_HOPS
        kept[hops:] = np.minimum(kept[hops:], released)
    return kept
