"""An attack as a line: what is tried, what must come of it, and what came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from tests.security.attack.ground import Answer, Ground

SHOWN = 5


class Scale(StrEnum):
    """`full` is `make attack`; `short` is the same with few repetitions, for the suite."""

    FULL = "full"
    SHORT = "short"

    def of(self, *, full: int, short: int) -> int:
        return full if self is Scale.FULL else short


@dataclass
class Tried:
    """How often, the answers, and in `succeeded` what an attacker would be glad of."""

    times: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    succeeded: list[str] = field(default_factory=list)

    def expect(self, what: str, answer: Answer, *statuses: int) -> None:
        self.note(str(answer.status))
        if answer.status not in statuses:
            self.succeeded.append(f"{what}: {answer.status} {answer.text[:200]!r}")

    def note(self, answer: str) -> None:
        self.times += 1
        self.answers[answer] += 1

    def check(self, holds: object, what: str) -> None:
        if not holds:
            self.succeeded.append(what)

    def __str__(self) -> str:
        answers = ", ".join(f"{count:,} × {answer}" for answer, count in sorted(self.answers.items()))
        return f"{self.times:,} tried: {answers}"


@dataclass(frozen=True, slots=True)
class Attack:
    name: str
    promise: str
    run: Callable[[Ground, Scale], Tried]


def line_of(attack: Attack, tried: Tried) -> str:
    word = "REFUSED  " if not tried.succeeded else "SUCCEEDED"
    line = f"{word} {attack.name} | {tried} | promise: {attack.promise}"
    return "\n          ".join([line, *tried.succeeded[:SHOWN]])
