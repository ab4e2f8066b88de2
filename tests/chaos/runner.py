"""A runner with nothing heavy imported, so that thousands of jobs and hundreds of kills fit in a few minutes.

It speaks the protocol of `pipeline.runner`; what it cannot show is how the real one looks after itself
(`tests.chaos.careful_runner`).
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from pipeline.progress import CancelToken
from tests.chaos.acting import Asked, act


class Runner:
    def __init__(self) -> None:
        self._requests: queue.Queue[dict[str, Any]] = queue.Queue()

    def run(self) -> None:
        threading.Thread(target=self._listen, daemon=True).start()
        while True:
            self._handle(self._requests.get())

    def _handle(self, request: dict[str, Any]) -> None:
        def say(kind: str, **fields: Any) -> None:
            sys.stdout.write(json.dumps({"id": request["id"], "kind": kind, **fields}) + "\n")
            sys.stdout.flush()

        def tell(message: str, data: dict[str, Any]) -> None:
            say("log", stage=request["stage"], level="info", message=message, data=data)

        is_whole = request["kind"] == "stage"
        if is_whole:
            say("stage_started", stage=request["stage"])
        done = act(_asked(request), tell, CancelToken())
        if is_whole:
            say("stage_finished", stage=request["stage"], data={"duration_s": 0.0, "reused": False})
        say("result", data=done)

    def _listen(self) -> None:
        for line in sys.stdin:
            message = json.loads(line)
            if "id" in message:
                self._requests.put(message)
        os._exit(0)


def _asked(request: dict[str, Any]) -> Asked:
    folders = Path(request["workspace_dir"]), Path(request["output_dir"])
    return Asked(request["id"], request["kind"], request["stage"], request["name"], *folders)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    Runner().run()
