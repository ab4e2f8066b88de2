"""Forked processes that end with the process that forked them: no orphan works on after its cluster is gone."""

from __future__ import annotations

import ctypes
import os
import signal

PR_SET_PDEATHSIG = 1  # <sys/prctl.h>
_libc = ctypes.CDLL(None, use_errno=True)


class _Kinship:
    def __init__(self) -> None:
        self._parent = 0

    def remember_parent(self) -> None:
        self._parent = os.getpid()

    def bind(self) -> None:
        """In the child. A parent that was lost before the kernel knew of the wish is seen by its number."""
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != self._parent:
            os._exit(1)


def bind_children() -> None:
    """From now on, of this process and of its children; not of programs started with `subprocess`."""
    kinship = _Kinship()
    os.register_at_fork(before=kinship.remember_parent, after_in_child=kinship.bind)
