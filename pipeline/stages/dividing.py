"""Into how many parts of about equal length a row of pieces of speech is divided, and where."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

from pipeline.stages.base import Part


def divided(lengths_s: Sequence[float], parts: int, part_s: float) -> list[Part]:
    """At most `parts` parts, in order, none without speech; none at all where there would be less than two.

    `lengths_s` is the speech in each piece that is still to be worked on: 0 where that is done.
    """
    whole_s = sum(lengths_s)
    count = min(parts, round(whole_s / part_s))
    if count < 2:
        return []
    ends_s = list(accumulate(lengths_s))
    bounds = [sum(end_s <= whole_s * number / count for end_s in ends_s) for number in range(count)]
    ranges = [Part(first, stop) for first, stop in pairwise([*bounds, len(ends_s)])]
    return [part for part in ranges if any(lengths_s[part.first : part.stop])]
