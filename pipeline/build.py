"""The stages of one dub over its workspace: what is up to date is kept, what is not is made."""

from __future__ import annotations

import time
from collections.abc import Collection

from pipeline.progress import CancelToken, Progress, StageName
from pipeline.space import require_space
from pipeline.stages import STAGES
from pipeline.stages.base import Plan, Reporter, Stage, StageContext
from pipeline.storage import disk_errors, make_folder
from pipeline.workspace import StageRecord, Workspace, fingerprint


class Build:
    """`records` holds the stages that are finished, `made` names those that were not up to date, `durations_s` is what
    each of them took now.
    """

    def __init__(self, plan: Plan, workspace: Workspace, progress: Progress, cancel: CancelToken) -> None:
        self.records: dict[StageName, StageRecord] = {}
        self.made: set[StageName] = set()
        self.durations_s: dict[StageName, float] = {}
        self._plan = plan
        self._workspace = workspace
        self._progress = progress
        self._cancel = cancel

    def context(self, stage: StageName) -> StageContext:
        return StageContext(self._plan, self._workspace, Reporter(self._progress, stage), self._cancel, self.records)

    def keep_until(self, last: StageName) -> bool:
        """Takes up the stages before and including `last` that are up to date; whether all of them are."""
        return all(self._is_kept(stage) for stage in up_to(last))

    def advance(self, last: StageName, *, told: Collection[StageName]) -> None:
        """Finishes every stage before and including `last`; only those in `told` are reported when nothing is done.

        Raises DubbingError kinds; what was finished by then stays.
        """
        for stage in up_to(last):
            self._cancel.raise_if_canceled()
            report = self.context(stage.name).report
            started = time.monotonic()
            is_told = stage.name in told
            if is_told:
                report.started()
            is_kept = self._is_kept(stage)
            if not is_kept:
                if not is_told:
                    report.started()
                self._make(stage)
            self.durations_s[stage.name] = time.monotonic() - started
            if is_told or not is_kept:
                report.finished(self.durations_s[stage.name], reused=is_kept)

    def _is_kept(self, stage: Stage) -> bool:
        """Whether nothing has changed that an earlier run's result depends on."""
        record = self._workspace.record(stage.name)
        if record is None or not self._workspace.is_whole(record):
            return False
        if record.fingerprint != fingerprint(stage.inputs(self.context(stage.name))):
            return False
        self.records[stage.name] = record
        return True

    def _make(self, stage: Stage) -> None:
        context = self.context(stage.name)
        require_space(self._plan, self._workspace, [stage.name])
        if stage.name is StageName.EXPORT:
            make_folder(self._plan.output_dir)
        inputs = stage.inputs(context)
        # Its files are about to change: a stop halfway must not leave a record that vouches for them.
        self._workspace.drop_record(stage.name)
        started = time.monotonic()
        with disk_errors(self._workspace.root):  # whatever a stage did not expect of the disk
            outputs = stage.run(context)
        record = self._workspace.save_record(stage.name, inputs, outputs, time.monotonic() - started)
        self.records[stage.name] = record
        self.made.add(stage.name)


def up_to(last: StageName) -> list[Stage]:
    names = [stage.name for stage in STAGES]
    return list(STAGES[: names.index(last) + 1])
