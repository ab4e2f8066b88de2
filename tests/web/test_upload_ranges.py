"""Ranges of bytes behave like the sets of bytes they stand for."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from uploads import ranges
from uploads.ranges import Ranges

END = 60
pieces = st.lists(st.tuples(st.integers(0, END), st.integers(0, END)), max_size=12)


def added(parts: list[tuple[int, int]]) -> Ranges:
    there: Ranges = ()
    for start, end in parts:
        there = ranges.add(there, start, end)
    return there


def members(there: Ranges) -> set[int]:
    return {byte for start, end in there for byte in range(start, end)}


@given(pieces)
def test_what_was_added_is_there_whatever_the_order(parts: list[tuple[int, int]]) -> None:
    there = added(parts)

    assert members(there) == {byte for start, end in parts for byte in range(start, end)}
    assert added(parts[::-1]) == there


@given(pieces)
def test_ranges_are_sorted_and_never_touch(parts: list[tuple[int, int]]) -> None:
    there = added(parts)

    assert all(start < end for start, end in there)
    assert all(before[1] < after[0] for before, after in pairwise(there))


@given(pieces, st.integers(0, END), st.integers(0, END))
def test_what_is_missing_is_what_is_not_there(parts: list[tuple[int, int]], start: int, end: int) -> None:
    there = added(parts)

    assert members(ranges.missing(there, start, end)) == set(range(start, end)) - members(there)


@given(pieces)
def test_the_next_missing_byte_is_the_first_that_is_not_there(parts: list[tuple[int, int]]) -> None:
    there = added(parts)

    assert ranges.next_missing(there) == min(set(range(END + 1)) - members(there))
    assert ranges.count_bytes(there) == len(members(there))


@given(pieces)
def test_ranges_survive_being_kept_as_json(parts: list[tuple[int, int]]) -> None:
    assert ranges.from_json(ranges.to_json(added(parts))) == added(parts)
