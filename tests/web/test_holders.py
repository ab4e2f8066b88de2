"""Telling from a lease's holder whether that process still lives."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from jobs import holders

NAME_ITSELF = (
    "import django; django.setup(); from jobs import holders; print(holders.this_process(), flush=True); input()"
)


def test_this_process_is_there() -> None:
    assert not holders.is_gone(holders.this_process())


def test_a_killed_process_is_gone_even_before_its_parent_has_noticed() -> None:
    pipe = subprocess.PIPE
    process = subprocess.Popen([sys.executable, "-c", NAME_ITSELF], stdin=pipe, stdout=pipe, text=True)
    assert process.stdout is not None
    name = process.stdout.readline().strip()
    assert not holders.is_gone(name)

    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # a zombie now

    assert holders.is_gone(name)
    process.communicate()
    assert holders.is_gone(name)


def test_another_process_with_the_number_of_the_dead_is_not_taken_for_it() -> None:
    machine, number, _started = holders.this_process().rsplit(":", 2)

    assert holders.is_gone(f"{machine}:{number}:1")


@pytest.mark.parametrize("name", ["", "test:1", "elsewhere/0-0:1:1", "a:b:c"])
def test_what_cannot_be_judged_counts_as_alive(name: str) -> None:
    assert not holders.is_gone(name)


def test_a_name_fits_into_its_column() -> None:
    assert len(holders.this_process()) <= 100
