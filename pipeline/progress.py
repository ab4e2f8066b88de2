"""What a dub tells its caller while it runs, and how the caller stops it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from pipeline.errors import Canceled


class StageName(StrEnum):
    """The stages in the order a dub goes through them."""

    EXTRACT = "extract"
    TRANSCRIBE = "transcribe"
    DIARIZE = "diarize"
    TRANSLATE = "translate"
    SYNTHESIZE = "synthesize"
    SEPARATE = "separate"
    MIX = "mix"
    EXPORT = "export"


class EventKind(StrEnum):
    STAGE_STARTED = "stage_started"
    STAGE_PROGRESS = "stage_progress"  # data.fraction in 0..1
    PART_PROGRESS = "part_progress"  # the same, of one part of a stage
    STAGE_FINISHED = "stage_finished"  # data.duration_s, data.reused
    LOG = "log"


class Level(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing worth telling. `data` holds JSON values only."""

    kind: EventKind
    stage: StageName | None = None
    level: Level = Level.INFO
    message: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind.value,
            "stage": self.stage.value if self.stage else None,
            "level": self.level.value,
            "message": self.message,
            "data": dict(self.data),
        }


class Progress(Protocol):
    """Receives every event of a dub. Called from several threads; must return quickly."""

    def emit(self, event: Event) -> None: ...


class CancelToken:
    """A flag a caller raises; every segment and every running process looks at it."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        self._event.set()

    @property
    def is_canceled(self) -> bool:
        return self._event.is_set()

    def raise_if_canceled(self) -> None:
        """Raises Canceled once `cancel` was called."""
        if self.is_canceled:
            raise Canceled

    def wait(self, timeout_s: float) -> bool:
        """Sleeps up to `timeout_s` seconds; true as soon as the dub is canceled."""
        return self._event.wait(timeout_s)
