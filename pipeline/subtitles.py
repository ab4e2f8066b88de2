"""Subtitles in (SRT, VTT, ASS as segments) and out (readable cues), over pysubs2."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pysubs2

from pipeline.errors import SubtitleError
from pipeline.settings import SubtitlesAre
from pipeline.transcript import Segment

MAX_BYTES = 20 * 2**20
MAX_CUES = 50_000
SUFFIXES = {".srt": "srt", ".vtt": "vtt", ".ass": "ass", ".ssa": "ssa"}

# The usual broadcast standard: two lines of 42 characters (e.g. Netflix Timed Text Style Guide).
LINE_CHARACTERS = 42
CUE_CHARACTERS = 2 * LINE_CHARACTERS

_SRT_TIMES = re.compile(r"-->")
_SRT_VALID = re.compile(r"^\s*(?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3}\s*-->\s*(?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3}(\s.*)?$")
_ASS_DIALOGUE = re.compile(
    r"^Dialogue:[^,]*,\s*\d+:\d{2}:\d{2}[.:]\d{1,3}\s*,\s*\d+:\d{2}:\d{2}[.:]\d{1,3}\s*,(?:[^,]*,){6}"
)


@dataclass(frozen=True, slots=True)
class Cue:
    start_s: float
    end_s: float
    text: str  # at most two lines, joined by a newline


def read(path: Path, meaning: SubtitlesAre) -> tuple[Segment, ...]:
    """The cues of `path` as segments; with `target` the text is the translation too.

    Raises SubtitleError naming the line that is wrong.
    """
    text = _text(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise SubtitleError(f"{path.name}: subtitles must be .srt, .vtt or .ass")
    _require_times(path, text) if suffix in {".srt", ".vtt"} else _require_dialogues(path, text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and layers, which are not used here
            parsed = pysubs2.SSAFile.from_string(text, format_=SUFFIXES[suffix])
    except (pysubs2.Pysubs2Error, ValueError, IndexError, KeyError) as error:
        raise SubtitleError(
            f"{path.name}: not valid {suffix[1:].upper()} subtitles ({error}); mend the file"
        ) from error
    events = sorted((event for event in parsed.events if _spoken(event)), key=lambda event: (event.start, event.end))
    if not events:
        raise SubtitleError(f"{path.name}, line 1: no subtitle with text was found; is it the right file?")
    if len(events) > MAX_CUES:
        raise SubtitleError(f"{path.name} has {len(events)} subtitles; at most {MAX_CUES} are accepted")
    return tuple(_segment(path, number, event, meaning) for number, event in enumerate(events, start=1))


def write(path: Path, cues: Iterable[Cue], format_: str) -> None:
    """Writes `cues` as `srt` or `vtt` to exactly `path`."""
    file = pysubs2.SSAFile()
    for cue in cues:
        event = pysubs2.SSAEvent(start=round(cue.start_s * 1000), end=round(cue.end_s * 1000))
        event.plaintext = cue.text
        file.events.append(event)
    path.write_text(file.to_string(format_), encoding="utf-8")


def cues(lines: Iterable[tuple[float, float, str]]) -> list[Cue]:
    """Readable cues from (start_s, end_s, text): long text is split, its time shared by length, none overlap."""
    result: list[Cue] = []
    for start_s, end_s, text in lines:
        parts = _split(" ".join(text.split()))
        total = sum(len(part) for part in parts) or 1
        at_s = start_s
        for part in parts:
            until_s = at_s + (end_s - start_s) * len(part) / total
            if result and result[-1].end_s > at_s:
                previous = result.pop()
                result.append(Cue(previous.start_s, max(previous.start_s, at_s), previous.text))
            result.append(Cue(at_s, until_s, "\n".join(_lines(part))))
            at_s = until_s
    return [cue for cue in result if cue.end_s > cue.start_s]


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SubtitleError(f"{path.name} is larger than {MAX_BYTES // 2**20} MiB; is it a subtitle file?")
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise SubtitleError(f"{path.name}: no such subtitle file; check the path") from error
    except OSError as error:
        raise SubtitleError(f"{path.name} cannot be read: {error.strerror}") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
            return data.decode("utf-16", "replace")
        line = data[: error.start].count(b"\n") + 1
        raise SubtitleError(f"{path.name}, line {line}: not UTF-8 text; save the file as UTF-8") from error


def _require_times(path: Path, text: str) -> None:
    for number, line in enumerate(text.splitlines(), start=1):
        if _SRT_TIMES.search(line) and not _SRT_VALID.match(line):
            raise SubtitleError(
                f"{path.name}, line {number}: “{line.strip()[:60]}” is not a time such as 00:00:01,000 --> 00:00:02,500"
            )


def _require_dialogues(path: Path, text: str) -> None:
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("Dialogue:") and not _ASS_DIALOGUE.match(line):
            raise SubtitleError(
                f"{path.name}, line {number}: “{line.strip()[:60]}” is not a dialogue line with two times"
            )


def _spoken(event: pysubs2.SSAEvent) -> bool:
    return not event.is_comment and not event.is_drawing and bool(event.plaintext.strip())


def _segment(path: Path, number: int, event: pysubs2.SSAEvent, meaning: SubtitlesAre) -> Segment:
    if event.end <= event.start:
        raise SubtitleError(f"{path.name}, subtitle {number}: it ends at or before its start; mend its times")
    text = " ".join(event.plaintext.split())
    translation = text if meaning is SubtitlesAre.TARGET else None
    return Segment(f"{number:05d}", event.start / 1000, event.end / 1000, text, translation=translation)


def _split(text: str) -> list[str]:
    """Parts that fit two lines, cut after a sentence or clause near the middle of what is left, else at a word."""
    if _fits(text):
        return [text]
    middle = min(len(text) // 2, CUE_CHARACTERS)
    breaks = [match.end() for match in re.finditer(r"\s+", text)]
    if not breaks:
        return [text[:CUE_CHARACTERS], *_split(text[CUE_CHARACTERS:])]
    clauses = [end for end in breaks if text[:end].rstrip()[-1:] in ".,;:!?…—"]
    near = [end for end in clauses if abs(end - middle) <= middle // 2]
    cut = min(near or breaks, key=lambda end: abs(end - middle))
    return [*_split(text[:cut].strip()), *_split(text[cut:].strip())]


def _fits(text: str) -> bool:
    return len(_lines(text)) <= 2 and all(len(line) <= LINE_CHARACTERS for line in _lines(text))


def _lines(text: str) -> Sequence[str]:
    """One line, or two of about equal length."""
    if len(text) <= LINE_CHARACTERS:
        return [text]
    spaces = [match.start() for match in re.finditer(" ", text)]
    if not spaces:
        return [text]
    cut = min(spaces, key=lambda at: abs(at - len(text) / 2))
    return [text[:cut], text[cut + 1 :]]
