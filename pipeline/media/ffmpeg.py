"""The one way ffmpeg is run: an argv list, bounded, cancelable, and telling how far it is."""

from __future__ import annotations

import fcntl
import io
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import numpy as np

from pipeline.engines.base import Samples
from pipeline.errors import Canceled, DiskFull, StorageError, ToolError, ToolMissing, ToolTimeout
from pipeline.processes import end_group, start
from pipeline.progress import CancelToken
from pipeline.storage import PARTIAL_SUFFIX

STDERR_TAIL_BYTES = 4000
POLL_S = 0.05
DECODE_FRAMES = 48_000 * 2
BYTES_PER_SAMPLE = 4
PIPE_BYTES = 2**20  # the most an ordinary user may ask for: steps of a chain wait for each other less
DEFAULT_TIMEOUT_S = 6 * 3600.0
CUT_OFF = ("Error writing trailer", "Error closing file")
REFUSED_WRITES = (*CUT_OFF, "_write_frame(): Input/output error", f"{PARTIAL_SUFFIX}: Input/output error")


def run(
    arguments: Sequence[str],
    *,
    what: str,
    cancel: CancelToken,
    duration_s: float = 0.0,
    on_fraction: Callable[[float], None] | None = None,
    timeout_s: float = DEFAULT_TIMEOUT_S,
    folder: Path | None = None,
) -> str:
    """Runs ffmpeg in `folder` with `arguments` (those after the program's name) and returns what it warned about.

    `what` completes the sentence "ffmpeg could not …". `duration_s` scales `on_fraction` (0..1).
    Raises Canceled within about 50 ms of the token, ToolTimeout, DiskFull, ToolMissing, and ToolError with the
    last lines ffmpeg wrote.
    """
    argv = ["ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "warning", "-y", *arguments]
    with tempfile.TemporaryFile() as stderr, tempfile.TemporaryFile() as progress:
        if on_fraction is not None:
            argv[1:1] = ["-progress", "pipe:1", "-stats_period", "0.25"]
        process = _start(argv, stdout=progress, stderr=stderr, cwd=folder)
        _wait(process, progress, cancel, duration_s, on_fraction, what, timeout_s)
        said = _tail(stderr)
    if process.returncode != 0 or _is_cut_off(said):
        raise _failure(what, said)
    return said


def ask(arguments: Sequence[str], *, what: str, cancel: CancelToken, timeout_s: float) -> str:
    """Runs ffprobe with `arguments` and returns what it wrote, for questions that take it through a whole file.

    Raises what `run` raises.
    """
    with tempfile.TemporaryFile() as stderr, tempfile.TemporaryFile() as answer:
        process = _start(["ffprobe", "-v", "error", *arguments], stdout=answer, stderr=stderr)
        _wait(process, answer, cancel, 0.0, None, what, timeout_s)
        if process.returncode != 0:
            raise _failure(what, _tail(stderr))
        answer.seek(0)
        return answer.read().decode("utf-8", "replace")


def chain(
    steps: Sequence[Sequence[str]], *, folder: Path, what: str, cancel: CancelToken, channels: int = 2
) -> Iterator[Samples]:
    """Runs one ffmpeg a step in `folder`, each reading what the one before writes, side by side on all cores.

    The last writes f32le, which is yielded in float32 blocks of shape (frames, channels). Raises what `run` raises.
    """
    with ExitStack() as stack:
        running: list[tuple[subprocess.Popen[bytes], IO[bytes]]] = []
        before: int | IO[bytes] | None = subprocess.DEVNULL
        for step in steps:
            says: IO[bytes] = stack.enter_context(tempfile.TemporaryFile())
            argv = ["ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error", "-y", *step]
            process = _start(argv, stdin=before, stdout=subprocess.PIPE, stderr=says, cwd=folder)
            stack.callback(end_group, process)
            assert process.stdout is not None  # noqa: S101 - PIPE was asked for
            fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
            running.append((process, says))
            if isinstance(before, io.IOBase):
                before.close()  # only the reader holds it, so that the writer notices when the reader ends
            before = process.stdout
        yield from _blocks(running[-1][0], cancel, channels)
        for process, says in running:
            if process.wait() != 0 or _is_cut_off(_tail(says)):
                raise _failure(what, _tail(says))


def _blocks(process: subprocess.Popen[bytes], cancel: CancelToken, channels: int) -> Iterator[Samples]:
    assert process.stdout is not None  # noqa: S101 - PIPE was asked for
    with process.stdout:
        while data := process.stdout.read(DECODE_FRAMES * BYTES_PER_SAMPLE * channels):
            cancel.raise_if_canceled()
            yield np.frombuffer(data, dtype="<f4").reshape(-1, channels)


def output(path: Path) -> str:
    """The name ffmpeg is given for a file it writes: never an option, never a protocol."""
    return f"file:{path.absolute()}"


def _start(
    argv: list[str],
    *,
    stdout: int | IO[bytes],
    stderr: IO[bytes],
    stdin: int | IO[bytes] | None = subprocess.DEVNULL,
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    try:
        return start(argv, stdin=stdin, stdout=stdout, stderr=stderr, cwd=cwd)
    except FileNotFoundError as error:
        raise ToolMissing("ffmpeg is not installed; run: apt-get install ffmpeg") from error


def _wait(
    process: subprocess.Popen[bytes],
    progress: IO[bytes],
    cancel: CancelToken,
    duration_s: float,
    on_fraction: Callable[[float], None] | None,
    what: str,
    timeout_s: float,
) -> None:
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            process.wait(POLL_S)
            return
        except subprocess.TimeoutExpired:
            pass
        if cancel.is_canceled:
            end_group(process, grace_s=0.5)
            raise Canceled
        if time.monotonic() > deadline:
            end_group(process, grace_s=0.5)
            raise ToolTimeout(f"ffmpeg could not {what} within {timeout_s:.0f} s")
        if on_fraction is not None and duration_s > 0:
            position_s = _position_s(_tail(progress))
            if position_s is not None:
                on_fraction(min(1.0, position_s / duration_s))


def _position_s(lines: str) -> float | None:
    """The last `out_time_us=` of ffmpeg's -progress output, in seconds; it is N/A before the first packet."""
    for line in reversed(lines.splitlines()):
        key, _, value = line.partition("=")
        if key == "out_time_us" and value.lstrip("-").isdigit():
            return max(0.0, int(value) / 1e6)
    return None


def _tail(stream: IO[bytes]) -> str:
    """The end of a file the child writes through its own descriptor, which shares our offset: pread only."""
    size = os.fstat(stream.fileno()).st_size
    start_at = max(0, size - STDERR_TAIL_BYTES)
    return os.pread(stream.fileno(), STDERR_TAIL_BYTES, start_at).decode("utf-8", "replace")


def _is_cut_off(said: str) -> bool:
    """Up to version 5.1 at least, ffmpeg exits with 0 when the last bytes of a file could not be written."""
    return any(mark in said for mark in CUT_OFF)


def _failure(what: str, said: str) -> ToolError | StorageError:
    if "No space left on device" in said:
        return DiskFull(f"the disk is full: ffmpeg could not {what}; free some space and run again to resume")
    if any(mark in said for mark in REFUSED_WRITES):
        return StorageError(
            f"the disk refused a write: ffmpeg could not {what}; check the disk and run again to resume"
        )
    last = " / ".join(line.strip() for line in said.strip().splitlines()[-3:])
    return ToolError(f"ffmpeg could not {what}: {last or 'it gave no reason'}")
