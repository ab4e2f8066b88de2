"""Child processes that never outlive us: their own group, and death with the process that started them.

The kernel sends a child its parent-death signal when the *thread* that started it ends, so every child is
started from one thread that lives as long as this process; callers may come and go.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO

Stream = int | IO[bytes] | None

_spawner: ThreadPoolExecutor | None = None
_spawner_lock = threading.Lock()


def start(
    argv: Sequence[str],
    *,
    stdin: Stream = subprocess.DEVNULL,
    stdout: Stream = subprocess.DEVNULL,
    stderr: Stream = subprocess.DEVNULL,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Starts `argv` (never a shell) as the leader of its own process group; the kernel kills it when we die.

    Raises FileNotFoundError when the program is not on PATH.
    """
    program = shutil.which(argv[0], path=(env or os.environ).get("PATH"))
    if program is None:
        raise FileNotFoundError(argv[0])
    command = [*die_with_parent_prefix(), program, *argv[1:]]
    return (
        _spawning_thread()
        .submit(
            subprocess.Popen,
            command,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            env=env,
            cwd=cwd,
            start_new_session=True,
        )
        .result()
    )


def end_group(process: subprocess.Popen[bytes], grace_s: float = 1.0) -> int:
    """Ends a process from `start` and all it started: SIGTERM, then SIGKILL after `grace_s` seconds.

    Returns its exit status; harmless when it already ended.
    """
    if process.poll() is None:
        _signal_group(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(grace_s)
    _signal_group(process.pid, signal.SIGKILL)  # also what the leader left behind
    return process.wait()


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


@cache
def die_with_parent_prefix() -> tuple[str, ...]:
    """util-linux's setpriv; preexec_fn would do the same but can deadlock in a threaded process."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return ()
    told = subprocess.run([setpriv, "--help"], capture_output=True, check=False, timeout=10)
    return (setpriv, "--pdeathsig", "KILL", "--") if b"--pdeathsig" in told.stdout else ()


def _spawning_thread() -> ThreadPoolExecutor:
    global _spawner
    with _spawner_lock:
        if _spawner is None:
            _spawner = ThreadPoolExecutor(1, thread_name_prefix="spawner")
        return _spawner


def _forget_spawner() -> None:
    """Threads do not survive a fork: a forked child (a django-q worker) makes its own."""
    global _spawner, _spawner_lock
    _spawner, _spawner_lock = None, threading.Lock()


os.register_at_fork(after_in_child=_forget_spawner)
