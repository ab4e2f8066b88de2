"""Dub one file: the stages in order, over one workspace."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.progress import CancelToken, Progress
from pipeline.settings import DubSettings


@dataclass(frozen=True, slots=True)
class DubResult:
    """Where everything is. `artifacts` maps a kind (mp4, mkv, audio, srt_source, …) to a path in `output_dir`."""

    output_dir: Path
    artifacts: dict[str, Path]
    summary: dict[str, Any]
