"""From the runner's many messages to the few events that are kept. Pure: time is given, nothing is written."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from jobs.models import EventKind
from jobs.services import NewEvent
from pipeline.progress import Level, StageName

PROGRESS_EVERY_S = 0.5
LEVELS = tuple(Level)  # not sets: what a runner says may not be hashable
STAGES = tuple(StageName)


class Coalescer:
    """Keeps every event in order, but of a stage's progress only the newest, at most every PROGRESS_EVERY_S."""

    def __init__(self) -> None:
        self._ready: list[NewEvent] = []
        self._progress: dict[str, NewEvent] = {}
        self._written_s: dict[str, float] = {}

    def add(self, event: NewEvent) -> None:
        if event.kind == EventKind.STAGE_PROGRESS:
            self._progress[event.stage] = event
            return
        if event.kind in (EventKind.STAGE_STARTED, EventKind.STAGE_FINISHED):
            self._progress.pop(event.stage, None)  # overtaken
        self._ready.append(event)

    def take(self, now_s: float) -> list[NewEvent]:
        """What is to be written now."""
        due = [stage for stage in self._progress if now_s - self._written_s.get(stage, -math.inf) >= PROGRESS_EVERY_S]
        for stage in due:
            self._written_s[stage] = now_s
        taken = self._ready + [self._progress.pop(stage) for stage in due]
        self._ready = []
        return taken


def event_of(message: Mapping[str, Any]) -> NewEvent | None:
    """The event a runner's message tells of; None for one that makes no sense."""
    stage, level, data = message.get("stage") or "", message.get("level") or "info", message.get("data") or {}
    if message["kind"] not in EventKind.values or message["kind"] == EventKind.STATE:
        return None
    kind = EventKind(message["kind"])
    if not isinstance(data, dict) or level not in LEVELS or (stage and stage not in STAGES):
        return None
    if kind != EventKind.LOG and not stage:
        return None
    if kind == EventKind.STAGE_PROGRESS:
        fraction = data.get("fraction")
        if not isinstance(fraction, int | float) or not 0 <= fraction <= 1:
            return None
    return NewEvent(kind, stage=stage, level=level, message=str(message.get("message") or ""), data=data)
