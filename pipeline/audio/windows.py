"""From the probability of speech in each frame to stretches of speech with exact edges. Pure; no sound, no network.

Two clocks: *frames* (32 ms, the network's) and *levels* (8 ms, four a frame, for the edges).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Levels = npt.NDArray[np.float32]  # one row a level, one column a band, in dB

LEVELS_PER_FRAME = 4
BANDS = 9
SPEECH_BEGINS = 0.5
SPEECH_ENDS = 0.35  # lower: a voice that wavers is not cut to pieces
PAUSE_S = 0.3
BREATH_S = 0.1  # a pause long enough to cut a long window at
SHORTEST_S = 0.2
LONGEST_S = 12.0
SHORTEST_CUT_S = 4.0  # what a cut leaves in front of it

# Edges. The onset of a word may come well before the network is sure of it, and never long after.
LOOK_BACK_S = 0.35
LOOK_AHEAD_S = 0.15
GAP_S = 0.04  # quiet as long as this separates a sound from what went before (a stop's closure is shorter)
NOT_YET_S = 0.1  # the network is at most this late
RISE_DB = 3.0  # of the band that rises second most above its quiet: one alone may be a note
FLOOR_PERCENTILE = 75
BELOW_SPEECH_DB = 43.0
HISTORY_S = 2.0  # of what came before a window, for its noise floor


class Windower:
    """Takes frames as they come and gives each window as soon as its end is certain."""

    def __init__(self, frames_per_s: float) -> None:
        self._frames_per_s = frames_per_s
        self._first = 0  # the frame that index 0 of the two arrays stands for
        self._probabilities: Floats = np.zeros(0, np.float32)
        self._levels: Levels = np.zeros((0, BANDS), np.float32)
        self._next = 0
        self._start: int | None = None  # of the window that is open
        self._start_is_cut = False
        self._quiet_since: int | None = None
        self._last_end_s = 0.0
        self._found: list[tuple[float, float]] = []

    def push(self, probabilities: Floats, levels_db: Levels) -> None:
        """Consecutive frames: one probability and LEVELS_PER_FRAME levels each."""
        self._probabilities = np.concatenate([self._probabilities, probabilities])
        self._levels = np.concatenate([self._levels, levels_db])
        for frame in range(self._next, self._first + len(self._probabilities)):
            self._next = frame + 1
            self._step(frame, float(self._probabilities[frame - self._first]))
        self._forget()

    def take(self) -> list[tuple[float, float]]:
        """The windows that became certain since the last call: start and end in seconds."""
        found, self._found = self._found, []
        return found

    def finish(self) -> None:
        """No more frames: what is open ends here."""
        if self._start is not None:
            self._close(self._next if self._quiet_since is None else self._quiet_since, is_cut=False)

    def _step(self, frame: int, probability: float) -> None:
        if self._start is None:
            if probability >= SPEECH_BEGINS:
                self._start, self._start_is_cut, self._quiet_since = frame, False, None
            return
        if probability >= SPEECH_BEGINS:
            self._quiet_since = None
        elif probability < SPEECH_ENDS and self._quiet_since is None:
            self._quiet_since = frame
        if self._quiet_since is not None and frame + 1 - self._quiet_since >= self._frames(PAUSE_S):
            self._close(self._quiet_since, is_cut=False)
        elif frame + 1 - self._start >= self._frames(LONGEST_S):
            self._cut(self._start, frame + 1)

    def _cut(self, start: int, end: int) -> None:
        """Closes a window that grew too long at its best pause, or else where speech is least likely."""
        earliest = start + self._frames(SHORTEST_CUT_S)
        probabilities = self._probabilities[earliest - self._first : end - self._first]
        pause = _longest_run(probabilities < SPEECH_ENDS)
        if pause is not None and pause[1] - pause[0] >= self._frames(BREATH_S):
            cut_end, cut_start, is_cut = earliest + pause[0], earliest + pause[1], False
        else:
            cut_end = cut_start = earliest + int(np.argmin(_smoothed(probabilities)))
            is_cut = True
        self._close(cut_end, is_cut=is_cut)
        self._start, self._start_is_cut = cut_start, is_cut
        if self._quiet_since is not None and self._quiet_since < cut_start:
            self._quiet_since = None

    def _close(self, end: int, *, is_cut: bool) -> None:
        start = self._start
        if start is None:
            return
        self._start = None
        if end - start < self._frames(SHORTEST_S):
            return
        start_s = start / self._frames_per_s if self._start_is_cut else self._onset_s(start)
        end_s = end / self._frames_per_s if is_cut else self._offset_s(end)
        start_s = max(start_s, self._last_end_s)
        if end_s > start_s:
            self._found.append((start_s, end_s))
            self._last_end_s = end_s

    def _onset_s(self, start: int) -> float:
        levels_per_s = self._frames_per_s * LEVELS_PER_FRAME
        floor_from = max(start / self._frames_per_s - HISTORY_S, self._last_end_s)
        levels, first = self._slice(floor_from, (start / self._frames_per_s) + 0.5)
        at = start * LEVELS_PER_FRAME - first
        onset = onset_in(levels, at, levels_per_s) - 0.5  # a level is heard over two rows
        return max(0.0, (first + onset) / levels_per_s)

    def _offset_s(self, end: int) -> float:
        """An onset, heard backwards."""
        levels_per_s = self._frames_per_s * LEVELS_PER_FRAME
        levels, first = self._slice(end / self._frames_per_s - 0.5, self._next / self._frames_per_s)
        at = end * LEVELS_PER_FRAME - first
        onset = onset_in(levels[::-1], len(levels) - at, levels_per_s)
        return (first + len(levels) - onset) / levels_per_s

    def _slice(self, start_s: float, end_s: float) -> tuple[Levels, int]:
        """The levels between two times, and the number of the first since the beginning of the recording."""
        levels_per_s = self._frames_per_s * LEVELS_PER_FRAME
        origin = self._first * LEVELS_PER_FRAME
        first = max(origin, round(start_s * levels_per_s))
        stop = min(origin + len(self._levels), round(end_s * levels_per_s))
        return self._levels[first - origin : stop - origin], first

    def _forget(self) -> None:
        """Keeps the open window and the history before it: the memory does not grow with the recording."""
        needed = self._next if self._start is None else self._start
        keep_from = max(self._first, needed - self._frames(HISTORY_S + PAUSE_S))
        self._probabilities = self._probabilities[keep_from - self._first :]
        self._levels = self._levels[(keep_from - self._first) * LEVELS_PER_FRAME :]
        self._first = keep_from

    def _frames(self, seconds: float) -> int:
        return round(seconds * self._frames_per_s)


def onset_in(levels_db: Levels, at: int, levels_per_s: float) -> int:
    """Where the sound that is there around row `at` begins: the index of its first row.

    Each band has its own quiet: the floor of what lies before, or far below the speech that follows, whichever is
    higher. A sound is there when two bands rise above theirs, so that steady noise of any colour, and music
    that keeps to its bands, do not hide it or pass for it. The figures are the best of a search over flite's
    voices in silence, white and pink noise and music 20 dB below: see docs/engines.md for what they reach.
    """
    at = min(max(at, 0), len(levels_db) - 1)
    look_back, look_ahead, gap = (round(each * levels_per_s) for each in (LOOK_BACK_S, LOOK_AHEAD_S, GAP_S))
    speech_db = np.percentile(levels_db[at:], 90, axis=0)
    before = levels_db[: max(0, at - round(NOT_YET_S * levels_per_s))]
    floor_db = np.percentile(before, FLOOR_PERCENTILE, axis=0) if len(before) >= gap else levels_db.min(axis=0)
    quiet_db = np.maximum(floor_db, speech_db.max() - BELOW_SPEECH_DB)
    loud = np.partition(levels_db - quiet_db, -2, axis=1)[:, -2] > RISE_DB
    ahead = np.flatnonzero(loud[at : at + look_ahead])
    if not ahead.size:
        return at
    onset = at + int(ahead[0])
    quiet = 0
    for index in range(onset - 1, max(-1, at - look_back - 1), -1):
        if loud[index]:
            onset, quiet = index, 0
        elif (quiet := quiet + 1) >= gap:
            break
    return onset


def _longest_run(flags: npt.NDArray[np.bool_]) -> tuple[int, int] | None:
    """Start and stop of the longest stretch of true values, the last one of equals."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    if not edges.size:
        return None
    starts, stops = edges[::2], edges[1::2]
    lengths = stops - starts
    longest = len(lengths) - 1 - int(np.argmax(lengths[::-1]))
    return int(starts[longest]), int(stops[longest])


def _smoothed(values: Floats) -> Floats:
    """The mean of three neighbours: one odd frame is no place to cut."""
    padded = np.concatenate([values[:1], values, values[-1:]])
    return np.asarray((padded[:-2] + padded[1:-1] + padded[2:]) / 3, np.float32)
