"""The pipeline as a child process that stays: JSON requests, one a line, on stdin; JSON lines of answers on stdout.

Request:  {"id": str, "kind": "stage" | "split" | "part", "stage": name of a stage,
           "source": path, "settings": {DubSettings}, "output_dir": path, "workspace_dir": path,
           "name": what the user calls the source,
           "lease_s": seconds, 0 for ever,  "said_at_s": when it was, as the machine's monotonic clock has it,
           "memory_mib": limit, 0 for none,
           "parts": at most how many, "part_s": seconds of speech in one          for a split
           "request": one of the parts a split answered                           for a part}
          A stage also makes what is not up to date before it, so the last one is the whole dub.
Sign of life: {"alive": true, "said_at_s": …}, as often as the lease is renewed. A runner that has work, and has been
          told nothing for 0.9 of `lease_s`, kills itself and its group (`pipeline.watch`), however long it took to
          start; without work it waits as long as stdin is open.
Answers:  {"id": str, "kind": "stage_started" | "stage_progress" | "part_progress" | "stage_finished" | "log",
           "stage", "level", "message", "data"} as in `pipeline.progress.Event`;
          {"id": str, "kind": "heartbeat", "data": {"rss_mib": memory of the runner and its tools}} every second, from
          a thread: it tells that the process lives, not that the work goes on;
          then exactly one of
          {"id": str, "kind": "result", "data": {StageResult} | {"parts": [{…}]} | {"made": windows or clips}}
          {"id": str, "kind": "error", "message": str, "data": {"code": str}}
          After the code `pipeline.out_of_memory` the runner may end.
SIGTERM cancels the running request (it answers `error` with code `canceled`) and ends the process; so does the end
of stdin. Start it in its own process group: ending the group ends every tool it runs.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import signal
import sys
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import Any, Self, TextIO

from pipeline.dub import run_stage
from pipeline.egress import forbid_if_told
from pipeline.errors import DubbingError, OutOfMemory, SettingsError
from pipeline.order import Order
from pipeline.parts import run_part, split
from pipeline.progress import CancelToken, Event, Progress, StageName
from pipeline.settings import DubSettings
from pipeline.stages.base import Part
from pipeline.watch import Watch

POLL_S = 0.2
NICENESS = 5  # the web server on the same machine answers first
MORE_KILLABLE = 500  # of ±1000: when memory runs out, the kernel ends the dub rather than the database
log = logging.getLogger("pipeline.runner")


class Kind(StrEnum):
    STAGE = "stage"
    SPLIT = "split"
    PART = "part"


@dataclass(frozen=True, slots=True)
class Request:
    id: str
    kind: Kind
    stage: StageName
    order: Order
    lease_s: float
    said_at_s: float
    memory_mib: int
    parts: int
    part_s: float
    part: Part | None

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Raises SettingsError; ValueError, KeyError or TypeError for what is no request."""
        kind = Kind(data["kind"])
        order = Order(
            source=Path(data["source"]),
            settings=DubSettings.from_json(data["settings"]),
            output_dir=Path(data["output_dir"]),
            workspace_dir=Path(data["workspace_dir"]),
            name=data["name"],
        )
        return cls(
            id=str(data["id"]),
            kind=kind,
            stage=StageName(data["stage"]),
            order=order,
            lease_s=float(data["lease_s"]),
            said_at_s=float(data["said_at_s"]),
            memory_mib=int(data["memory_mib"]),
            parts=int(data["parts"]) if kind is Kind.SPLIT else 0,
            part_s=float(data["part_s"]) if kind is Kind.SPLIT else 0.0,
            part=Part(**data["request"]) if kind is Kind.PART else None,
        )


class Answers:
    """Writes one JSON line at a time, from any thread, for the request with this id."""

    _lock = threading.Lock()  # of the stream, which all of them write to

    def __init__(self, stream: TextIO, request_id: str) -> None:
        self._stream = stream
        self._id = request_id

    def emit(self, event: Event) -> None:
        self.send(event.to_json())

    def send(self, answer: dict[str, Any]) -> None:
        with self._lock:
            self._stream.write(json.dumps({"id": self._id} | answer, ensure_ascii=False) + "\n")
            self._stream.flush()

    def refuse(self, error: DubbingError) -> None:
        self.send({"kind": "error", "message": str(error), "data": {"code": error.code}})


class Runner:
    """Answers requests one after the other until `requests` ends or the token is raised."""

    def __init__(self, requests: TextIO, answers: TextIO, cancel: CancelToken) -> None:
        self._requests = requests
        self._answers = answers
        self._cancel = cancel
        self._waiting: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._watch: Watch | None = None
        self._alive_at_s = 0.0

    def serve(self) -> None:
        threading.Thread(target=self._read, name="requests", daemon=True).start()
        while not self._cancel.is_canceled:
            try:
                data = self._waiting.get(timeout=POLL_S)
            except queue.Empty:
                continue
            if data is None:
                return
            self._handle(data)

    def _handle(self, data: dict[str, Any]) -> None:
        """One request; every end of it, also an unexpected one, is told in one answer."""
        answers = Answers(self._answers, str(data.get("id", "")))
        try:
            request = _read_request(data)
            said_at_s = max(request.said_at_s, self._alive_at_s)  # signs of life may be older than the work
            with Watch(answers.send, request.lease_s, said_at_s, request.memory_mib) as self._watch:
                done = perform(request, answers, self._cancel)
            answers.send({"kind": "result", "data": done})
        except DubbingError as error:
            answers.refuse(error)
        except MemoryError:
            log.exception("memory ran out")
            answers.refuse(OutOfMemory("the memory ran out; choose smaller models or a lower mode"))
        except Exception:
            # The traceback is for the operator's log; the user gets a sentence.
            log.exception("dub failed")
            answers.refuse(DubbingError("the dub stopped because of a fault in the program; see the server's log"))

    def _read(self) -> None:
        for line in self._requests:
            if not line.strip():
                continue
            try:
                data = json.loads(line)
            except ValueError:
                data = {}
            if isinstance(data, dict) and data.get("alive"):
                self._alive_at_s = float(data["said_at_s"])
                if self._watch is not None:
                    self._watch.renew(self._alive_at_s)
            else:
                self._waiting.put(data if isinstance(data, dict) else {})
        self._cancel.cancel()
        self._waiting.put(None)


def _read_request(data: dict[str, Any]) -> Request:
    try:
        return Request.from_json(data)
    except (ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"the request cannot be read: {error!r}") from error


def perform(request: Request, progress: Progress, cancel: CancelToken) -> dict[str, Any]:
    """The work itself: the data of its `result`. Raises DubbingError."""
    match request.kind:
        case Kind.STAGE:
            return run_stage(request.order, request.stage, progress, cancel).to_json()
        case Kind.SPLIT:
            parts = split(request.order, request.stage, request.parts, request.part_s, progress, cancel)
            return {"parts": [asdict(part) for part in parts]}
        case Kind.PART:
            assert request.part is not None  # noqa: S101 - read with the request
            return {"made": run_part(request.order, request.stage, request.part, progress, cancel)}


def main() -> None:
    forbid_if_told()
    os.nice(NICENESS)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(MORE_KILLABLE))
    cancel = CancelToken()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        cancel.cancel()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Runner(sys.stdin, sys.stdout, cancel).serve()


if __name__ == "__main__":
    main()
