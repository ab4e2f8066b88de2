"""A fault as a line of the table: what is done, what was promised, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from tests.uploading.site import Template, UploadSite, running_site


class Scale(StrEnum):
    """`full` is what was promised; `short` is the same with few repetitions, for the suite."""

    FULL = "full"
    SHORT = "short"

    def of(self, *, full: int, short: int) -> int:
        return full if self is Scale.FULL else short


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a fault finds or starts its sites."""

    folder: Path
    template: Template
    scale: Scale
    running: UploadSite | None = None  # one that may be shared, to save its start

    @contextmanager
    def site(self) -> Iterator[UploadSite]:
        """For faults that do nothing to the server itself."""
        if self.running is not None:
            yield self.running
            return
        with running_site(self.folder / "site", self.template) as site:
            yield site


@dataclass
class Found:
    """`wrong` names what was not as promised; empty is well."""

    wrong: list[str] = field(default_factory=list)
    figures: dict[str, int | float] = field(default_factory=dict)

    def count(self, name: str, by: int = 1) -> None:
        self.figures[name] = self.figures.get(name, 0) + by

    def check(self, holds: object, what: str) -> None:
        if not holds:
            self.wrong.append(what)

    def __str__(self) -> str:
        return ", ".join(f"{value:,} {name}" for name, value in self.figures.items())


@dataclass(frozen=True, slots=True)
class Fault:
    name: str
    promise: str
    run: Callable[[Ground], Found]
