"""What is given strange input, for how long, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random


@dataclass(frozen=True, slots=True)
class Effort:
    """At most `cases` cases, and none begun after `seconds`; case n of a seed is always the same."""

    seed: int
    cases: int
    seconds: float = float("inf")

    def rounds(self) -> Iterator[Random]:
        ends_s = time.monotonic() + self.seconds
        for number in range(self.cases):
            if time.monotonic() >= ends_s:
                return
            yield Random(f"{self.seed} {number}")


@dataclass
class Found:
    """`wrong` names what should not have happened; empty is well."""

    wrong: list[str] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)

    def count(self, name: str) -> None:
        self.figures[name] = self.figures.get(name, 0) + 1

    def highest(self, name: str, value: float) -> None:
        self.figures[name] = max(self.figures.get(name, 0), value)

    def check(self, holds: object, what: str) -> None:
        if not holds:
            self.wrong.append(what)

    def __str__(self) -> str:
        return ", ".join(f"{value:,.6g} {name}" for name, value in sorted(self.figures.items()))


@dataclass(frozen=True, slots=True)
class Target:
    """`run` gets an empty folder to work in."""

    name: str
    promise: str
    run: Callable[[Effort, Path], Found]
