"""Whether this cluster is asked to stop, as its workers see it.

One byte of memory shared by fork and without a lock: a worker killed while it looks cannot block the others.
"""

from __future__ import annotations

from multiprocessing.sharedctypes import RawValue

_requested = RawValue("b", 0)


def request() -> None:
    _requested.value = 1


def is_requested() -> bool:
    return bool(_requested.value)


def forget() -> None:
    _requested.value = 0
