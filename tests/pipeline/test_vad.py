"""Where speech is: edges against known silences, and the same windows however the sound is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pipeline.audio.vad import speech_windows
from pipeline.audio.windows import BANDS, LEVELS_PER_FRAME, LONGEST_S, SHORTEST_S, Windower
from pipeline.errors import Canceled
from pipeline.progress import CancelToken
from tests.pipeline.media import make_speech

RATE_HZ = 16000
FRAMES_PER_S = 31.25
LINES = ("Good morning, everybody.", "Where is the nearest station?", "Thank you very much indeed.", "Stop right now.")
LEVEL = 0.1  # RMS of the speech
Sound = npt.NDArray[np.float64]


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[Sound]:
    """Spoken lines, equally loud, from the first to the last 5 ms that are at most 30 dB below their level."""
    folder = tmp_path_factory.mktemp("lines")
    found = []
    for voice in ("slt", "rms"):
        for index, text in enumerate(LINES):
            samples, _ = soundfile.read(make_speech(folder / f"{voice}{index}.wav", text, voice))
            level = np.sqrt(np.mean(samples**2))
            blocks = np.sqrt(np.mean(samples[: len(samples) // 80 * 80].reshape(-1, 80) ** 2, axis=1))
            loud = np.flatnonzero(blocks > level * 10 ** (-30 / 20))
            found.append(samples[loud[0] * 80 : (loud[-1] + 1) * 80] * (LEVEL / level))
    return found


def _joined(lines: list[Sound], pause_s: float) -> tuple[Sound, list[tuple[float, float]]]:
    """The lines with silence around each, and when each is spoken."""
    quiet = np.zeros(round(pause_s * RATE_HZ))
    sound, truth, at = [quiet], [], len(quiet)
    for line in lines:
        truth.append((at / RATE_HZ, (at + len(line)) / RATE_HZ))
        sound += [line, quiet]
        at += len(line) + len(quiet)
    return np.concatenate(sound), truth


def _noise(kind: str, count: int) -> Sound:
    """Sound 20 dB below the speech."""
    seconds = np.arange(count) / RATE_HZ
    hiss = np.random.default_rng(3).standard_normal(count)
    if kind == "silence":
        return np.zeros(count)
    if kind == "hiss":
        made = hiss
    else:
        chord = sum(np.sin(2 * np.pi * hertz * seconds) for hertz in (220, 277, 330, 440, 660))
        beat = np.exp(-((seconds * 2) % 1) * 8) * np.sin(2 * np.pi * 90 * seconds) * 2
        made = chord * (0.6 + 0.4 * np.sin(2 * np.pi * 1.3 * seconds)) + beat
    return np.asarray(made / made.std() * LEVEL / 10)


def _written(path: Path, sound: Sound) -> Path:
    soundfile.write(path, sound, RATE_HZ, subtype="PCM_16")
    return path


@pytest.mark.parametrize(("kind", "median_ms", "near"), [("silence", 10, 7), ("hiss", 25, 5), ("music", 25, 5)])
def test_windows_begin_with_the_speech(
    lines: list[Sound], tmp_path: Path, kind: str, median_ms: float, near: int
) -> None:
    """`near`: how many of the eight must begin within 45 ms; a soft s under hiss cannot be heard by anybody."""
    sound, truth = _joined(lines, 0.9)
    audio = _written(tmp_path / "lines.wav", sound + _noise(kind, len(sound)))

    windows = list(speech_windows(audio, cancel=CancelToken()))

    assert len(windows) == len(lines)
    late_ms = np.array([(window.start_s - start) * 1000 for window, (start, _) in zip(windows, truth, strict=True)])
    assert abs(np.median(late_ms)) <= median_ms
    assert np.count_nonzero(np.abs(late_ms) <= 45) >= near


def test_the_windows_are_the_same_however_the_sound_is_read(lines: list[Sound], tmp_path: Path) -> None:
    sound, _ = _joined(lines, 0.5)
    audio = _written(tmp_path / "lines.wav", sound + _noise("hiss", len(sound)))

    at_once = list(speech_windows(audio, cancel=CancelToken(), block_frames=10_000))

    for block_frames in (1, 7, 100):
        assert list(speech_windows(audio, cancel=CancelToken(), block_frames=block_frames)) == at_once


def test_windows_come_while_the_sound_is_still_read(lines: list[Sound], tmp_path: Path) -> None:
    audio = _written(tmp_path / "lines.wav", _joined(lines, 0.6)[0])
    read_s: list[float] = []

    next(speech_windows(audio, cancel=CancelToken(), on_progress=read_s.append, block_frames=30))

    assert read_s[-1] < 5


def test_speech_without_a_pause_is_cut_into_windows_of_bearable_length(lines: list[Sound], tmp_path: Path) -> None:
    sound = np.concatenate([_joined(lines, 0.0)[0], _joined(lines, 0.0)[0]])
    audio = _written(tmp_path / "lines.wav", sound)

    windows = list(speech_windows(audio, cancel=CancelToken()))

    assert len(windows) >= 2
    assert all(window.end_s - window.start_s <= LONGEST_S + 0.5 for window in windows)
    assert sum(window.end_s - window.start_s for window in windows) > 0.9 * len(sound) / RATE_HZ


@pytest.mark.parametrize("seconds", [0.0, 0.01, 3.0])
def test_silence_has_no_windows(tmp_path: Path, seconds: float) -> None:
    audio = _written(tmp_path / "quiet.wav", np.zeros(round(seconds * RATE_HZ)))

    assert list(speech_windows(audio, cancel=CancelToken())) == []


def test_speech_up_to_the_very_end_is_not_lost(lines: list[Sound], tmp_path: Path) -> None:
    audio = _written(tmp_path / "line.wav", lines[0])

    (window,) = speech_windows(audio, cancel=CancelToken())

    assert window.start_s < 0.05
    assert window.end_s > len(lines[0]) / RATE_HZ - 0.1


def test_a_cancellation_stops_the_reading(lines: list[Sound], tmp_path: Path) -> None:
    audio = _written(tmp_path / "lines.wav", _joined(lines, 0.6)[0])
    cancel = CancelToken()
    cancel.cancel()

    with pytest.raises(Canceled):
        next(speech_windows(audio, cancel=cancel))


@settings(deadline=None)
@given(
    probabilities=arrays.arrays(np.float32, st.integers(0, 900), elements=st.floats(0, 1, width=32)),
    block=st.integers(1, 200),
    seed=st.integers(0, 5),
)
def test_windows_are_in_order_apart_and_bounded(probabilities: npt.NDArray[np.float32], block: int, seed: int) -> None:
    shape = (len(probabilities) * LEVELS_PER_FRAME, BANDS)
    levels = np.random.default_rng(seed).uniform(-100, -10, shape).astype(np.float32)

    windows = _found(probabilities, levels, block)

    edges = [edge for window in windows for edge in window]
    assert edges == sorted(edges)
    assert all(0 < end - start <= LONGEST_S + 1 for start, end in windows)
    assert not windows or windows[-1][1] <= len(probabilities) / FRAMES_PER_S + 0.2
    assert windows == _found(probabilities, levels, 10_000)


def test_a_click_is_no_speech() -> None:
    probabilities = np.zeros(100, np.float32)
    probabilities[50 : 50 + round(SHORTEST_S * FRAMES_PER_S) - 1] = 1

    assert _found(probabilities, np.full((400, BANDS), -90, np.float32), 10) == []


def _found(
    probabilities: npt.NDArray[np.float32], levels: npt.NDArray[np.float32], block: int
) -> list[tuple[float, float]]:
    windower, found = Windower(FRAMES_PER_S), []
    for at in range(0, len(probabilities), block):
        stop = at + block
        windower.push(probabilities[at:stop], levels[at * LEVELS_PER_FRAME : stop * LEVELS_PER_FRAME])
        found += windower.take()
    windower.finish()
    return found + windower.take()
