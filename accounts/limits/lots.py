"""Tries that a process has fetched in advance, so that not every request of the API writes to the database."""

from __future__ import annotations

import threading
import time

MOST_KEPT = 4096


class Lots:
    """What is left of each lot until its window ends. What a process does not use is lost: stricter, never looser."""

    def __init__(self) -> None:
        self._lots: dict[str, tuple[int, float]] = {}
        self._turn = threading.Lock()

    def use(self, key: str) -> bool:
        """Whether one was left."""
        with self._turn:
            left, ends_s = self._lots.get(key, (0, 0.0))
            if left <= 0 or ends_s <= time.monotonic():
                self._lots.pop(key, None)
                return False
            self._lots[key] = (left - 1, ends_s)
            return True

    def keep(self, key: str, amount: int, *, for_s: float) -> None:
        now_s = time.monotonic()
        with self._turn:
            if len(self._lots) >= MOST_KEPT:
                self._lots = {name: lot for name, lot in self._lots.items() if lot[1] > now_s}
            if amount > 0 and len(self._lots) < MOST_KEPT:
                before = self._lots.get(key, (0, 0.0))[0]
                self._lots[key] = (before + amount, now_s + for_s)
