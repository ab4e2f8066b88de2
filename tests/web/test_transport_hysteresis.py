"""A lost Redis is left at once and trusted again only after it behaved for a while."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from jobs.transport.hysteresis import Hysteresis, Recovery

RECOVERY = Recovery(checks=3, seconds=10)


def test_one_failure_is_enough_to_leave() -> None:
    state = Hysteresis(RECOVERY, is_good=True, now_s=0)

    assert state.saw(False, 1)
    assert not state.is_good
    assert state.since_s == 1


def test_it_comes_back_after_enough_good_looks_over_enough_time() -> None:
    state = Hysteresis(RECOVERY, is_good=False, now_s=0)

    assert not any(state.saw(True, now_s) for now_s in (1, 4, 7, 10))
    assert state.saw(True, 11)
    assert state.is_good


def test_few_looks_are_not_enough_however_long_they_take() -> None:
    state = Hysteresis(RECOVERY, is_good=False, now_s=0)

    assert not any(state.saw(True, now_s) for now_s in (1, 100))


def test_a_failure_on_the_way_begins_the_waiting_anew() -> None:
    state = Hysteresis(RECOVERY, is_good=False, now_s=0)
    for now_s in (1, 5, 9):
        state.saw(True, now_s)

    state.saw(False, 10)

    assert not any(state.saw(True, now_s) for now_s in (11, 14, 17, 20))
    assert state.saw(True, 21)


@given(st.lists(st.tuples(st.booleans(), st.floats(0.01, 20)), max_size=200))
def test_whatever_is_seen_it_recovers_at_most_once_a_window(seen: list[tuple[bool, float]]) -> None:
    state = Hysteresis(RECOVERY, is_good=True, now_s=0)
    now_s = 0.0
    recovered_s = [-RECOVERY.seconds]

    for is_good, later_s in seen:
        now_s += later_s
        if state.saw(is_good, now_s) and state.is_good:
            recovered_s.append(now_s)

    assert all(later - earlier >= RECOVERY.seconds for earlier, later in pairwise(recovered_s))
