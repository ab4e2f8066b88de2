"""Runs a tool on a file nobody has looked at yet: little time, memory and output, no network, no environment.

Not for work on media that was accepted: that is `pipeline.media.ffmpeg`.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import IO

from pipeline.egress import own_network
from pipeline.errors import ToolError, ToolMissing, ToolTimeout
from pipeline.processes import end_group, start

GIB = 2**30
CPU_S = 15  # the index of a day of film at 60 pictures a second with two sounds takes two
WALL_S = 60
# Address space: ffprobe's libraries take 0.3 GiB before it opens anything, the index of such a day 0.3 GiB, and so do
# the 8K pictures (10 bits, 4:4:4) that it has to look into where a transport stream carries them.
MEMORY_BYTES = 1 * GIB
OUTPUT_BYTES = 4 * 2**20
COMPLAINT_BYTES = 8000
OPEN_FILES = 64
# Of one process: more would take longer each, and files made to take memory must not take all of it together.
AT_ONCE = threading.BoundedSemaphore(os.cpu_count() or 1)
NOT_STARTED = ("unshare:", "setpriv:", "prlimit:", "error while loading shared libraries")


class End(Enum):
    WELL = "well"
    BADLY = "badly"  # the tool gave up by itself and complained
    OUT_OF_TIME = "out of time"  # of the processor's, not the clock's
    OUT_OF_ROOM = "out of room"  # it would have written more than OUTPUT_BYTES
    CRASHED = "crashed"


ENDS = {0: End.WELL, -signal.SIGXCPU: End.OUT_OF_TIME, -signal.SIGXFSZ: End.OUT_OF_ROOM}


@dataclass(frozen=True, slots=True)
class Answer:
    end: End
    output: bytes
    complaints: str


def ask(program: str, arguments: Sequence[str]) -> Answer:
    """What `program` answers about a file within the limits above.

    Raises ToolMissing, ToolTimeout when WALL_S passed (a busy machine, a disk that hangs), and ToolError when the
    program could not be started: neither tells anything about the file.
    """
    with _turn(program), tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as complaints:
        argv = [*own_network(), *_limits(), _found(program, "ffmpeg"), *arguments]
        process = start(argv, stdout=output, stderr=complaints, env={"LC_ALL": "C"})
        try:
            status = process.wait(WALL_S)
        except subprocess.TimeoutExpired as error:
            raise _too_late(program) from error
        finally:
            end_group(process, grace_s=0)
        said = _beginning(complaints, COMPLAINT_BYTES).decode("utf-8", "replace")
        if status > 0 and any(mark in said for mark in NOT_STARTED):
            raise ToolError(f"{program} could not be started: {said}")
        end = ENDS.get(status, End.BADLY if status > 0 else End.CRASHED)
        return Answer(end, _beginning(output, OUTPUT_BYTES), said)


@contextmanager
def _turn(program: str) -> Iterator[None]:
    if not AT_ONCE.acquire(timeout=WALL_S):
        raise _too_late(program)
    try:
        yield
    finally:
        AT_ONCE.release()


def _too_late(program: str) -> ToolTimeout:
    return ToolTimeout(f"{program} did not answer within {WALL_S} s; try again later")


def _limits() -> list[str]:
    """Limits are set by a program in between: preexec_fn could deadlock in a threaded process."""
    return [
        _found("prlimit", "util-linux"),
        f"--cpu={CPU_S}:{CPU_S + 1}",
        f"--as={MEMORY_BYTES}",
        f"--fsize={OUTPUT_BYTES}",
        f"--nofile={OPEN_FILES}",
        "--core=0",
        "--",
    ]


def _found(program: str, package: str) -> str:
    path = shutil.which(program)
    if path is None:
        raise ToolMissing(f"{program} is not installed; run: apt-get install {package}")
    return path


def _beginning(file: IO[bytes], size_bytes: int) -> bytes:
    return os.pread(file.fileno(), size_bytes, 0)
