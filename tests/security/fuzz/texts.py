"""Texts that people give to be read: subtitles, edits, glossaries; and what programs send in headers."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

from jobs.consumers import acknowledged_seq
from library.files import RangeUnsatisfiable, parse_range
from pipeline.edits import read_edits
from pipeline.errors import DubbingError
from pipeline.settings import SubtitlesAre
from pipeline.speakers.file import read_speakers
from pipeline.subtitles import files as subtitles
from pipeline.text.glossary import read_glossary
from pipeline.text.lexicon import read_lexicon
from tests.security.fuzz.effort import Effort, Found, Target
from tests.security.fuzz.mutations import mutated
from uploads.metadata import facts_of, pairs_of

SLOW_S = 20.0  # for a text of some kilobytes on a busy machine; it takes milliseconds
CUES = "1\n00:00:01,000 --> 00:00:02,000\n<i>Good</i> {\\an8}morning\n\n2\n00:00:03,000 --> 00:00:04,500\nBye & <b>\n"
EDITS = {
    "schema_version": 1,
    "segments": {"00001": {"translation": "x", "start_s": 1.5, "speaker": "speaker-2", "locked": True}},
    "added": [{"id": "00001-2", "start_s": 2.0, "end_s": 3.0, "text": "y"}],
    "regions": [{"start_s": 0, "end_s": 9, "kept": True}],
}
ASS = (
    "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname\nStyle: Default,Arial\n\n[Events]\n"
    "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    "Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,{\\i1}Good{\\i0} morning\\N{\\p1}m 0 0{\\p0}\n"
)
VTT = "WEBVTT\n\nNOTE x\n\n00:00:01.000 --> 00:00:02.000 line:0\n<c.loud>Good</c> &lt;morning&gt;\n"
TABLE = "source,target\nGood morning,Buenos días\nCosmos,\n"
SPEAKERS = {"schema_version": 1, "speakers": {"speaker-1": {"name": "Ada", "voice": "awb"}}}
METADATA = b"filename ZmlsbS5tcDQ=,filetype dmlkZW8vbXA0"
LONG = ("{", "<", "[", "&", "\\", " ", "\n", "-->", "é", "\ud800", "\0", "9", "{\\p1}", '"', ",", "\u202e")
WORDS = (
    "\\ud800",
    "\\u0000",
    "1E+300000",
    "NaN",
    "Infinity",
    "1e400",
    "null",
    "[" * 50_000,
    '{"":' * 50_000,
    "9" * 5_000,
)


def _readers(folder: Path) -> dict[str, tuple[bytes, Callable[[bytes], object]]]:
    """A good text of each kind, and what reads it."""

    def file(read: Callable[[Path], object], suffix: str) -> Callable[[bytes], object]:
        return partial(_given, read, suffix, folder)

    shown = partial(subtitles.read, meaning=SubtitlesAre.SOURCE)
    return {
        "SRT": (CUES.encode(), file(shown, ".srt")),
        "VTT": (VTT.encode(), file(shown, ".vtt")),
        "ASS": (ASS.encode(), file(shown, ".ass")),
        "edits": (json.dumps(EDITS).encode(), file(read_edits, ".json")),
        "glossary": (TABLE.encode(), file(read_glossary, ".csv")),
        "lexicon": (TABLE.encode(), file(read_lexicon, ".csv")),
        "speakers": (json.dumps(SPEAKERS).encode(), file(read_speakers, ".json")),
        "Range": (b"bytes=0-99", lambda data: parse_range(data.decode("latin1"), 1000)),
        "Upload-Metadata": (
            b"filename ZmlsbS5tcDQ=,filetype dmlkZW8vbXA0",
            lambda data: pairs_of(data.decode("latin1")),
        ),
        "last modified": (b"1700000000000.5", lambda data: facts_of("video/mp4", data.decode("latin1"))),
        "acknowledgement": (b'{"type":"ack","seq":12}', lambda data: acknowledged_seq(data.decode("latin1"))),
    }


def _given(read: Callable[[Path], object], suffix: str, folder: Path, data: bytes) -> None:
    path = folder / f"case{suffix}"
    path.write_bytes(data)
    read(path)


def _strange(good: bytes, random: Random) -> bytes:
    """Changed bytes, or a good text with one sign very often, or one of its words another."""
    chance, at = random.random(), random.randrange(len(good))
    if chance < 0.6:
        return mutated(good, random)
    if chance < 0.75:
        words = list(re.finditer(rb"[\w.:-]+", good))
        word = random.choice(words)
        return good[: word.start()] + random.choice(WORDS).encode() + good[word.end() :]
    often = random.choice(LONG).encode("utf-8", "surrogatepass") * random.choice((10, 5_000, 20_000))
    return good[:at] + often + good[at:]


def _fuzz(effort: Effort, folder: Path, found: Found) -> None:
    readers = _readers(folder)
    for number, random in effort.rounds():
        name = random.choice(sorted(readers))
        good, read = readers[name]
        data = _strange(good, random)
        began_s = time.monotonic()
        try:
            read(data)
        except (DubbingError, RangeUnsatisfiable):
            found.count("refused")
        except Exception as error:
            found.check(False, f"{name}, case {number} of seed {effort.seed}: {error!r} for {data[:80]!r}")
        else:
            found.count("read")
        took_s = time.monotonic() - began_s
        found.highest("s at most", round(took_s, 2))
        found.check(took_s < SLOW_S, f"{name}, case {number} of seed {effort.seed}: {took_s:.0f} s, {len(data)} bytes")
        found.end_case()


TEXTS = Target(
    "Changed texts and headers", "read, or refused with an error of the product's, in little time", 5_000, _fuzz
)
