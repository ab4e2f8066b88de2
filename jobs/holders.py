"""Names for the processes that hold leases, made so that another process can tell when one of them is gone."""

from __future__ import annotations

import os
import socket
from functools import cache
from pathlib import Path


def this_process() -> str:
    """`host/boot-and-namespace:pid:start`; at most 100 characters."""
    pid = os.getpid()
    return f"{_machine()}:{pid}:{_started(pid)}"


def is_gone(holder: str) -> bool:
    """Whether the process certainly lives no more. False for other machines' and for names this cannot judge."""
    machine, _, rest = holder.rpartition(":")[0].rpartition(":")
    started = holder.rpartition(":")[2]
    if machine != _machine() or not rest.isdigit():
        return False
    return _started(int(rest)) != started


@cache
def _machine() -> str:
    """Differs between machines, their restarts and their containers: a pid means something only within one."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()[:8]
    return f"{socket.gethostname()[:48]}/{boot}-{os.stat('/proc/self/ns/pid').st_ino}"


def _started(pid: int) -> str:
    """The process's start in clock ticks after boot; empty when there is none or only a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    fields = stat.rpartition(")")[2].split()  # the name before may hold anything
    return "" if fields[0] in "ZX" else fields[19]
