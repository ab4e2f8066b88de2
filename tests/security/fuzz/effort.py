"""What is given strange input, for how long, and what came of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Self


@dataclass(frozen=True, slots=True)
class Effort:
    """At most `cases` cases, and none begun after `seconds`; case n of a seed is always the same."""

    seed: int
    cases: int
    seconds: float = float("inf")

    def rounds(self) -> Rounds:
        return Rounds(self, time.monotonic() + self.seconds)


class Rounds:
    """The numbers of the cases and what each draws from; several threads may take from the same ones."""

    def __init__(self, effort: Effort, ends_s: float) -> None:
        self._effort = effort
        self._ends_s = ends_s
        self._taken = 0
        self._turn = threading.Lock()

    def __iter__(self) -> Self:
        return self

    @property
    def are_over(self) -> bool:
        return self._taken >= self._effort.cases or time.monotonic() >= self._ends_s

    def __next__(self) -> tuple[int, Random]:
        with self._turn:
            if self.are_over:
                raise StopIteration
            number, self._taken = self._taken, self._taken + 1
        return number, Random(f"{self._effort.seed} {number}")


@dataclass
class Found:
    """`wrong` names what should not have happened; empty is well. `cases` were gone through. For several threads."""

    wrong: list[str] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)
    cases: int = 0
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def end_case(self) -> None:
        with self._turn:
            self.cases += 1

    def count(self, name: str) -> None:
        with self._turn:
            self.figures[name] = self.figures.get(name, 0) + 1

    def highest(self, name: str, value: float) -> None:
        with self._turn:
            self.figures[name] = max(self.figures.get(name, 0), value)

    def check(self, holds: object, what: str) -> None:
        if not holds:
            self.wrong.append(what)

    def __str__(self) -> str:
        with self._turn:
            figures = sorted(self.figures.items())
        return ", ".join(f"{value:,.6g} {name}" for name, value in figures)


@dataclass(frozen=True, slots=True)
class Target:
    """`run` gets an empty folder to work in; `cases` are what is promised of a whole run."""

    name: str
    promise: str
    cases: int
    run: Callable[[Effort, Path, Found], None]
