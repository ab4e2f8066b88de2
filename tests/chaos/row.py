"""A row of the table of faults: what is done to the site, what was promised, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Scale(StrEnum):
    """`full` is what the promise names; `short` is the same with few repetitions, for the suite."""

    FULL = "full"
    SHORT = "short"

    def of(self, *, full: int, short: int) -> int:
        return full if self == Scale.FULL else short


@dataclass(frozen=True, slots=True)
class SiteKind:
    """What the site stands on. Without Redis, the doorbell rings through the database."""

    database: str  # sqlite or postgres
    has_redis: bool

    @property
    def name(self) -> str:
        return f"{self.database}+{'redis' if self.has_redis else 'orm'}"

    @classmethod
    def named(cls, name: str) -> SiteKind:
        database, _, transport = name.partition("+")
        return cls(database, transport == "redis")


CAREFUL = {"CHAOS_RUNNER": "tests.chaos.careful_runner"}  # where the real runner's own care is what counts
SMALL = SiteKind("sqlite", has_redis=False)
SMALL_WITH_REDIS = SiteKind("sqlite", has_redis=True)
LARGE = SiteKind("postgres", has_redis=True)


@dataclass(frozen=True, slots=True)
class Outcome:
    """`figure` is for the line in the table, `numbers` for whoever compares runs."""

    holds: bool
    figure: str
    numbers: Mapping[str, float | str] = field(default_factory=dict)
    details: tuple[str, ...] = ()  # what went wrong, each


@dataclass(frozen=True, slots=True)
class Row:
    """`module` in `tests.chaos.rows` has `run`; it is imported when its site is set up, not before."""

    number: int
    fault: str
    target: str
    module: str
    kinds: tuple[SiteKind, ...]
    settings: Mapping[str, str] = field(default_factory=dict)
    short_settings: Mapping[str, str] = field(default_factory=dict)  # on top, where time is short
    within_s: float = 1800.0

    def settings_at(self, scale: Scale) -> Mapping[str, str]:
        return self.settings if scale == Scale.FULL else {**self.settings, **self.short_settings}

    def kinds_at(self, scale: Scale) -> tuple[SiteKind, ...]:
        return self.kinds if scale == Scale.FULL else self.kinds[:1]
