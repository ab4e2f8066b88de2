"""The runner child of this worker: requests in, messages out. The protocol is described in `pipeline.runner`."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import structlog

from pipeline import processes
from pipeline.errors import DubbingError, EngineFailed, OutOfMemory
from pipeline.memory import resident_bytes
from pipeline.progress import StageName
from pipeline.settings import DubSettings

logger = structlog.get_logger(__name__)
LINE_MAX_BYTES = 1024 * 1024
WAITING_MESSAGES = 1000  # a runner that talks faster than the database writes has to wait
END_GRACE_S = 1.0  # a cancellation is to be over within 2 s
LAST_WORDS_BYTES = 2000
# A native library that leaks a little must not fill the machine: the process is renewed between requests.
REQUESTS_MAX = 200
WORN_SHARE = 0.5  # of the memory it may have
FINAL = ("result", "error")
# After these it may be about to end, or be broken inside: the next request goes to a new one.
LAST_ERRORS = (OutOfMemory.code, EngineFailed.code, DubbingError.code)


@dataclass(frozen=True, slots=True)
class Request:
    """`kind` is `stage`, `split` or `part`; `part` is one of the parts a split answered. 0 s or MiB: no limit."""

    id: str
    source: Path
    settings: DubSettings
    output_dir: Path
    workspace_dir: Path
    name: str  # what the user calls the source
    stage: StageName = StageName.EXPORT
    kind: str = "stage"
    parts: int = 0
    part_s: float = 0.0
    part: Mapping[str, Any] | None = None
    lease_s: float = 0.0
    memory_mib: int = 0

    def to_line(self) -> bytes:
        request = {
            "id": self.id,
            "kind": self.kind,
            "stage": self.stage.value,
            "source": str(self.source),
            "settings": self.settings.to_json(),
            "output_dir": str(self.output_dir),
            "workspace_dir": str(self.workspace_dir),
            "name": self.name,
            "lease_s": self.lease_s,
            "said_at_s": time.monotonic(),
            "memory_mib": self.memory_mib,
            "parts": self.parts,
            "part_s": self.part_s,
            "request": dict(self.part or {}),
        }
        return json.dumps(request).encode() + b"\n"


class RunnerProcess:
    """Started with the first request and kept for the next ones; `end` ends it with everything it started.

    One request at a time: `begin`, then `messages` until one of kind `result` or `error` came or `has_ended`. A runner
    that has not answered, or has grown large or old, is replaced at the next `begin`.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """Without an `environment` it has this process's own."""
        self._command = command
        self._environment = environment
        self._child: _Child | None = None
        self._request: Request | None = None
        self._requests = 0
        self._is_worn = False

    def __enter__(self) -> RunnerProcess:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.end()

    def begin(self, request: Request) -> None:
        if self._child is not None and not self._is_fit(self._child, request.memory_mib):
            self.end()
        if self._child is None:
            self._child = _Child(self._command, self._environment)
            self._requests, self._is_worn = 0, False
        self._request = request
        self._requests += 1
        self._child.write(request.to_line())

    def messages(self) -> Iterator[dict[str, Any]]:
        """What arrived about the request since the last call; never waits."""
        while self._child is not None and self._request is not None:
            message = self._child.next_message()
            if message is None:
                return
            if message.get("id") != self._request.id:
                continue
            if message["kind"] in FINAL:
                self._request = None
                self._is_worn = is_last(message)
            yield message

    def wait(self, timeout_s: float) -> None:
        """Until something arrives or the process's output ends, at most `timeout_s` seconds."""
        if self._child is not None:
            self._child.wait(timeout_s)

    def alive(self) -> None:
        """A sign of life: the lease of the request was renewed."""
        if self._child is not None:
            self._child.write(json.dumps({"alive": True, "said_at_s": time.monotonic()}).encode() + b"\n")

    @property
    def has_ended(self) -> bool:
        """No message will come any more, apart from those `messages` still holds."""
        return self._child is None or self._child.has_ended

    def exit_status(self) -> int:
        """Of a process that has ended by itself; negative for a signal, 0 where there is none."""
        return self._child.exit_status() if self._child else 0

    def last_words(self) -> str:
        """The end of what it wrote to stderr, for the server's log."""
        return self._child.last_words() if self._child else ""

    def end(self) -> None:
        if self._child is not None:
            self._child.end()
        self._child = self._request = None

    def _is_fit(self, child: _Child, memory_mib: int) -> bool:
        if self._request is not None or self._is_worn or child.has_ended or self._requests >= REQUESTS_MAX:
            return False
        return not memory_mib or resident_bytes(child.pid) < WORN_SHARE * memory_mib * 2**20


class _Child:
    """One process, its pipes and the threads that read them."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None) -> None:
        pipe = subprocess.PIPE
        self._process = processes.start(command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment)
        self._stdin, self._stdout = _opened(self._process.stdin), _opened(self._process.stdout)
        self._stderr = _opened(self._process.stderr)
        self._messages: queue.Queue[dict[str, Any]] = queue.Queue(WAITING_MESSAGES)
        self._said: deque[int] = deque(maxlen=LAST_WORDS_BYTES)
        self._arrived = threading.Event()
        self._closing = threading.Event()
        self._readers = [threading.Thread(target=each, daemon=True) for each in (self._read, self._listen)]
        for reader in self._readers:
            reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        return not self._readers[0].is_alive()

    def write(self, line: bytes) -> None:
        try:
            self._stdin.write(line)
            self._stdin.flush()
        except BrokenPipeError:
            logger.warning("runner_unwilling", pid=self.pid)  # its end is noticed like any other

    def next_message(self) -> dict[str, Any] | None:
        self._arrived.clear()
        with suppress(queue.Empty):
            return self._messages.get_nowait()
        return None

    def wait(self, timeout_s: float) -> None:
        self._arrived.wait(timeout_s)

    def exit_status(self) -> int:
        return processes.end_group(self._process, END_GRACE_S)

    def last_words(self) -> str:
        return bytes(self._said).decode("utf-8", "replace")

    def end(self) -> None:
        self._closing.set()
        processes.end_group(self._process, END_GRACE_S)
        for reader in self._readers:
            reader.join(END_GRACE_S)  # a pipe that somebody else still holds must not hold the worker
        with suppress(BrokenPipeError):
            self._stdin.close()
        self._stdout.close()
        self._stderr.close()

    def _read(self) -> None:
        while line := self._stdout.readline(LINE_MAX_BYTES):
            message = parse_line(line)
            if message is None:
                logger.warning("runner_line_unreadable", line=repr(line[:200]))
            else:
                self._put(message)
        self._arrived.set()

    def _put(self, message: dict[str, Any]) -> None:
        while not self._closing.is_set():
            try:
                self._messages.put(message, timeout=0.1)
                self._arrived.set()
                return
            except queue.Full:
                continue

    def _listen(self) -> None:
        while said := os.read(self._stderr.fileno(), LAST_WORDS_BYTES):
            self._said.extend(said)


def parse_line(line: bytes) -> dict[str, Any] | None:
    """A message; None for anything that is not one."""
    try:
        message = json.loads(line)
    except ValueError:
        return None
    return message if isinstance(message, dict) and isinstance(message.get("kind"), str) else None


def is_last(message: Mapping[str, Any]) -> bool:
    """Whether a runner that says this is not to be asked again."""
    data = message.get("data")
    return message["kind"] == "error" and isinstance(data, dict) and data.get("code") in LAST_ERRORS


def _opened(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise ValueError("the runner was started without pipes")
    return pipe
