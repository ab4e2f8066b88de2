"""One dub as somebody asked for it: of what, how, and where it is made."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pipeline.planning import make_plan
from pipeline.settings import DubSettings
from pipeline.stages.base import Plan


@dataclass(frozen=True, slots=True)
class Order:
    """`name` is what the user calls the source, where that is not the file's name. `workers` is how many cores may be
    filled; None means all.
    """

    source: Path
    settings: DubSettings
    output_dir: Path
    workspace_dir: Path
    name: str | None = None
    workers: int | None = None

    def plan(self) -> Plan:
        """Raises InputError and EngineError kinds; nothing is written."""
        workers = self.workers or os.cpu_count() or 1
        return make_plan(self.source, self.settings, self.output_dir, workers, self.name)
