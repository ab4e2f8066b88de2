"""When Redis is used and when not: lost at once, trusted again only after it behaved for a while."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Recovery:
    """What a lost Redis must show: so many good looks in a row, the first and the last so far apart."""

    checks: int
    seconds: float


class Hysteresis:
    """Pure: it is told what was seen and when (seconds of any steady clock), and looks at nothing itself."""

    def __init__(self, recovery: Recovery, *, is_good: bool, now_s: float) -> None:
        self._recovery = recovery
        self.is_good = is_good
        self.since_s = now_s
        self._good_in_a_row = 0
        self._first_good_s = now_s

    def saw(self, is_good: bool, now_s: float) -> bool:
        """Whether this changed the state."""
        if not is_good:
            self._good_in_a_row = 0
            return self.is_good and self._switch(now_s)
        if self.is_good:
            return False
        if self._good_in_a_row == 0:
            self._first_good_s = now_s
        self._good_in_a_row += 1
        has_shown_enough = self._good_in_a_row >= self._recovery.checks
        return has_shown_enough and now_s - self._first_good_s >= self._recovery.seconds and self._switch(now_s)

    def _switch(self, now_s: float) -> bool:
        self.is_good = not self.is_good
        self.since_s = now_s
        self._good_in_a_row = 0
        return True
