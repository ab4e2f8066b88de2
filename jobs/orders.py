"""What a submission asks for: a dub of an upload, and where the job is filed."""

from __future__ import annotations

from dataclasses import dataclass, field

from jobs.models import Project
from pipeline.settings import DubSettings
from uploads.models import Upload


@dataclass(frozen=True, slots=True)
class Filed:
    """Where a job belongs. An empty series is the project's own."""

    project: Project | None = None
    series: str = ""
    season: int | None = None
    episode: int | None = None

    @property
    def series_name(self) -> str:
        return self.series or (self.project.series if self.project else "")


@dataclass(frozen=True, slots=True)
class Order:
    upload: Upload
    settings: DubSettings
    priority: int = 0
    filed: Filed = field(default_factory=Filed)
