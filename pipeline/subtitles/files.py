"""Subtitle files: SRT, VTT and ASS as segments, and cues as SRT, VTT and ASS."""

from __future__ import annotations

import html
import re
import warnings
from collections.abc import Iterable
from pathlib import Path

import pysubs2

from pipeline.errors import SubtitleError
from pipeline.settings import SubtitlesAre
from pipeline.subtitles.standard import Cue
from pipeline.transcript import Segment

MAX_BYTES = 20 * 2**20
MAX_CUES = 50_000
SUFFIXES = {".srt": "srt", ".vtt": "vtt", ".ass": "ass", ".ssa": "ass"}

DEFAULT_FRAME = (16, 9)
ASS_HEIGHT = 288  # the height players assume for scripts that do not say; sizes below are of it
ASS_STYLE = pysubs2.SSAStyle(fontsize=15.0, outline=1.0, shadow=0.5, marginl=16, marginr=16, marginv=14)
# pysubs2 takes the square of the length for long runs of spaces or of empty lines, and where markup is opened and not
# closed, hours for a megabyte. Runs are shortened, and such openings hidden from it.
_RUNS = ((re.compile(r" {2,}"), " "), (re.compile(r"\n{3,}"), "\n\n"))
_HIDDEN = {"{": "\ue000", "<": "\ue001"}
_CLOSED_BY = {"{": "}", "<": ">"}
_SHOWN = str.maketrans({hidden: opening for opening, hidden in _HIDDEN.items()})
_CUE_BEGINS = re.compile(r"^(?=.*-->|[ \t]*Dialogue:|[ \t]*Comment:)", re.MULTILINE)
_DRAWS = re.compile(r"\\p[1-9]")
# Braces and backslashes begin commands in ASS, which pysubs2 writes every format from.
_NO_MARKUP = str.maketrans({"{": "(", "}": ")", "\\": "/"})

_SRT_TIMES = re.compile(r"-->")
_SRT_VALID = re.compile(r"^\s*(?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3}\s*-->\s*(?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3}(\s.*)?$")
_ASS_DIALOGUE = re.compile(
    r"^Dialogue:[^,]*,\s*\d+:\d{2}:\d{2}[.:]\d{1,3}\s*,\s*\d+:\d{2}:\d{2}[.:]\d{1,3}\s*,(?:[^,]*,){6}"
)


def read(path: Path, meaning: SubtitlesAre) -> tuple[Segment, ...]:
    """The cues of `path` as segments; with `target` the text is the translation too.

    Raises SubtitleError naming the line that is wrong.
    """
    text = _text(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise SubtitleError(f"{path.name}: subtitles must be .srt, .vtt or .ass")
    return parse(text, SUFFIXES[suffix], path.name, meaning)


def parse(text: str, format_: str, name: str, meaning: SubtitlesAre) -> tuple[Segment, ...]:
    """The cues of a whole file's text (`srt`, `vtt` or `ass`); `name` is what messages call it.

    Raises SubtitleError naming the line that is wrong.
    """
    return _segments(_events(text, format_, name), name, meaning)


def parse_extracted(text: str, name: str, meaning: SubtitlesAre) -> tuple[Segment, ...]:
    """The cues of a track inside a film, as ffmpeg writes it in SRT; those that have no time are left out.

    Raises SubtitleError where nothing is left.
    """
    return _segments([event for event in _events(text, "srt", name) if event.end > event.start], name, meaning)


def _events(text: str, format_: str, name: str) -> list[pysubs2.SSAEvent]:
    _require_dialogues(name, text) if format_ == "ass" else _require_times(name, text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and layers, which are not used here
            parsed = pysubs2.SSAFile.from_string(_harmless(text), format_=format_)
            if format_ == "vtt":
                _unescape(parsed)
    except (pysubs2.Pysubs2Error, ValueError, IndexError, KeyError) as error:
        raise SubtitleError(f"{name}: not valid {format_.upper()} subtitles ({error}); mend the file") from error
    return sorted((event for event in parsed.events if _spoken(event)), key=lambda event: (event.start, event.end))


def _segments(events: list[pysubs2.SSAEvent], name: str, meaning: SubtitlesAre) -> tuple[Segment, ...]:
    if not events:
        raise SubtitleError(f"{name}, line 1: no subtitle with text was found; is it the right file?")
    if len(events) > MAX_CUES:
        raise SubtitleError(f"{name} has {len(events)} subtitles; at most {MAX_CUES} are accepted")
    return tuple(_segment(name, number, event, meaning) for number, event in enumerate(events, start=1))


def write(path: Path, cues: Iterable[Cue], format_: str, frame_size: tuple[int, int] = DEFAULT_FRAME) -> None:
    """Writes `cues` as `srt`, `vtt` or `ass` to exactly `path`; ASS is laid out for a picture of `frame_size`."""
    file = pysubs2.SSAFile()
    width, height = frame_size if min(frame_size) > 0 else DEFAULT_FRAME
    file.info |= {"PlayResX": str(round(ASS_HEIGHT * width / height)), "PlayResY": str(ASS_HEIGHT)}
    file.styles["Default"] = ASS_STYLE
    for cue in cues:
        event = pysubs2.SSAEvent(start=round(cue.start_s * 1000), end=round(cue.end_s * 1000))
        text = cue.text.translate(_NO_MARKUP)
        event.plaintext = html.escape(text, quote=False) if format_ == "vtt" else text
        file.events.append(event)
    path.write_text(file.to_string(format_), encoding="utf-8")


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


def _harmless(text: str) -> str:
    for run, short in _RUNS:
        text = run.sub(short, text)
    return "".join(_closed(cue) for cue in _CUE_BEGINS.split(text))


def _closed(cue: str) -> str:
    for opening, hidden in _HIDDEN.items():
        last = cue.rfind(_CLOSED_BY[opening]) + 1
        cue = cue[:last] + cue[last:].replace(opening, hidden)
    return cue


def _require_times(name: str, text: str) -> None:
    cues = 0
    for number, line in enumerate(text.splitlines(), start=1):
        if not _SRT_TIMES.search(line):
            continue
        if not _SRT_VALID.match(line):
            raise SubtitleError(
                f"{name}, line {number}: “{line.strip()[:60]}” is not a time such as 00:00:01,000 --> 00:00:02,500"
            )
        cues += 1
        if cues > MAX_CUES:
            raise SubtitleError(f"{name} has more than {MAX_CUES} subtitles; at most {MAX_CUES} are accepted")


def _require_dialogues(name: str, text: str) -> None:
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("Dialogue:") and not _ASS_DIALOGUE.match(line):
            raise SubtitleError(f"{name}, line {number}: “{line.strip()[:60]}” is not a dialogue line with two times")


def _unescape(parsed: pysubs2.SSAFile) -> None:
    """WebVTT writes & and < as HTML does."""
    for event in parsed.events:
        event.text = _closed(html.unescape(event.text))


def _spoken(event: pysubs2.SSAEvent) -> bool:
    return not event.is_comment and not _is_drawing(event) and bool(event.plaintext.strip())


def _is_drawing(event: pysubs2.SSAEvent) -> bool:
    """pysubs2's own keeps, for every override, a copy of all those before it: gigabytes for a megabyte."""
    return any(_DRAWS.search(override) for override in pysubs2.SSAEvent.OVERRIDE_SEQUENCE.findall(event.text))


def _segment(name: str, number: int, event: pysubs2.SSAEvent, meaning: SubtitlesAre) -> Segment:
    if event.end <= event.start:
        raise SubtitleError(f"{name}, subtitle {number}: it ends at or before its start; mend its times")
    text = " ".join(event.plaintext.translate(_SHOWN).split())
    translation = text if meaning is SubtitlesAre.TARGET else None
    return Segment(f"{number:05d}", event.start / 1000, event.end / 1000, text, translation=translation)
