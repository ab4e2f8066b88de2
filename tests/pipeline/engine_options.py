"""How the tests of engines open a session."""

from __future__ import annotations

from pipeline.engines.base import SessionOptions
from pipeline.progress import CancelToken
from pipeline.settings import PROFILES, Mode


def options(cancel: CancelToken | None = None, *, mode: Mode = Mode.MEDIUM, workers: int = 2) -> SessionOptions:
    return SessionOptions(workers, PROFILES[mode], cancel or CancelToken())
