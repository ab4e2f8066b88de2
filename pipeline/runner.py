"""The pipeline as a child process: one JSON request a line on stdin, JSON lines of events on stdout.

Request:  {"id": str, "source": path, "settings": {DubSettings}, "output_dir": path, "workspace_dir": path,
           "name": what the user calls the source}
Answers:  {"id": str, "kind": "stage_started" | "stage_progress" | "stage_finished" | "log", "stage", "level",
           "message", "data"} as in `pipeline.progress.Event`, then exactly one of
          {"id": str, "kind": "result", "data": {DubResult}}
          {"id": str, "kind": "error", "message": str, "data": {"code": str}}
SIGTERM cancels the running dub (it answers `error` with code `canceled`) and ends the process; so does the end
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
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from pipeline.dub import dub
from pipeline.errors import DubbingError, SettingsError
from pipeline.progress import CancelToken, Event
from pipeline.settings import DubSettings

POLL_S = 0.2
NICENESS = 5  # the web server on the same machine answers first
log = logging.getLogger("pipeline.runner")


class Answers:
    """Writes one JSON line at a time, from any thread, for the request with this id."""

    def __init__(self, stream: TextIO, request_id: str) -> None:
        self._stream = stream
        self._id = request_id
        self._lock = threading.Lock()

    def emit(self, event: Event) -> None:
        self.send(event.to_json())

    def send(self, answer: dict[str, Any]) -> None:
        with self._lock:
            self._stream.write(json.dumps({"id": self._id} | answer, ensure_ascii=False) + "\n")
            self._stream.flush()


def serve(requests: TextIO, answers: TextIO, cancel: CancelToken) -> None:
    """Answers requests one after the other until `requests` ends or the token is raised."""
    waiting: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_read, args=(requests, waiting, cancel), daemon=True).start()
    while not cancel.is_canceled:
        try:
            line = waiting.get(timeout=POLL_S)
        except queue.Empty:
            continue
        if line is None:
            return
        if line.strip():
            handle(line, answers, cancel)


def handle(line: str, stream: TextIO, cancel: CancelToken) -> None:
    """One request; every end of it, also an unexpected one, is told in one answer."""
    request_id = ""
    try:
        request = json.loads(line)
        request_id = str(request["id"])
        answers = Answers(stream, request_id)
        result = dub(
            Path(request["source"]),
            DubSettings.from_json(request["settings"]),
            output_dir=Path(request["output_dir"]),
            workspace_dir=Path(request["workspace_dir"]),
            progress=answers,
            cancel=cancel,
            name=request["name"],
        )
        answers.send({"kind": "result", "data": result.to_json()})
    except (ValueError, KeyError, TypeError) as error:
        _refuse(stream, request_id, SettingsError(f"the request cannot be read: {error!r}"))
        log.exception("request failed")
    except DubbingError as error:
        _refuse(stream, request_id, error)
    except Exception:
        # The traceback is for the operator's log; the user gets a sentence.
        log.exception("dub failed")
        _refuse(
            stream, request_id, DubbingError("the dub stopped because of a fault in the program; see the server's log")
        )


def _refuse(stream: TextIO, request_id: str, error: DubbingError) -> None:
    Answers(stream, request_id).send({"kind": "error", "message": str(error), "data": {"code": error.code}})


def _read(requests: TextIO, waiting: queue.Queue[str | None], cancel: CancelToken) -> None:
    for line in requests:
        waiting.put(line)
    cancel.cancel()
    waiting.put(None)


def main() -> None:
    os.nice(NICENESS)
    cancel = CancelToken()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        cancel.cancel()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(sys.stdin, sys.stdout, cancel)


if __name__ == "__main__":
    main()
