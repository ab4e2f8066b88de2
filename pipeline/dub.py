"""Dub one file: decide everything first, then run the stages that are not up to date, over one workspace.

Whole, or stage by stage where the work is divided.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline import manifest
from pipeline.build import Build
from pipeline.errors import DubbingError, InputError
from pipeline.order import Order
from pipeline.progress import CancelToken, Event, Progress, StageName
from pipeline.quality import report
from pipeline.settings import DubSettings
from pipeline.space import require_space
from pipeline.stages import STAGES
from pipeline.stages.base import Plan, Reporter, Stage, StageContext
from pipeline.stages.casting import write_cast
from pipeline.storage import atomic_path, make_folder
from pipeline.workspace import StageRecord, Workspace, fingerprint, sha256_of


@dataclass(frozen=True, slots=True)
class DubResult:
    """Where everything is. `artifacts` maps a kind (mp4, mkv, audio, srt_target, …) to a path in `output_dir`.

    `sha256` has the hexadecimal digest of each, except of a log that still grows.
    """

    output_dir: Path
    artifacts: dict[str, Path]
    sha256: dict[str, str]
    summary: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        return {
            "output_dir": str(self.output_dir),
            "artifacts": {kind: str(path) for kind, path in self.artifacts.items()},
            "sha256": self.sha256,
            "summary": self.summary,
        }


@dataclass(frozen=True, slots=True)
class StageResult:
    """One stage is finished. `reused` tells that nothing had to be done; `dub` is there after the last stage."""

    stage: StageName
    duration_s: float
    reused: bool
    dub: DubResult | None = None

    def to_json(self) -> dict[str, Any]:
        told = {"stage": self.stage.value, "duration_s": round(self.duration_s, 3), "reused": self.reused}
        return told | (self.dub.to_json() if self.dub else {})


@dataclass(frozen=True, slots=True)
class StageForecast:
    """What a run would do with a stage, and why (`dub --explain`)."""

    stage: StageName
    would_run: bool
    why: str


def dub(
    source: Path,
    settings: DubSettings,
    *,
    output_dir: Path,
    workspace_dir: Path,
    progress: Progress,
    cancel: CancelToken,
    fresh: bool = False,
    workers: int | None = None,
    name: str | None = None,
) -> DubResult:
    """Dubs `source` into `output_dir`; what an earlier run in `workspace_dir` finished is used again unless `fresh`.

    `workers` and `name` are as in `Order`. Raises DubbingError: before anything is written where the input or the
    settings are wrong, with nothing left behind.
    """
    started = time.monotonic()
    plan = Order(source, settings, output_dir, workspace_dir, name, workers).plan()
    with _folders(plan, workspace_dir) as workspace:
        if fresh:
            workspace.forget()
        require_space(plan, workspace, [name for name in StageName if workspace.record(name) is None])
        make_folder(plan.output_dir)
        with manifest.JobLog(plan.output_dir / manifest.LOG, progress) as log:
            build = Build(plan, workspace, log, cancel)
            build.advance(StageName.EXPORT, told=list(StageName))
            return _finished(plan, build, build.durations_s, time.monotonic() - started)


def run_stage(order: Order, stage: StageName, progress: Progress, cancel: CancelToken) -> StageResult:
    """Finishes `stage` and, where they are not up to date, those before it: a lost workspace is made again.

    Nothing is reported of earlier stages that are up to date. The log is kept in the workspace until the last stage
    puts it beside the outputs. Raises DubbingError.
    """
    plan = order.plan()
    with _folders(plan, order.workspace_dir) as workspace:
        log_path = workspace.root / manifest.LOG
        with manifest.JobLog(log_path, progress) as log:
            build = Build(plan, workspace, log, cancel)
            build.advance(stage, told=[stage])
            done = _finished_apart(plan, build) if stage is StageName.EXPORT else None
        if done is not None:
            with atomic_path(plan.output_dir / manifest.LOG) as copied:
                shutil.copyfile(log_path, copied)
            done = replace(done, sha256=done.sha256 | {"log": sha256_of(log_path)})
        return StageResult(stage, build.durations_s[stage], stage not in build.made, done)


def explain(
    source: Path, settings: DubSettings, *, output_dir: Path, workspace_dir: Path
) -> tuple[Plan, list[StageForecast]]:
    """The plan, and which stages a run would do over. Nothing is written. Raises what `dub` raises up front."""
    plan = Order(source, settings, output_dir, workspace_dir).plan()
    workspace = Workspace(workspace_dir)
    records: dict[StageName, StageRecord] = {}
    forecasts = []
    for stage in STAGES:
        forecast, record = _forecast(stage, plan, workspace, records)
        if record is not None:
            records[stage.name] = record
        forecasts.append(forecast)
    return plan, forecasts


def _finished(plan: Plan, build: Build, durations_s: Mapping[StageName, float], wall_s: float) -> DubResult:
    """What is written beside the outputs once they are there."""
    context = build.context(StageName.EXPORT)
    write_cast(plan, context.workspace)
    checked = report.write(context, manifest.engines(plan))
    return DubResult(*manifest.write(plan, context.workspace, build.records, durations_s, wall_s, checked))


def _finished_apart(plan: Plan, build: Build) -> DubResult:
    """Of stages that were finished one by one: what each took when it ran, and all of them together."""
    durations_s = {name: record.duration_s for name, record in build.records.items()}
    return _finished(plan, build, durations_s, sum(durations_s.values()))


def _forecast(
    stage: Stage, plan: Plan, workspace: Workspace, records: dict[StageName, StageRecord]
) -> tuple[StageForecast, StageRecord | None]:
    earlier = [other.name for other in STAGES[: STAGES.index(stage)]]
    missing = [name for name in earlier if name not in records]
    if missing:
        return StageForecast(stage.name, True, f"{missing[0]} runs first and may change what it gets"), None
    record = workspace.record(stage.name)
    if record is None:
        return StageForecast(stage.name, True, "no finished result yet"), None
    context = StageContext(plan, workspace, Reporter(_Nobody(), stage.name), CancelToken(), records)
    inputs = stage.inputs(context)
    if record.fingerprint != fingerprint(inputs):
        return StageForecast(stage.name, True, f"changed: {_changes(record.inputs, inputs)}"), None
    if not workspace.is_whole(record):
        return StageForecast(stage.name, True, "a file it made is missing"), None
    return StageForecast(stage.name, False, "up to date"), record


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """What differs, with both values where they are short enough to read."""
    told = []
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        is_readable = all(isinstance(value, str | int | float | None) and len(str(value)) <= 20 for value in (old, new))
        told.append(f"{key} ({old} → {new})" if is_readable else key)
    return ", ".join(told)


@contextmanager
def _folders(plan: Plan, workspace_dir: Path) -> Iterator[Workspace]:
    """The open workspace.

    What was not there before goes again when the input is refused or nothing was finished that a later run could use.
    """
    ours = (workspace_dir.absolute(), plan.output_dir / manifest.LOG, plan.output_dir)
    made = [path for path in ours if not path.exists()]
    workspace = Workspace(workspace_dir)
    try:
        with workspace:
            yield workspace
    except DubbingError as error:
        is_refused = isinstance(error, InputError) and workspace.record(StageName.TRANSCRIBE) is None
        if is_refused or not workspace.has_records:
            for path in made:
                path.unlink(missing_ok=True) if path.is_file() else shutil.rmtree(path, ignore_errors=True)
        raise


class _Nobody:
    """Listens to nothing."""

    def emit(self, event: Event) -> None:
        return None
