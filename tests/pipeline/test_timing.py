"""Where dubbed segments go: no word cut, no overlap within a speaker, on time wherever there is room (P5)."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from pipeline import timing
from pipeline.transcript import Segment


def talk(*spans: tuple[float, float], speaker: str = "speaker-1") -> list[Segment]:
    return [Segment(f"{at:05d}", start, end, "words", speaker) for at, (start, end) in enumerate(spans)]


def placed(segments: list[Segment], natural: list[float], end_s: float) -> list[timing.Placement]:
    lengths = {segment.id: length for segment, length in zip(segments, natural, strict=True)}
    rates = timing.rates(segments, lengths, end_s)
    return timing.place(segments, {key: lengths[key] / rates[key] for key in lengths}, rates, end_s)


def test_a_line_that_fits_is_spoken_at_its_natural_speed_where_its_source_starts() -> None:
    segments = talk((1.0, 3.0), (5.0, 6.0))

    clips = placed(segments, [2.4, 1.0], end_s=8.0)

    assert [clip.start_s for clip in clips] == [1.0, 5.0]
    assert [clip.rate for clip in clips] == [1.0, 1.0]


def test_a_long_line_borrows_the_silence_after_it_before_it_is_sped_up() -> None:
    clips = placed(talk((1.0, 3.0), (5.0, 6.0)), [3.9, 1.0], end_s=8.0)

    assert clips[0].rate == 1.0
    assert clips[0].end_s <= clips[1].start_s


def test_a_line_longer_than_its_room_is_sped_up_just_enough() -> None:
    clips = placed(talk((0.0, 2.0), (2.2, 4.0)), [2.6, 1.0], end_s=6.0)

    assert 1.1 < clips[0].rate < 1.3
    assert clips[1].start_s - 2.2 <= timing.LATEST_S
    assert not clips[1].flags


def test_a_line_that_cannot_fit_is_spoken_whole_and_its_successor_is_flagged() -> None:
    clips = placed(talk((0.0, 1.0), (1.2, 4.0)), [4.0, 1.0], end_s=9.0)

    assert clips[0].rate == timing.MAX_RATE
    assert clips[0].duration_s == 4.0 / timing.MAX_RATE
    assert clips[1].start_s >= clips[0].end_s
    assert clips[1].flags == ("late",)


def test_a_line_near_the_end_moves_into_the_silence_before_it_instead_of_being_cut() -> None:
    clips = placed(talk((1.0, 2.0), (8.0, 9.0)), [1.0, 3.0], end_s=9.0)

    assert clips[1].end_s <= 9.0 + 1e-9
    assert clips[1].flags == ("early",)


def test_two_speakers_may_speak_at_once() -> None:
    segments = [*talk((0.0, 3.0)), Segment("other", 1.0, 2.0, "no", "speaker-2")]

    clips = placed(segments, [3.0, 1.0], end_s=5.0)

    assert clips[1].start_s == 1.0


SPANS = st.lists(st.tuples(st.floats(0.0, 2.0), st.floats(0.1, 8.0), st.floats(0.05, 12.0)), min_size=1, max_size=40)


@given(SPANS)
def test_no_plan_overlaps_or_speaks_faster_than_the_limit(spans: list[tuple[float, float, float]]) -> None:
    at_s = 0.0
    segments: list[Segment] = []
    natural: list[float] = []
    for gap_s, length_s, natural_s in spans:
        segments.append(Segment(f"{len(segments):05d}", at_s + gap_s, at_s + gap_s + length_s, "words"))
        at_s += gap_s + length_s
        natural.append(natural_s)

    clips = placed(segments, natural, end_s=at_s + 1.0)

    for before, after in itertools.pairwise(clips):
        assert before.end_s <= after.start_s + 1e-9
    assert all(1.0 <= clip.rate <= timing.MAX_RATE for clip in clips)
    for clip, natural_s in zip(clips, natural, strict=True):
        assert abs(clip.duration_s * clip.rate - natural_s) < 1e-9  # spoken whole
    for segment, clip in zip(segments, clips, strict=True):
        on_time = -timing.EARLIEST_S <= clip.start_s - segment.start_s <= timing.LATEST_S
        assert on_time or clip.flags


@given(SPANS, st.floats(0.0, 100.0))
def test_moving_everything_later_moves_every_clip_later(
    spans: list[tuple[float, float, float]], shift_s: float
) -> None:
    at_s = 0.0
    here: list[Segment] = []
    later: list[Segment] = []
    natural: list[float] = []
    for gap_s, length_s, natural_s in spans:
        start_s = at_s + gap_s
        here.append(Segment(f"{len(here):05d}", start_s, start_s + length_s, "words"))
        later.append(Segment(f"{len(later):05d}", start_s + shift_s, start_s + length_s + shift_s, "words"))
        at_s = start_s + length_s
        natural.append(natural_s)
    end_s = at_s + sum(natural)  # room enough that the end plays no part

    first, second = placed(here, natural, end_s), placed(later, natural, end_s + shift_s)

    for one, other in zip(first, second, strict=True):
        assert abs(one.start_s + shift_s - other.start_s) < 1e-6
