"""A stage divided: `split` says which parts pay, `run_part` does one, and the stage itself, run last, joins them.

A part only warms what the stage keeps anyway (windows that were recognised, clips that were spoken), so that the joined
result is the undivided one. Parts of a stage may run at the same time, in any order, twice or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from pipeline.build import Build
from pipeline.errors import SettingsError
from pipeline.manifest import LOG, JobLog
from pipeline.order import Order
from pipeline.progress import CancelToken, Event, EventKind, Progress, StageName
from pipeline.space import require_space
from pipeline.stages import STAGES
from pipeline.stages.base import Division, Part, Reporter, StageContext
from pipeline.workspace import Workspace


class PartProgress:
    """Passes on what a part tells, its progress marked as that of a part only."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def emit(self, event: Event) -> None:
        is_progress = event.kind is EventKind.STAGE_PROGRESS
        self._progress.emit(replace(event, kind=EventKind.PART_PROGRESS) if is_progress else event)


def split(
    order: Order, stage: StageName, parts: int, part_s: float, progress: Progress, cancel: CancelToken
) -> list[Part]:
    """At most `parts` parts with about `part_s` seconds of speech each; none where dividing does not pay.

    Stages before it that are not up to date are run. Raises DubbingError: SettingsError for a stage that has no parts.
    """
    division = _division(stage)
    plan = order.plan()
    with Workspace(order.workspace_dir) as workspace, JobLog(workspace.root / LOG, progress) as log:
        build = Build(plan, workspace, log, cancel)
        build.advance(_before(stage), told=[])
        context = replace(build.context(stage), report=Reporter(PartProgress(log), stage))
        return division.split(context, parts, part_s)


def run_part(order: Order, stage: StageName, part: Part, progress: Progress, cancel: CancelToken) -> int:
    """How many windows or clips were made. Raises DubbingError, WorkspaceBusy while the same part runs elsewhere."""
    division = _division(stage)
    with _context(order, stage, progress, cancel) as context, context.workspace.only_one(f"{stage}-{part.key}"):
        return division.run_part(context, part)


@contextmanager
def _context(order: Order, stage: StageName, progress: Progress, cancel: CancelToken) -> Iterator[StageContext]:
    """The workspace, shared with other parts, with everything before `stage` up to date."""
    plan, workspace = order.plan(), Workspace(order.workspace_dir)
    with workspace.shared():
        is_ready = Build(plan, workspace, progress, cancel).keep_until(_before(stage))
    if not is_ready:
        with workspace, JobLog(workspace.root / LOG, progress) as log:
            Build(plan, workspace, log, cancel).advance(_before(stage), told=[])
    with workspace.shared(), JobLog(workspace.root / LOG, PartProgress(progress)) as log:
        build = Build(plan, workspace, log, cancel)
        build.keep_until(_before(stage))
        require_space(plan, workspace, [stage])
        yield build.context(stage)


def _before(stage: StageName) -> StageName:
    names = list(StageName)
    return names[names.index(stage) - 1]


def _division(stage: StageName) -> Division:
    division = next(each.division for each in STAGES if each.name is stage)
    if division is None:
        raise SettingsError(f"the stage {stage} is not divided into parts")
    return division
