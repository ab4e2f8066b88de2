"""A runner that does a job's stages in no time, and misbehaves when the job's name says so.

It speaks the protocol of `pipeline.runner` with nothing heavy imported: thousands of jobs and hundreds of kills fit in
a few minutes.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from tests.chaos.behaviours import Script, misbehave
from tests.chaos.side_log import Did, Shard

STAGES = ("extract", "transcribe", "diarize", "translate", "synthesize", "separate", "mix", "export")
HEARTBEAT_S = 1.0


class Runner:
    def __init__(self) -> None:
        self._requests: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._writing = threading.Lock()
        self._current: dict[str, Any] | None = None
        self._heard_s = time.monotonic()

    def run(self) -> None:
        for work in (self._listen, self._watch):
            threading.Thread(target=work, daemon=True).start()
        while request := self._requests.get():
            self._heard_s = time.monotonic()
            self._current = request
            _Work(request, self.say).do()
            self._current = None

    def say(self, request: dict[str, Any], kind: str, **fields: Any) -> None:
        with self._writing:
            sys.stdout.write(json.dumps({"id": request["id"], "kind": kind, **fields}) + "\n")
            sys.stdout.flush()

    def _listen(self) -> None:
        for line in sys.stdin:
            message = json.loads(line)
            self._heard_s = time.monotonic()
            if "id" in message:
                self._requests.put(message)
        os._exit(0)

    def _watch(self) -> None:
        """A sign of life every second; and the end when the worker gives none for the length of its lease."""
        while True:
            time.sleep(HEARTBEAT_S / 10)
            request = self._current
            if request is None:
                continue
            lease_s = request.get("lease_s")
            if lease_s and time.monotonic() - self._heard_s > lease_s:
                os.killpg(os.getpgrp(), signal.SIGKILL)


class _Work:
    """One shard."""

    def __init__(self, request: dict[str, Any], say: Any) -> None:
        shard, _, token = request["id"].rpartition(":")
        self._request = request
        self._say = say
        self._script = Script.of(request["name"])
        job = Path(request["workspace_dir"]).parent.name
        stage, kind = request.get("stage", "export"), request.get("kind", "stage")
        self._shard = Shard(job, shard, stage, kind, int(request.get("part", 0)), int(token))

    def do(self) -> None:
        self._shard.note(Did.BEGAN)
        self._event("stage_started")
        if self._script.stage in ("", self._shard.stage):
            misbehave(self._script, self._step)
        else:
            self._step()
        self._event("stage_finished", data={"duration_s": 0.0, "reused": False})
        result = self._result()
        self._shard.note(Did.ENDED)
        self._say(self._request, "result", data=result)

    def _step(self) -> None:
        self._shard.note(Did.WROTE)
        self._event("log", message=f"held {self._shard.shard} {self._shard.token}")

    def _event(self, kind: str, message: str = "", data: dict[str, Any] | None = None) -> None:
        self._say(self._request, kind, stage=self._shard.stage, level="info", message=message, data=data or {})

    def _result(self) -> dict[str, Any]:
        if self._shard.stage != STAGES[-1]:
            return {"duration_s": 0.0, "reused": False}
        output = Path(self._request["output_dir"])
        output.mkdir(parents=True, exist_ok=True)
        artifacts = {"mp4": output / "source.es.mp4", "srt_target": output / "source.es.srt"}
        for path in artifacts.values():
            path.write_text(f"{self._shard.job} {self._shard.shard} {self._shard.token}\n", encoding="utf-8")
        summary = {
            "languages": {"source": "en", "target": self._request["settings"]["target_language"]},
            "stages": dict.fromkeys(STAGES, 0.1),
        }
        paths = {kind: str(path) for kind, path in artifacts.items()}
        return {"output_dir": str(output), "artifacts": paths, "summary": summary}


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    Runner().run()
