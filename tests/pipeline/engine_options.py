"""How the tests of engines open a session, and the language pairs they count on."""

from __future__ import annotations

from pathlib import Path

from pipeline.engines.base import SessionOptions
from pipeline.engines.translation.modes import DEFAULT_DATA_DIR
from pipeline.progress import CancelToken
from pipeline.settings import PROFILES, Mode


def options(cancel: CancelToken | None = None, *, mode: Mode = Mode.MEDIUM, workers: int = 2) -> SessionOptions:
    return SessionOptions(workers, PROFILES[mode], cancel or CancelToken())


def known_pairs(folder: Path) -> Path:
    """An apertium data folder with these pairs alone, whatever else this machine has installed."""
    (folder / "modes").mkdir()
    for pair in ("eng-spa", "spa-eng", "es-fr", "fr-es", "eng-cat"):
        (folder / "modes" / f"{pair}.mode").symlink_to(DEFAULT_DATA_DIR / "modes" / f"{pair}.mode")
    return folder
