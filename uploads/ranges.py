"""Which bytes of a file are there: half-open ranges [start, end) in bytes, sorted, and never touching each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Range = tuple[int, int]
Ranges = tuple[Range, ...]


def from_json(value: Iterable[Sequence[int]]) -> Ranges:
    return tuple((start, end) for start, end in value)


def to_json(ranges: Ranges) -> list[list[int]]:
    return [[start, end] for start, end in ranges]


def add(ranges: Ranges, start: int, end: int) -> Ranges:
    """With the bytes from `start` to `end` too; an empty range adds nothing."""
    if start >= end:
        return ranges
    before = [each for each in ranges if each[1] < start]
    after = [each for each in ranges if each[0] > end]
    joined = ranges[len(before) : len(ranges) - len(after)]
    if joined:
        start, end = min(start, joined[0][0]), max(end, joined[-1][1])
    return (*before, (start, end), *after)


def missing(ranges: Ranges, start: int, end: int) -> Ranges:
    """What of [start, end) is not there."""
    gaps = []
    for there_from, there_to in ranges:
        if there_to <= start:
            continue
        if there_from >= end:
            break
        if there_from > start:
            gaps.append((start, there_from))
        start = there_to
    if start < end:
        gaps.append((start, end))
    return tuple(gaps)


def next_missing(ranges: Ranges) -> int:
    """The first byte that is not there: the length of what is there from the beginning."""
    return ranges[0][1] if ranges and ranges[0][0] == 0 else 0


def count_bytes(ranges: Ranges) -> int:
    return sum(end - start for start, end in ranges)
