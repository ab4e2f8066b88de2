"""A subtitle made to keep its reader busy is read in the time that an honest one of its length takes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

import pytest

from pipeline.errors import SubtitleError
from pipeline.settings import SubtitlesAre
from pipeline.subtitles.files import MAX_CUES, parse

LENGTH = 100_000  # at the square of the length each of these took minutes, one of them gigabytes
SRT = "1\n00:00:01,000 --> 00:00:02,000\n"
VTT = "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n"
ASS = (
    "[Script Info]\n\n[Events]\n"
    "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    "Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,"
)
TIRING: Mapping[str, tuple[str, str]] = {
    "braces": ("srt", SRT + "a " + "{" * LENGTH),
    "tags": ("srt", SRT + "a " + "<i" * LENGTH),
    "spaces in a tag": ("srt", SRT + "a <" + " " * LENGTH + "1>"),
    "empty lines": ("srt", SRT + "a" + "\n" * LENGTH + "b"),
    "empty lines before": ("srt", "\n" * LENGTH + SRT + "a"),
    "braces in VTT": ("vtt", VTT + "a " + "{" * LENGTH),
    "escaped braces": ("vtt", VTT + "a " + "&lcub;" * LENGTH),
    "classes": ("vtt", VTT + "a " + "<c." * LENGTH),
    "braces in ASS": ("ass", ASS + "a " + "{\\p" * LENGTH),
    "closed in a comment": ("ass", ASS + "{" * LENGTH + "\nComment: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,}"),
    "overrides": ("ass", ASS + "a" + "{\\i1}" * LENGTH),
}
MEMORY_BYTES = 1 * 2**30
CPU_S = 20  # of a busy machine's processor; each takes less than one
READING = """
import resource, sys
from pipeline.settings import SubtitlesAre
from pipeline.subtitles.files import parse
resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[2]), int(sys.argv[2])))
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[3]), int(sys.argv[3])))
parts = sys.stdin.read().split("\\0")
for kind, text in zip(parts[::2], parts[1::2]):
    print(len(parse(text, kind, "film", SubtitlesAre.SOURCE)), flush=True)
"""


def test_no_subtitle_takes_the_square_of_its_length() -> None:
    told = "\0".join(part for kind, text in TIRING.values() for part in (kind, text))

    done = subprocess.run(
        [sys.executable, "-c", READING, "film", str(CPU_S), str(MEMORY_BYTES)],
        input=told,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.split() == ["1"] * len(TIRING), f"after {len(done.stdout.split())}: {done.stderr[-500:]}"


def test_too_many_subtitles_are_refused_before_they_are_read() -> None:
    with pytest.raises(SubtitleError, match=f"at most {MAX_CUES}"):
        parse("00:00:01,000 --> 00:00:02,000\na\n" * (MAX_CUES + 1), "srt", "film.srt", SubtitlesAre.SOURCE)


@pytest.mark.parametrize(
    ("kind", "text", "read"),
    [
        ("srt", SRT + "if a < b {and", "if a < b {and"),
        ("srt", SRT + "<i>slanted</i> 1 < 2", "slanted 1 < 2"),
        ("vtt", VTT + "<c.loud>one</c> &lt; two", "one < two"),
        ("ass", ASS + "{\\i1}one{\\i0} {two", "one {two"),
    ],
)
def test_what_is_no_markup_is_kept(kind: str, text: str, read: str) -> None:
    [segment] = parse(text, kind, "film", SubtitlesAre.SOURCE)

    assert segment.text == read


def test_a_drawing_is_no_subtitle() -> None:
    line = ASS.splitlines()[-1]

    [segment] = parse(
        f"{ASS}{{\\an7\\p1}}m 0 0 l 9 9{{\\p0}}\n{line}{{\\pos(1,2)}}said", "ass", "film", SubtitlesAre.SOURCE
    )

    assert segment.text == "said"
