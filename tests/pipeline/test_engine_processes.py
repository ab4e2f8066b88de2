"""Child processes end with us, whole group and all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from pipeline.processes import end_group, start

PARENT = """
import sys
from pipeline.processes import start
import subprocess
child = start(["sleep", "600"], stdout=subprocess.PIPE)
print(child.pid, flush=True)
sys.stdin.read()
"""


def wait_until_asleep(child: psutil.Process) -> None:
    """What ties it to its parent runs first, under its own name."""
    until_s = time.monotonic() + 30
    while child.name() != "sleep":
        assert time.monotonic() < until_s
        time.sleep(0.01)


def test_a_child_dies_when_its_parent_is_killed() -> None:
    root = Path(__file__).parents[2]
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root, text=True
    )
    with parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        wait_until_asleep(child)

        parent.kill()

        psutil.wait_procs([child], timeout=5)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_a_child_outlives_the_thread_that_asked_for_it() -> None:
    started: list[subprocess.Popen[bytes]] = []
    thread = threading.Thread(
        target=lambda: started.append(start(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE))
    )
    thread.start()
    thread.join()

    said, _ = started[0].communicate(b"still here", timeout=5)

    assert said == b"still here"


def test_ending_a_group_ends_what_the_child_started_too() -> None:
    shell = start(["sh", "-c", "sleep 600 & echo $!; wait"], stdout=subprocess.PIPE)
    assert shell.stdout is not None
    grandchild = psutil.Process(int(shell.stdout.readline()))

    end_group(shell, grace_s=1)

    shell.stdout.close()
    psutil.wait_procs([grandchild], timeout=5)
    assert not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE


def test_a_child_that_ignores_sigterm_is_killed() -> None:
    stubborn = start(["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done"], stdout=subprocess.PIPE)
    assert stubborn.stdout is not None
    stubborn.stdout.readline()

    status = end_group(stubborn, grace_s=0.05)

    stubborn.stdout.close()
    assert status == -signal.SIGKILL


def test_ending_what_already_ended_is_harmless() -> None:
    process = start(["true"])
    process.wait(5)

    assert end_group(process) == 0


def test_a_missing_program_is_a_file_not_found() -> None:
    with pytest.raises(FileNotFoundError):
        start(["no-such-program-anywhere"])


def test_a_forked_process_can_start_children_too() -> None:
    start(["true"]).wait(5)
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(writer, str(start(["true"]).wait(5)).encode())
        os._exit(0)
    os.waitpid(pid, 0)
    os.close(writer)

    said = os.read(reader, 10)

    os.close(reader)
    assert said == b"0"
