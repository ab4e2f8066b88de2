"""What every stage is given, and what it must answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.edits import Edits
from pipeline.engines.base import SessionOptions
from pipeline.engines.registry import (
    AsrSelection,
    DiarizationSelection,
    Selection,
    SeparationSelection,
    TranslationSelection,
    TtsSelection,
)
from pipeline.media.probe import AudioTrack, MediaFacts
from pipeline.progress import CancelToken, Event, EventKind, Level, Progress, StageName
from pipeline.settings import DubSettings, ModeProfile
from pipeline.speakers.file import SpeakersFile
from pipeline.text.glossary import Glossary
from pipeline.text.lexicon import Lexicon
from pipeline.transcript import Segment
from pipeline.workspace import StageRecord, Workspace


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that was decided before the first stage runs."""

    source: Path
    name: str  # what the user calls the source: in messages and in the outputs' names
    source_digest: str
    facts: MediaFacts
    track: AudioTrack
    settings: DubSettings
    profile: ModeProfile
    source_language: str
    target_language: str
    cues: tuple[Segment, ...] | None  # given subtitles, in place of transcribe
    cues_digest: str | None
    edits: Edits
    speakers: SpeakersFile  # what the user wrote about the speakers of an earlier run
    asr: AsrSelection | None  # None when subtitles stand in
    diarization: DiarizationSelection | None  # None: one speaker
    translation: TranslationSelection | None  # None when the subtitles are in the target language already
    tts: TtsSelection
    separation: SeparationSelection | None  # None: the original is ducked under speech
    output_dir: Path
    workers: int
    glossary: Glossary
    lexicon: Lexicon


def identity(selection: Selection) -> str:
    """What a fingerprint must know of an engine: a new version of it or of its model is another engine."""
    return f"{selection.engine.name} {selection.engine.version()}"


class Reporter:
    """One stage's line to the caller."""

    def __init__(self, progress: Progress, stage: StageName | None) -> None:
        self._progress = progress
        self.stage = stage

    def started(self) -> None:
        self._progress.emit(Event(EventKind.STAGE_STARTED, self.stage))

    def fraction(self, fraction: float) -> None:
        self._progress.emit(
            Event(EventKind.STAGE_PROGRESS, self.stage, data={"fraction": round(min(1.0, max(0.0, fraction)), 4)})
        )

    def finished(self, duration_s: float, *, reused: bool) -> None:
        data = {"duration_s": round(duration_s, 3), "reused": reused}
        self._progress.emit(Event(EventKind.STAGE_FINISHED, self.stage, data=data))

    def log(self, message: str, level: Level = Level.INFO, **data: Any) -> None:
        self._progress.emit(Event(EventKind.LOG, self.stage, level, message, data))


@dataclass(frozen=True, slots=True)
class StageContext:
    """The plan, where to write, and how to report and stop. `records` holds the finished stages before this one."""

    plan: Plan
    workspace: Workspace
    report: Reporter
    cancel: CancelToken
    records: Mapping[StageName, StageRecord]

    def digest(self, stage: StageName, name: str) -> str:
        return self.records[stage].outputs[name].digest

    def session_options(self) -> SessionOptions:
        return SessionOptions(self.plan.workers, self.plan.profile, self.cancel, self.plan.settings.formality)


@dataclass(frozen=True, slots=True)
class Part:
    """The windows or lines of a stage from number `first` up to, but without, number `stop`."""

    first: int
    stop: int

    @property
    def key(self) -> str:
        return f"{self.first}-{self.stop}"


@dataclass(frozen=True, slots=True)
class Division:
    """How a stage is divided. `split` gets how many parts there may be and the seconds of speech one should have, and
    returns none where it does not pay. `run_part` returns how many windows or clips it made.
    """

    split: Callable[[StageContext, int, float], list[Part]]
    run_part: Callable[[StageContext, Part], int]


@dataclass(frozen=True, slots=True)
class Stage:
    """`inputs` must be quick and must not run anything; `run` returns the names of the files it wrote."""

    name: StageName
    inputs: Callable[[StageContext], dict[str, Any]]
    run: Callable[[StageContext], list[str]]
    division: Division | None = None  # None: it is always run in one go
