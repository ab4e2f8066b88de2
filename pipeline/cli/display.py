"""How progress looks: bars on a terminal, plain lines elsewhere, JSON lines for programs, nothing when quiet."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

from pipeline.progress import Event, EventKind, Level, StageName
from pipeline.progress import Progress as Listener

PLAIN_STEP = 0.25  # a plain line every quarter of a stage


@contextmanager
def display(*, as_json: bool, quiet: bool) -> Iterator[Listener]:
    if as_json:
        yield JsonLines()
    elif quiet:
        yield Warnings()
    elif sys.stdout.isatty():
        with Bars() as bars:
            yield bars
    else:
        yield PlainLines()


class JsonLines:
    def __init__(self) -> None:
        self._lock = threading.Lock()

    def emit(self, event: Event) -> None:
        with self._lock:
            print(json.dumps(event.to_json(), ensure_ascii=False), flush=True)


class Warnings:
    """Tells only what may need doing."""

    def emit(self, event: Event) -> None:
        if event.level in {Level.WARNING, Level.ERROR}:
            print(f"{event.stage}: {event.message}", file=sys.stderr, flush=True)


class PlainLines:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told: dict[StageName | None, float] = {}

    def emit(self, event: Event) -> None:
        with self._lock:
            line = self._line(event)
            if line:
                print(line, flush=True)

    def _line(self, event: Event) -> str | None:
        if event.kind is EventKind.STAGE_FINISHED:
            return f"{event.stage}: {_finished(event)}"
        if event.kind is EventKind.STAGE_PROGRESS:
            fraction = float(event.data["fraction"])
            if fraction < self._told.get(event.stage, 0.0) + PLAIN_STEP or fraction >= 1.0:
                return None
            self._told[event.stage] = fraction
            return f"{event.stage}: {fraction:.0%}"
        if event.kind is EventKind.LOG and event.level is not Level.DEBUG:
            return f"{event.stage}: {event.message}"
        return None


class Bars:
    """One bar a stage, in the order of the stages."""

    def __init__(self) -> None:
        console = Console(highlight=False)
        columns = [TextColumn("{task.description:<10}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn()]
        self._progress = Progress(*columns, TextColumn("{task.fields[note]}"), console=console)
        self._tasks: dict[StageName, TaskID] = {}

    def __enter__(self) -> Bars:
        self._progress.start()
        for stage in StageName:
            self._tasks[stage] = self._progress.add_task(stage.value, total=1.0, start=False, note="")
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def emit(self, event: Event) -> None:
        if event.stage is None:
            return
        task = self._tasks[event.stage]
        if event.kind is EventKind.STAGE_STARTED:
            self._progress.start_task(task)
        elif event.kind is EventKind.STAGE_PROGRESS:
            self._progress.update(task, completed=float(event.data["fraction"]))
        elif event.kind is EventKind.STAGE_FINISHED:
            note = "kept from an earlier run" if event.data["reused"] else ""
            self._progress.update(task, completed=1.0, note=note)
            self._progress.stop_task(task)
        elif event.level in {Level.WARNING, Level.ERROR}:
            self._progress.console.print(f"{event.stage}: {event.message}", markup=False)


def _finished(event: Event) -> str:
    kept = " (kept from an earlier run)" if event.data["reused"] else ""
    return f"done in {event.data['duration_s']:.1f} s{kept}"
