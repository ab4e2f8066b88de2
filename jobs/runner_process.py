"""One runner child: the request in, its messages out. The protocol is described in `pipeline.runner`."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import structlog

from pipeline import processes
from pipeline.settings import DubSettings

logger = structlog.get_logger(__name__)
RUNNER = (sys.executable, "-m", "pipeline.runner")
LINE_MAX_BYTES = 1024 * 1024
WAITING_MESSAGES = 1000  # a runner that talks faster than the database writes has to wait
END_GRACE_S = 1.5
STDERR_SHOWN_BYTES = 2000


@dataclass(frozen=True, slots=True)
class Request:
    id: str
    source: Path
    settings: DubSettings
    output_dir: Path
    workspace_dir: Path
    name: str  # what the user calls the source

    def to_line(self) -> bytes:
        request = {
            "id": self.id,
            "source": str(self.source),
            "settings": self.settings.to_json(),
            "output_dir": str(self.output_dir),
            "workspace_dir": str(self.workspace_dir),
            "name": self.name,
        }
        return json.dumps(request).encode() + b"\n"


class RunnerProcess:
    """Use as a context manager: leaving it ends the process and everything it started."""

    def __init__(self, request: Request, stderr_path: Path, command: Sequence[str] = RUNNER) -> None:
        self._request = request
        self._stderr_path = stderr_path
        self._messages: queue.Queue[dict[str, Any]] = queue.Queue(WAITING_MESSAGES)
        self._closing = threading.Event()
        with stderr_path.open("wb") as stderr:
            self._process = processes.start(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr)
        self._stdin, self._stdout = _opened(self._process.stdin), _opened(self._process.stdout)
        self._reader = threading.Thread(target=self._read, name="runner-reader", daemon=True)

    def __enter__(self) -> RunnerProcess:
        self._reader.start()
        try:
            self._stdin.write(self._request.to_line())
            self._stdin.flush()
        except BrokenPipeError:
            logger.warning("runner_refused_request", request=self._request.id)  # its exit is noticed like any other
        return self

    def __exit__(self, *_exc: object) -> None:
        self._closing.set()
        processes.end_group(self._process, END_GRACE_S)
        self._reader.join()
        try:
            self._stdin.close()
        except BrokenPipeError:
            logger.debug("runner_stdin_closed", request=self._request.id)
        self._stdout.close()

    def messages(self) -> Iterator[dict[str, Any]]:
        """What arrived since the last call; never waits."""
        while True:
            try:
                yield self._messages.get_nowait()
            except queue.Empty:
                return

    def wait(self, timeout_s: float) -> None:
        """Until the process's output ends, at most `timeout_s` seconds."""
        self._reader.join(timeout_s)

    @property
    def has_ended(self) -> bool:
        """No message will come any more, apart from those `messages` still holds."""
        return not self._reader.is_alive()

    def exit_status(self) -> int:
        """Of a process that has ended by itself; negative for a signal."""
        return processes.end_group(self._process, END_GRACE_S)

    def last_words(self) -> str:
        """The end of what it wrote to stderr, for the server's log."""
        with self._stderr_path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(file.tell() - STDERR_SHOWN_BYTES, 0))
            return file.read().decode("utf-8", "replace")

    def _read(self) -> None:
        while line := self._stdout.readline(LINE_MAX_BYTES):
            message = parse_line(line)
            if message is None:
                logger.warning("runner_line_unreadable", request=self._request.id, line=repr(line[:200]))
            elif message.get("id") == self._request.id:
                self._put(message)

    def _put(self, message: dict[str, Any]) -> None:
        while not self._closing.is_set():
            try:
                self._messages.put(message, timeout=0.1)
                return
            except queue.Full:
                continue


def parse_line(line: bytes) -> dict[str, Any] | None:
    """A message; None for anything that is not one."""
    try:
        message = json.loads(line)
    except ValueError:
        return None
    return message if isinstance(message, dict) and isinstance(message.get("kind"), str) else None


def _opened(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise ValueError("the runner was started without pipes")
    return pipe
