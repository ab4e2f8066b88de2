"""Subtitles in and out: what is wrong is named by its line, what is written can be read."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import subtitles
from pipeline.errors import SubtitleError
from pipeline.settings import SubtitlesAre

GOOD = "1\n00:00:01,000 --> 00:00:02,500\nHola, <i>amigo</i>.\n\n2\n00:00:03,000 --> 00:00:04,000\n¿Qué tal?\nBien.\n"


def write(folder: Path, text: str | bytes, name: str = "talk.srt") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_subrip_becomes_segments_with_plain_text(tmp_path: Path) -> None:
    segments = subtitles.read(write(tmp_path, GOOD), SubtitlesAre.SOURCE)

    assert [(each.start_s, each.end_s, each.text) for each in segments] == [
        (1.0, 2.5, "Hola, amigo."),
        (3.0, 4.0, "¿Qué tal? Bien."),
    ]
    assert segments[0].translation is None


def test_target_subtitles_are_the_translation_too(tmp_path: Path) -> None:
    segments = subtitles.read(write(tmp_path, GOOD), SubtitlesAre.TARGET)

    assert segments[1].translation == "¿Qué tal? Bien."


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.srt", GOOD.replace("00:00:03,000", "00:00:xx"), "line 6"),
        ("a.srt", "this is not a subtitle file\n", "line 1"),
        ("a.srt", "", "line 1"),
        ("a.srt", GOOD.replace("00:00:04,000", "00:00:02,000"), "subtitle 2"),
        ("a.srt", b"1\n00:00:01,000 --> 00:00:02,000\ncaf\xe9\n", "line 3"),
        ("a.txt", GOOD, ".srt, .vtt or .ass"),
        ("a.vtt", "WEBVTT\n\n00:01.000 --> soon\nHi\n", "line 3"),
        ("a.ass", "[Events]\nDialogue: nonsense\n", "line 2"),
    ],
)
def test_a_broken_file_is_refused_with_its_place(tmp_path: Path, name: str, text: str | bytes, says: str) -> None:
    with pytest.raises(SubtitleError) as refused:
        subtitles.read(write(tmp_path, text, name), SubtitlesAre.SOURCE)

    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(SubtitleError, match="no such subtitle file"):
        subtitles.read(tmp_path / "none.srt", SubtitlesAre.SOURCE)


@given(
    st.lists(
        st.tuples(st.floats(0.0, 3.0), st.floats(0.2, 9.0), st.text("abc ñ日.,", min_size=1, max_size=300)), max_size=12
    )
)
def test_written_cues_have_at_most_two_lines_and_never_overlap(lines: list[tuple[float, float, str]]) -> None:
    at_s, timed = 0.0, []
    for gap_s, length_s, text in lines:
        timed.append((at_s + gap_s, at_s + gap_s + length_s, text))
        at_s += gap_s + length_s

    cues = subtitles.cues(timed)

    assert all(cue.text.count("\n") <= 1 for cue in cues)
    assert all(before.end_s <= after.start_s + 1e-9 for before, after in itertools.pairwise(cues))


def test_a_long_line_is_split_near_its_middle_at_a_clause() -> None:
    text = "The old house was built by farmers, and many people who lived there for years still remember the garden."

    cues = subtitles.cues([(0.0, 6.0, text)])

    assert [cue.text.replace("\n", " ") for cue in cues] == [
        "The old house was built by farmers,",
        "and many people who lived there for years still remember the garden.",
    ]
    assert cues[0].end_s == cues[1].start_s


def test_what_is_written_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "out.srt"

    subtitles.write(path, subtitles.cues([(1.0, 2.0, "Hola"), (3.0, 4.5, "Adiós")]), "srt")

    assert [each.text for each in subtitles.read(path, SubtitlesAre.SOURCE)] == ["Hola", "Adiós"]
