"""Thousands of messages become tens of events, and nothing that matters is lost or reordered."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from jobs.coalescing import PROGRESS_EVERY_S, Coalescer, event_of
from jobs.models import EventKind
from jobs.services import NewEvent
from pipeline.progress import Event, Level, StageName
from pipeline.progress import EventKind as PipelineKind

STAGES = st.sampled_from([stage.value for stage in StageName])
KINDS = st.sampled_from([EventKind.LOG, EventKind.STAGE_STARTED, EventKind.STAGE_PROGRESS, EventKind.STAGE_FINISHED])
MOMENTS = st.floats(0, 0.3)


@given(st.lists(st.tuples(MOMENTS, KINDS, STAGES), max_size=200))
def test_all_but_progress_comes_through_in_order_and_progress_at_most_twice_a_second(
    told: list[tuple[float, EventKind, str]],
) -> None:
    coalescer, now_s = Coalescer(), 0.0
    kept: list[tuple[float, NewEvent]] = []
    for number, (later_s, kind, stage) in enumerate(told):
        now_s += later_s
        coalescer.add(NewEvent(kind, stage=stage, data={"fraction": 0.5, "number": number}))
        kept += [(now_s, event) for event in coalescer.take(now_s)]

    assert [event.data["number"] for _, event in kept if event.kind != EventKind.STAGE_PROGRESS] == [
        number for number, (_, kind, _) in enumerate(told) if kind != EventKind.STAGE_PROGRESS
    ]
    for stage in StageName:
        times = [at for at, event in kept if event.kind == EventKind.STAGE_PROGRESS and event.stage == stage]
        assert all(after - before >= PROGRESS_EVERY_S for before, after in pairwise(times))


def test_the_newest_progress_is_what_is_kept() -> None:
    coalescer = Coalescer()
    for tenth in range(10):
        coalescer.add(NewEvent(EventKind.STAGE_PROGRESS, stage="mix", data={"fraction": tenth / 10}))

    assert [event.data["fraction"] for event in coalescer.take(0.0)] == [0.9]


def test_progress_never_follows_the_end_of_its_stage() -> None:
    coalescer = Coalescer()
    coalescer.add(NewEvent(EventKind.STAGE_PROGRESS, stage="mix", data={"fraction": 0.1}))
    coalescer.take(0.0)
    coalescer.add(NewEvent(EventKind.STAGE_PROGRESS, stage="mix", data={"fraction": 0.9}))
    coalescer.add(NewEvent(EventKind.STAGE_FINISHED, stage="mix"))

    assert [event.kind for event in coalescer.take(0.1)] == [EventKind.STAGE_FINISHED]
    assert coalescer.take(10.0) == []


# A part's progress is not an event: that of its stage is told when a part is finished.
@given(
    st.sampled_from([kind for kind in PipelineKind if kind is not PipelineKind.PART_PROGRESS]),
    st.sampled_from(StageName),
    st.sampled_from(Level),
    st.text(max_size=50),
    st.floats(0, 1),
)
def test_every_event_of_the_pipeline_is_understood(
    kind: PipelineKind, stage: StageName, level: Level, message: str, fraction: float
) -> None:
    told = Event(kind, stage, level, message, {"fraction": fraction}).to_json()

    event = event_of(told)

    assert event is not None
    assert (event.kind, event.stage, event.level, event.message) == (kind.value, stage.value, level.value, message)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(["log", "stage_progress", "state", "x"]), JSON, JSON, JSON, JSON)
def test_nonsense_is_refused_not_raised(kind: str, stage: object, level: object, message: object, data: object) -> None:
    event = event_of({"kind": kind, "stage": stage, "level": level, "message": message, "data": data})

    assert event is None or event.kind in (EventKind.LOG, EventKind.STAGE_PROGRESS)
