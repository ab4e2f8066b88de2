"""A shard's work as the fake runners do it: what its job's name says, noted in the side log and told to the worker."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.progress import CancelToken, StageName
from tests.chaos.behaviours import Script, misbehave
from tests.chaos.side_log import Did, Shard

LAST = list(StageName)[-1]
PARTS = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says, as far as it matters here."""

    request_id: str
    kind: str
    stage: str
    name: str
    workspace_dir: Path
    output_dir: Path

    @property
    def shard(self) -> Shard:
        shard, _, token = self.request_id.rpartition(":")
        return Shard(self.workspace_dir.parent.name, shard, self.stage, self.kind, int(token))


def act(asked: Asked, tell: Callable[[str, dict[str, Any]], None], cancel: CancelToken) -> dict[str, Any]:
    """Does the work; `tell` sends an event: its message and its data. The data of the result."""
    shard, script = asked.shard, Script.of(asked.name)

    def step() -> None:
        shard.note(Did.WROTE)
        tell(f"held {shard.shard} {shard.token}", {})

    shard.note(Did.BEGAN)
    if asked.kind == "split":
        step()
        shard.note(Did.ENDED)
        return {"parts": [{"first": number, "stop": number + 1} for number in range(PARTS)]}
    if script.stage == asked.stage:
        misbehave(script, step, cancel)
    else:
        step()
    told: dict[str, Any] = {"stage": asked.stage, "duration_s": 0.0, "reused": False}
    if asked.stage == LAST:
        told |= _outputs(asked)
    shard.note(Did.ENDED)
    return told


def _outputs(asked: Asked) -> dict[str, Any]:
    asked.output_dir.mkdir(parents=True, exist_ok=True)
    artifacts = {"mp4": asked.output_dir / "source.es.mp4", "srt_target": asked.output_dir / "source.es.srt"}
    for path in artifacts.values():
        path.write_text(f"{asked.request_id}\n", encoding="utf-8")
    summary = {"languages": {"source": "en", "target": "es"}, "stages": dict.fromkeys(StageName, 0.1)}
    return {
        "output_dir": str(asked.output_dir),
        "artifacts": {kind: str(path) for kind, path in artifacts.items()},
        "sha256": {kind: hashlib.sha256(path.read_bytes()).hexdigest() for kind, path in artifacts.items()},
        "summary": summary,
    }
