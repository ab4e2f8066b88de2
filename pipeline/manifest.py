"""What is written beside the outputs: manifest.json, summary.json and the JSONL log."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any, Self

from pipeline import timing
from pipeline.progress import Event, EventKind, Progress, StageName
from pipeline.quality.report import Written
from pipeline.speakers.file import SPEAKERS_JSON
from pipeline.stages.base import Plan, identity
from pipeline.stages.export import ARTIFACTS_JSON
from pipeline.stages.mix import MIX_JSON
from pipeline.stages.synthesize import read_placements
from pipeline.stages.transcribe import read_transcript
from pipeline.storage import storage_errors, write_json
from pipeline.workspace import StageRecord, Workspace, sha256_of

SCHEMA_VERSION = 1
MANIFEST = "manifest.json"
SUMMARY = "summary.json"
LOG = "log.jsonl"
OF_THE_DUB = {"manifest": MANIFEST, "summary": SUMMARY}
FINE_GRAINED = {EventKind.STAGE_PROGRESS, EventKind.PART_PROGRESS}


class JobLog:
    """Passes every event on and writes all but the fine-grained progress to `path`, stamped with UTC time."""

    def __init__(self, path: Path, progress: Progress) -> None:
        self._path = path
        self._progress = progress
        self._lock = threading.Lock()
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        with storage_errors(self._path.parent):
            self._file = open(self._path, "a", encoding="utf-8")
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def emit(self, event: Event) -> None:
        if event.kind not in FINE_GRAINED and self._file is not None:
            line = json.dumps({"at": _now()} | event.to_json(), ensure_ascii=False)
            with self._lock, storage_errors(self._path.parent):
                self._file.write(line + "\n")
                self._file.flush()
        self._progress.emit(event)


def write(
    plan: Plan,
    workspace: Workspace,
    records: Mapping[StageName, StageRecord],
    durations_s: Mapping[StageName, float],
    wall_s: float,
    checked: Written,
) -> tuple[Path, dict[str, Path], dict[str, str], dict[str, Any]]:
    """Writes manifest and summary; returns (output folder, artifacts by kind, all digests but the log's, summary)."""
    described = json.loads(workspace.path(StageName.EXPORT, ARTIFACTS_JSON).read_bytes())
    also = {"speakers": plan.output_dir / SPEAKERS_JSON, **checked.artifacts}
    described |= {kind: _described(path) for kind, path in also.items()}
    summary = _summary(plan, workspace, durations_s, wall_s) | {"quality": checked.summary}
    write_json(plan.output_dir / SUMMARY, summary)
    write_json(
        plan.output_dir / MANIFEST,
        {
            "schema_version": SCHEMA_VERSION,
            "program": f"dubbing-pipeline {version('dubbing-pipeline')}",
            "finished_at": _now(),
            "visibility": "private",
            "input": {"name": plan.name, "digest": plan.source_digest} | plan.facts.to_json(),
            "settings": plan.settings.to_json(),
            "languages": {"source": plan.source_language, "target": plan.target_language},
            "engines": engines(plan),
            "stages": {
                name.value: {"duration_s": record.duration_s, "fingerprint": record.fingerprint}
                for name, record in records.items()
            },
            "artifacts": described,
        },
    )
    described |= {kind: _described(plan.output_dir / name) for kind, name in OF_THE_DUB.items()}
    paths = {kind: plan.output_dir / item["name"] for kind, item in described.items()}
    digests = {kind: item["sha256"] for kind, item in described.items()}
    return plan.output_dir, paths | {"log": plan.output_dir / LOG}, digests, summary


def _summary(plan: Plan, workspace: Workspace, durations_s: Mapping[StageName, float], wall_s: float) -> dict[str, Any]:
    source = {segment.id: segment for segment in read_transcript(workspace, StageName.SYNTHESIZE).segments}
    placements = read_placements(workspace)
    fit = timing.fit([source[clip.segment_id] for clip in placements], placements)
    return {
        "schema_version": SCHEMA_VERSION,
        "source_s": plan.facts.duration_s,
        "languages": {"source": plan.source_language, "target": plan.target_language},
        "wall_s": round(wall_s, 3),
        "stages": {name.value: round(seconds, 3) for name, seconds in durations_s.items()},
        "engines": engines(plan),
        "fit": asdict(fit),
        "loudness": json.loads(workspace.path(StageName.MIX, MIX_JSON).read_bytes()),
    }


def engines(plan: Plan) -> dict[str, Any]:
    """Each kind of engine used, with its version and why it was chosen."""
    used: dict[str, Any] = {"tts": {"engine": identity(plan.tts), "voice": plan.tts.voice.id, "why": plan.tts.why}}
    if plan.asr:
        used["asr"] = {"engine": identity(plan.asr), "why": plan.asr.why}
    for kind, selection in (("diarization", plan.diarization), ("separation", plan.separation)):
        if selection:
            used[kind] = {"engine": identity(selection), "why": selection.why}
    if plan.translation:
        route = list(plan.translation.route)
        used["translation"] = {"engine": identity(plan.translation), "route": route, "why": plan.translation.why}
    return used


def _described(path: Path) -> dict[str, Any]:
    return {"name": path.name, "size_bytes": path.stat().st_size, "sha256": sha256_of(path)}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
