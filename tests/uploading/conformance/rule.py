"""A rule of the protocol as data: its part, its words, and the test of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.uploading.answers import Answer
from tests.uploading.site import UploadSite

SIZE_BYTES = 20_000  # of an upload whose size does not matter


@dataclass(frozen=True, slots=True)
class Rule:
    """`check` raises AssertionError where the site does not keep the rule."""

    id: str
    words: str  # of the protocol, shortened
    check: Callable[[UploadSite], None]

    @property
    def part(self) -> str:
        return self.id.rpartition("-")[0]

    @property
    def test(self) -> str:
        return f"{self.check.__module__.rpartition('.')[2]}.{self.check.__name__}"


def assert_status(answer: Answer, *statuses: int) -> None:
    assert answer.status in statuses, f"expected {statuses}, got {answer}"


def listed(answer: Answer, name: str) -> list[str]:
    """The items of a header that is a list with commas."""
    value = answer.header(name)
    assert value is not None, f"no {name}: {answer}"
    return value.split(",")


def number(answer: Answer, name: str) -> int:
    """Of a header that must be a whole number, 0 or more."""
    value = answer.header(name)
    assert value is not None, f"no {name}: {answer}"
    assert value.isdecimal(), f"{name}: {value}"
    assert value.isascii(), f"{name}: {value}"
    return int(value)
