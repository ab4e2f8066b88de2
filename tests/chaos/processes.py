"""A site's processes as the operating system sees them: found, stopped, woken and killed without asking them."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterable
from contextlib import suppress

import psutil


def family(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """All that the process started, and what those started."""
    with suppress(psutil.NoSuchProcess):
        return list(psutil.Process(process.pid).children(recursive=True))
    return []


def is_alive(process: psutil.Process) -> bool:
    """A zombie is dead: nobody has asked for its status yet."""
    with suppress(psutil.NoSuchProcess):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


def any_alive(processes: Iterable[psutil.Process]) -> bool:
    return any(is_alive(process) for process in processes)


def send(pid: int, number: signal.Signals) -> None:
    """To one process; it may be gone already."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def send_to_group(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, number)


def of_site(data_dir: str) -> list[psutil.Process]:
    """Every process started for the site with this data folder, whoever its parent is by now."""
    return [process for process in psutil.process_iter() if _data_dir_of(process) == data_dir]


def leaders(data_dir: str, word: str) -> list[psutil.Process]:
    """Commands of the site whose last argument is `word`, without what they forked."""
    named = {process.pid: process for process in of_site(data_dir) if command_of(process)[-1:] == [word]}
    return [process for process in named.values() if parent_of(process) not in named]


def command_of(process: psutil.Process) -> list[str]:
    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        return list(process.cmdline())
    return []


def parent_of(process: psutil.Process) -> int | None:
    with suppress(psutil.NoSuchProcess):
        return int(process.ppid())
    return None


def _data_dir_of(process: psutil.Process) -> str | None:
    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        return process.environ().get("DATA_DIR") if process.status() != psutil.STATUS_ZOMBIE else None
    return None
