"""How much memory a process and everything it started hold, as Linux tells it; 0 where it does not."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")


def resident_bytes(pid: int) -> int:
    """Private memory (not the files mapped into it, which many share) of process `pid` and its descendants."""
    return sum(_own_bytes(each) for each in (pid, *descendants(pid)))


def descendants(pid: int) -> list[int]:
    found: list[int] = []
    # Gone since it was listed: a process that ends is nobody's trouble.
    with suppress(OSError):
        for thread in (_PROC / str(pid) / "task").iterdir():
            with suppress(OSError):
                for child in map(int, (thread / "children").read_text().split()):
                    found += [child, *descendants(child)]
    return found


def _own_bytes(pid: int) -> int:
    with suppress(OSError):
        for line in (_PROC / str(pid) / "status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
    return 0
