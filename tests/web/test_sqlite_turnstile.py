"""Processes wait for SQLite's writer in a line: first come, first served, and nobody waits for ever."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from dubbing_site.sqlite.turnstile import turn

PATIENCE_S = 30.0
HOLDER = """
import sys, time
from pathlib import Path
from dubbing_site.sqlite.turnstile import turn
with turn(Path(sys.argv[1]), time.monotonic() + 60):
    print("first", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def line(tmp_path: Path) -> Path:
    return tmp_path / "database.sqlite3-turnstile"


def soon_s() -> float:
    return time.monotonic() + PATIENCE_S


def hold(line: Path) -> subprocess.Popen[str]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(line)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "first\n"
    return holder


def wait_until(is_so: Callable[[], bool]) -> None:
    until_s = soon_s()
    while not is_so():
        assert time.monotonic() < until_s
        time.sleep(0.01)


def waiting(line: Path) -> int:
    """How many stand in the line, as the kernel tells."""
    inode = f":{line.stat().st_ino} "
    return sum("->" in row and inode in row for row in Path("/proc/locks").read_text().splitlines())


def stand(line: Path, number: int) -> bool:
    return waiting(line) == number


def test_who_came_first_is_first(line: Path) -> None:
    order: list[int] = []

    def come(number: int) -> None:
        with turn(line, soon_s()):
            order.append(number)

    comers = [threading.Thread(target=come, args=(number,)) for number in range(8)]
    with turn(line, soon_s()):
        for number, comer in enumerate(comers):
            comer.start()
            wait_until(partial(stand, line, number + 1))

    for comer in comers:
        comer.join(PATIENCE_S)
    assert order == list(range(8))


def test_whoever_is_killed_makes_room(line: Path) -> None:
    with hold(line) as holder:
        holder.kill()

    with turn(line, soon_s()):
        assert waiting(line) == 0


def test_one_that_is_frozen_at_the_head_stops_nobody_for_longer_than_they_wait(line: Path) -> None:
    with hold(line) as frozen:
        with turn(line, time.monotonic() + 0.2):
            assert waiting(line) == 1  # a thread still stands in its place

        frozen.kill()

    wait_until(lambda: waiting(line) == 0)
    with turn(line, soon_s()):
        pass
