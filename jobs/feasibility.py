"""Whether the engines here can do what is asked, told before anything is uploaded or queued."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from pipeline import languages
from pipeline.engines import registry
from pipeline.errors import DubbingError, EngineError, InputError, PairUnsupported
from pipeline.settings import DubSettings, SubtitlesAre

DEFAULT_SOURCE = "en"  # what the pipeline assumes when neither the user nor the file says


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why these settings cannot work, and the setting (a field of DubSettings) that must change."""

    setting: str
    error: DubbingError


def source_language(settings: DubSettings, media: dict[str, Any]) -> str | None:
    """What is spoken in the file; None where only the track that will be chosen can tell."""
    if settings.source_language:
        return settings.source_language
    is_told = any(track.get("language") for track in media.get("audio_tracks", []))
    return None if is_told or settings.subtitle_track else DEFAULT_SOURCE


def obstacles(settings: DubSettings, source: str | None) -> Iterator[Obstacle]:
    """`source` is a language, or None to leave out what depends on it."""
    try:
        target = languages.parse(settings.target_language)
        source = languages.parse(source) if source else None
    except InputError as error:
        yield Obstacle("target_language", error)
        return
    if source:
        yield from _of_the_pair(settings, source, target)
    try:
        registry.select_tts(settings.tts, target, settings.voice)
    except EngineError as error:
        yield Obstacle("voice" if settings.voice else "tts", error)


def _of_the_pair(settings: DubSettings, source: str, target: str) -> Iterator[Obstacle]:
    names = {"source": languages.name(source), "target": languages.name(target)}
    if settings.subtitles_are == SubtitlesAre.SOURCE:
        try:
            registry.select_translation(settings.translation, source, target)
        except PairUnsupported:
            text = _("Nothing here translates from %(source)s to %(target)s. Choose another pair of languages.")
            yield Obstacle("target_language", PairUnsupported(text % names))
        except EngineError as error:
            yield Obstacle("translation", error)
    if settings.subtitle_track:
        return
    try:
        registry.select_asr(settings.asr, source)
    except PairUnsupported:
        text = _("Nothing here can write down spoken %(source)s yet. Ask whoever runs this server for an engine.")
        yield Obstacle("source_language", PairUnsupported(text % names))
    except EngineError as error:
        yield Obstacle("asr", error)
