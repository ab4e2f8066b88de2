"""How work on a shard can end, and how a runner's answer is read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from jobs.models import Shard, ShardKind
from library.services import ReadyFile
from pipeline.errors import Canceled, DiskFull, DubbingError, EngineFailed, OutOfMemory, ToolTimeout, WorkspaceBusy
from pipeline.progress import StageName
from pipeline.storage import FULL_ERRORS

BUSY_S = 3.0
NO_SPACE_S = 30.0
NO_SPACE_AGAIN_S = 300.0
SHA256 = re.compile("[0-9a-f]{64}")
# Another attempt, which reuses what is done, may succeed. A cancellation is one that nobody here asked for.
WORTH_ANOTHER_TRY = frozenset({Canceled.code, EngineFailed.code, OutOfMemory.code, ToolTimeout.code})


@dataclass(frozen=True, slots=True)
class DubFiles:
    """The last stage's result: where each artifact is, and the dub's summary."""

    artifacts: dict[str, ReadyFile]
    summary: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Finished:
    """`result` is kept with the shard; `dub` is there after the last stage."""

    result: dict[str, Any] = field(default_factory=dict)
    dub: DubFiles | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The dub cannot be made: trying again would end the same way."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Broke:
    """The runner crashed or hung: another attempt may succeed."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Delayed:
    """Nothing was wrong with the shard: it can go on in a while, or later when it waits for the same thing again."""

    code: str
    message: str
    delay_s: float
    again_delay_s: float


class StopReason(Enum):
    CANCELED = auto()  # by the user
    PAUSED = auto()  # by the user
    DRAINED = auto()  # the worker is to end


@dataclass(frozen=True, slots=True)
class Stopped:
    reason: StopReason


Outcome = Finished | Refused | Broke | Delayed | Stopped


def answer_of(message: dict[str, Any], shard: Shard) -> Outcome | None:
    """The outcome a `result` or `error` message tells; None for events."""
    data = message.get("data")
    if message["kind"] == "result":
        return _finished(data if isinstance(data, dict) else {}, shard)
    if message["kind"] == "error":
        code = str(data.get("code") or "error") if isinstance(data, dict) else "error"
        return _unfinished(code, str(message.get("message") or code))
    return None


def busy() -> Delayed:
    """Somebody else has the workspace: a process that lost its lease and is about to be ended."""
    text = _("Another process still works on this dub; it goes on in a moment.")
    return Delayed(WorkspaceBusy.code, text, BUSY_S, BUSY_S)


def no_space() -> Delayed:
    text = _("The server has too little free disk space; the dub goes on when there is room again.")
    return Delayed(DiskFull.code, text, NO_SPACE_S, NO_SPACE_AGAIN_S)


def outcome_of(error: Exception) -> Outcome:
    """What becomes of a shard whose worker itself met an error."""
    if isinstance(error, DubbingError):
        return _unfinished(error.code, str(error))
    if isinstance(error, OSError) and error.errno in FULL_ERRORS:
        return no_space()
    if isinstance(error, OSError):
        return Broke("storage", _("The server's disk refused to work: %(reason)s") % {"reason": error.strerror})
    return Broke("jobs.fault", _("The server could not go on with this dub; its log says why."))


def _unfinished(code: str, text: str) -> Outcome:
    if code == WorkspaceBusy.code:
        return busy()
    if code == DiskFull.code:
        return no_space()
    return Broke(code, text) if code in WORTH_ANOTHER_TRY else Refused(code, text)


def _finished(data: dict[str, Any], shard: Shard) -> Outcome:
    unusable = Broke("jobs.result_unusable", _("The dubbing process gave no usable result."))
    if shard.kind == ShardKind.SPLIT:
        parts = data.get("parts")
        is_usable = isinstance(parts, list) and all(isinstance(part, dict) for part in parts)
        return Finished({"parts": parts}) if is_usable else unusable
    if shard.kind == ShardKind.PART:
        return Finished(data)
    told = {key: value for key, value in data.items() if key in ("duration_s", "reused")}
    if shard.stage != list(StageName)[-1]:
        return Finished(told)
    files = _dub_files(data)
    return Finished(told, files) if files is not None else unusable


def _dub_files(data: dict[str, Any]) -> DubFiles | None:
    """None for an answer that names no files, or files that are not there."""
    match data:
        case {"artifacts": dict(paths), "sha256": dict(digests), "summary": {"languages": {"source": str()}}}:
            files = {str(kind): ReadyFile(Path(str(path)), str(digests.get(kind))) for kind, path in paths.items()}
            if files and all(SHA256.fullmatch(file.sha256) and file.path.is_file() for file in files.values()):
                return DubFiles(files, data["summary"])
    return None
