"""Where each dubbed segment goes and how fast it is spoken (promise P5). Pure: no audio is touched here.

The policy: a segment starts where its source starts; it may borrow the silence after it; what is still too long is
spoken faster, never above the limit; what is then still too long is spoken whole and pushes its successor, and the
segment is flagged. No word is ever cut and segments of one speaker never overlap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from pipeline.transcript import Segment

MAX_RATE = 1.3
# ITU-R BT.1359-1: sound that leads by more than 45 ms or lags by more than 125 ms is noticed.
EARLIEST_S = 0.045
LATEST_S = 0.125
# Room kept inside the tolerance for the rounding of frames and codec delay.
PLANNED_LATEST_S = 0.090
MIN_GAP_S = 0.050


@dataclass(frozen=True, slots=True)
class Placement:
    """`rate` is relative to the voice's natural speed; the clip lasts `duration_s` and starts at `start_s`."""

    segment_id: str
    start_s: float
    duration_s: float
    rate: float
    flags: tuple[str, ...] = ()
    clip: str = ""  # the file that holds it, inside the synthesize stage's clips

    @property
    def end_s(self) -> float:
        return self.start_s + self.duration_s


@dataclass(frozen=True, slots=True)
class Fit:
    """How well the dub keeps to the source's times; offsets in seconds, negative is early."""

    segments: int
    onsets_within: float  # share within −45/+125 ms
    earliest_s: float
    latest_s: float
    rate_median: float
    rate_max: float
    flagged: tuple[str, ...]


def rates(segments: Sequence[Segment], natural_s: Mapping[str, float], end_s: float) -> dict[str, float]:
    """The rate each segment must be spoken at so that it ends before its speaker's next one may start.

    `natural_s` holds each segment's length at natural speed in seconds; `end_s` is the end of the source.
    """
    result = {}
    for speaker in {segment.speaker for segment in segments}:
        line = [segment for segment in segments if segment.speaker == speaker]
        for segment, following in zip(line, [*line[1:], None], strict=True):
            limit_s = following.start_s + PLANNED_LATEST_S - MIN_GAP_S if following else end_s
            room_s = max(limit_s - segment.start_s, 1e-3)
            result[segment.id] = min(MAX_RATE, max(1.0, natural_s[segment.id] / room_s))
    return result


def place(
    segments: Sequence[Segment], durations_s: Mapping[str, float], rate: Mapping[str, float], end_s: float
) -> list[Placement]:
    """Starts for clips of known length, in the order of `segments`; a clip never starts before its speaker is free.

    A clip that would run past `end_s` is moved earlier into the silence before it where there is some.
    """
    clips = {
        segment.id: Placement(segment.id, segment.start_s, durations_s[segment.id], rate[segment.id])
        for segment in segments
    }
    for speaker in {segment.speaker for segment in segments}:
        line = [segment.id for segment in segments if segment.speaker == speaker]
        _push_apart(line, clips)
        _pull_before_end(line, clips, end_s)
        _push_apart(line, clips)  # where even all the silence is not enough, whole words win over the end
    return [_flag(segment, clips[segment.id], end_s) for segment in segments]


def fit(segments: Sequence[Segment], placements: Sequence[Placement]) -> Fit:
    offsets = [clip.start_s - segment.start_s for segment, clip in zip(segments, placements, strict=True)]
    within = [-EARLIEST_S <= offset <= LATEST_S for offset in offsets]
    speeds = [clip.rate for clip in placements]
    return Fit(
        len(placements),
        sum(within) / len(within) if within else 1.0,
        min(offsets, default=0.0),
        max(offsets, default=0.0),
        median(speeds) if speeds else 1.0,
        max(speeds, default=1.0),
        tuple(clip.segment_id for clip in placements if clip.flags),
    )


def _push_apart(line: Sequence[str], clips: dict[str, Placement]) -> None:
    free_s = 0.0
    for segment_id in line:
        clip = clips[segment_id]
        clips[segment_id] = replace(clip, start_s=max(clip.start_s, free_s))
        free_s = clips[segment_id].end_s + MIN_GAP_S


def _pull_before_end(line: Sequence[str], clips: dict[str, Placement], end_s: float) -> None:
    latest_end_s = end_s
    for segment_id in reversed(line):
        clip = clips[segment_id]
        if clip.end_s <= latest_end_s:
            return
        clips[segment_id] = replace(clip, start_s=max(0.0, latest_end_s - clip.duration_s))
        latest_end_s = clips[segment_id].start_s - MIN_GAP_S


def _flag(segment: Segment, clip: Placement, end_s: float) -> Placement:
    offset_s = clip.start_s - segment.start_s
    flags = []
    if offset_s > LATEST_S:
        flags.append("late")
    if offset_s < -EARLIEST_S:
        flags.append("early")
    if clip.end_s > end_s + 1e-6:
        flags.append("past_end")
    return replace(clip, flags=tuple(flags))
