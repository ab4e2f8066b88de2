"""What is said: a line for every phrase, with its voice, its written text and the words the engine is given."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.engines.base import Voice
from pipeline.timing.phrases import phrases
from pipeline.transcript import Segment, Transcript

Say = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Line:
    """`segment` is a segment or one of its phrases: the times, and the text people read. `said` is that text as the
    engine is given it.
    """

    segment: Segment
    voice: Voice
    said: str
    pitch_semitones: float = 0.0

    @property
    def id(self) -> str:
        return self.segment.id


@dataclass(frozen=True, slots=True)
class Script:
    """The lines of a translated transcript. Segments that are `kept` stay as they are; `say` makes of a text what an
    engine is given.
    """

    transcript: Transcript
    lines: tuple[Line, ...]
    kept: tuple[Segment, ...]
    say: Say


def lines_of(transcript: Transcript, voices: Mapping[str, Voice], raised: Mapping[str, float], say: Say) -> list[Line]:
    """The lines of a translated transcript in its order; what has no translation is not said.

    `voices` is by speaker, `raised` is how many semitones higher each segment is said than usual.
    """
    return [
        Line(phrase, voices[segment.speaker], say(phrase.translation or ""), raised.get(segment.id, 0.0))
        for segment in transcript.segments
        if (segment.translation or "").strip()
        for phrase in phrases(segment)
    ]


def reworded(line: Line, translation: str, say: Say) -> Line:
    return replace(line, segment=replace(line.segment, translation=translation), said=say(translation))


def script(transcript: Transcript, lines: Sequence[Line]) -> Transcript:
    """The transcript as it is said: phrases in place of their segments, texts as they were reworded; what is not said
    stays as it is.
    """
    said: dict[str, list[Segment]] = defaultdict(list)
    for line in lines:
        said[line.id.partition("/")[0]].append(line.segment)
    return replace(
        transcript,
        segments=tuple(part for segment in transcript.segments for part in said.get(segment.id, [segment])),
    )
