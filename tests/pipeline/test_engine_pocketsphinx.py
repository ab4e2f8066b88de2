"""Recognition with PocketSphinx: words, times, crashes and cancellations."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
import soundfile

from pipeline.engines.asr.pocketsphinx import ENGINE, PADDING_S, WINDOWS_AHEAD
from pipeline.engines.asr.pocketsphinx_worker import spoken
from pipeline.engines.asr.text import sentence
from pipeline.engines.base import Window
from pipeline.errors import Canceled, EngineFailed
from pipeline.progress import CancelToken
from pipeline.transcript import Word
from tests.pipeline.engine_options import options
from tests.pipeline.media import make_speech

TEXT = "good morning my friend the weather is good today"
LEAD_IN_S = 1.0


@pytest.fixture(scope="module")
def spoken_wav(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of silence, one spoken line, a second of silence; 16 kHz mono."""
    folder = tmp_path_factory.mktemp("sphinx")
    samples, rate = soundfile.read(make_speech(folder / "line.wav", TEXT, "rms"), dtype="int16")
    quiet = np.zeros(round(LEAD_IN_S * rate), np.int16)
    path = folder / "speech.wav"
    soundfile.write(path, np.concatenate([quiet, samples, quiet]), rate)
    return path


@pytest.fixture
def whole(spoken_wav: Path) -> Window:
    return Window(0, LEAD_IN_S, soundfile.info(spoken_wav).duration - 1.0)


def test_what_was_said_is_recognised_with_the_times_of_the_words(spoken_wav: Path, whole: Window) -> None:
    with ENGINE.open("en", options()) as session:
        (result,) = session.recognize(spoken_wav, [whole])

    assert len(set(TEXT.split()) & {word.text for word in result.words}) >= 6
    assert all(
        whole.start_s - PADDING_S <= word.start_s < word.end_s <= whole.end_s + PADDING_S + 0.03
        for word in result.words
    )
    assert all(0 <= word.probability <= 1 for word in result.words)
    assert [word.start_s for word in result.words] == sorted(word.start_s for word in result.words)


def test_a_window_gives_the_same_words_whatever_was_heard_before(spoken_wav: Path, whole: Window) -> None:
    other = Window(1, whole.start_s + 0.8, whole.end_s - 0.4)
    again = [whole, other, Window(2, whole.start_s, whole.end_s)]
    with ENGINE.open("en", options(workers=1)) as session:
        results = list(session.recognize(spoken_wav, again))

    first, _, last = [[(word.text, word.start_s, word.end_s) for word in result.words] for result in results]
    assert first
    assert last == first


def test_windows_are_read_only_a_few_ahead(spoken_wav: Path) -> None:
    taken = itertools.count()
    windows = (Window(next(taken), 0.0, 0.2) for _ in range(50))
    with ENGINE.open("en", options(workers=1)) as session:
        next(session.recognize(spoken_wav, windows))

        assert next(taken) <= WINDOWS_AHEAD + 1


def test_silence_and_what_lies_past_the_end_have_no_words(spoken_wav: Path) -> None:
    with ENGINE.open("en", options(workers=1)) as session:
        results = list(session.recognize(spoken_wav, [Window(0, 0.2, 0.6), Window(1, 900.0, 901.0)]))

    assert sorted(result.window.index for result in results) == [0, 1]
    assert all(not result.words for result in results if result.window.index == 1)


def test_a_cancellation_ends_the_work_and_its_processes(spoken_wav: Path, whole: Window) -> None:
    cancel = CancelToken()

    def forever() -> Iterator[Window]:
        for index in itertools.count():
            yield Window(index, whole.start_s, whole.end_s)

    with ENGINE.open("en", options(cancel)) as session:
        results = session.recognize(spoken_wav, forever())
        next(results)
        cancel.cancel()
        with pytest.raises(Canceled):
            list(results)
        assert not _workers()


def test_a_crash_is_one_clear_error(spoken_wav: Path, whole: Window) -> None:
    with ENGINE.open("en", options()) as session:
        for worker in _workers():
            worker.kill()

        with pytest.raises(EngineFailed, match="pocketsphinx stopped in the middle of the work"):
            list(session.recognize(spoken_wav, [whole]))


def test_a_session_that_was_left_half_way_answers_only_new_questions(spoken_wav: Path, whole: Window) -> None:
    with ENGINE.open("en", options(workers=1)) as session:
        first = session.recognize(spoken_wav, [Window(index, 0.0, 0.3) for index in range(4)])
        next(first)
        first.close()  # type: ignore[attr-defined]

        (result,) = session.recognize(spoken_wav, [Window(7, whole.start_s, whole.end_s)])

    assert result.window.index == 7
    assert result.words


def test_only_english_is_recognised() -> None:
    assert ENGINE.supports("en-GB")
    assert not ENGINE.supports("es")


@pytest.mark.parametrize(
    ("entry", "word"), [("the(2)", "the"), ("<sil>", ""), ("[NOISE]", ""), ("++UM++", ""), ("don't", "don't")]
)
def test_dictionary_entries_become_words(entry: str, word: str) -> None:
    assert spoken(entry) == word


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("", ""),
        ("when i came i'm sure", "When I came I'm sure."),
        ("i", "I."),
        ("at five p.m.", "At five p.m."),
    ],
)
def test_bare_words_become_a_sentence(words: str, line: str) -> None:
    assert sentence([Word(0, 1, word) for word in words.split()]) == line


def _workers() -> list[psutil.Process]:
    return [
        each for each in psutil.Process().children() if any("pocketsphinx_worker" in word for word in each.cmdline())
    ]
