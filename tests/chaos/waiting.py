"""The one place where chaos lets time pass."""

from __future__ import annotations

import time
from collections.abc import Callable

LOOK_AGAIN_S = 0.02


class TookTooLong(AssertionError):
    """What was waited for did not happen."""


def wait_until(condition: Callable[[], object], what: str, within_s: float) -> float:
    """Waits on a condition; the seconds it took. Raises TookTooLong."""
    began_s = time.monotonic()
    while not condition():
        if time.monotonic() - began_s > within_s:
            raise TookTooLong(f"not within {within_s:.0f} s: {what}")
        time.sleep(LOOK_AGAIN_S)
    return time.monotonic() - began_s


def holds_within(condition: Callable[[], object], within_s: float) -> bool:
    """Whether it came true in time."""
    try:
        wait_until(condition, "", within_s)
    except TookTooLong:
        return False
    return True
