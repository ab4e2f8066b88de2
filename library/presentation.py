"""What the player page shows of a dub, made ready for its template."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from library.models import Artifact, ArtifactKind, Dub
from library.stage_display import STAGES
from library.templatetags.dubbing import language_name, spent
from pipeline.errors import DubbingError
from uploads import storage

logger = structlog.get_logger(__name__)
MAIN_FILES = {ArtifactKind.MP4, ArtifactKind.MKV, ArtifactKind.AUDIO, ArtifactKind.SRT_TARGET}
SPEEDS = ("0.75", "1", "1.25", "1.5", "2")


@dataclass(frozen=True, slots=True)
class FileDisplay:
    """One line of the list of downloads."""

    kind: str
    label: str | Promise
    about: str | Promise
    symbol: str
    size_bytes: int

    @property
    def is_main(self) -> bool:
        return self.kind in MAIN_FILES


@dataclass(frozen=True, slots=True)
class TrackDisplay:
    kind: str
    language: str
    label: str


@dataclass(frozen=True, slots=True)
class Fact:
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class QualityDisplay:
    """The verdict on a dub in words; `tone` is a class of the style sheet."""

    title: str | Promise
    about: str
    symbol: str
    tone: str


VERDICTS = {
    "pass": (gettext_lazy("Checked: all is well"), "circle-check", "text-success"),
    "pass_with_remarks": (gettext_lazy("Checked: good, with remarks"), "info", "text-info"),
    "needs_review": (gettext_lazy("Checked: worth a look"), "triangle-alert", "text-warning"),
}

# In the order people look for them: kind, name, what it is for, symbol.
DOWNLOADS: tuple[tuple[ArtifactKind, str | Promise, str | Promise, str], ...] = (
    (ArtifactKind.MP4, gettext_lazy("Video, MP4"), gettext_lazy("plays everywhere"), "film"),
    (ArtifactKind.MKV, gettext_lazy("Video, MKV"), gettext_lazy("for VLC and media servers"), "film"),
    (ArtifactKind.AUDIO, gettext_lazy("Sound"), gettext_lazy("the dubbed recording"), "file-audio"),
    (ArtifactKind.MKA, gettext_lazy("Sound, MKA"), gettext_lazy("with both recordings"), "file-audio"),
    (
        ArtifactKind.SRT_TARGET,
        gettext_lazy("Subtitles, SRT"),
        gettext_lazy("in the new language"),
        "captions",
    ),
    (
        ArtifactKind.VTT_TARGET,
        gettext_lazy("Subtitles, VTT"),
        gettext_lazy("in the new language"),
        "captions",
    ),
    (
        ArtifactKind.SRT_SOURCE,
        gettext_lazy("Subtitles, SRT"),
        gettext_lazy("in the original language"),
        "captions",
    ),
    (
        ArtifactKind.VTT_SOURCE,
        gettext_lazy("Subtitles, VTT"),
        gettext_lazy("in the original language"),
        "captions",
    ),
    (
        ArtifactKind.ASS_TARGET,
        gettext_lazy("Subtitles, ASS"),
        gettext_lazy("in the new language"),
        "captions",
    ),
    (
        ArtifactKind.ASS_SOURCE,
        gettext_lazy("Subtitles, ASS"),
        gettext_lazy("in the original language"),
        "captions",
    ),
    (ArtifactKind.REPORT, gettext_lazy("Quality report"), gettext_lazy("one page, to keep or send"), "shield-check"),
    (ArtifactKind.QA, gettext_lazy("Quality figures"), gettext_lazy("every finding, for programs"), "file-text"),
    (ArtifactKind.TRANSCRIPT, gettext_lazy("Transcript"), gettext_lazy("both texts with times"), "file-text"),
    (ArtifactKind.SPEAKERS, gettext_lazy("Speakers"), gettext_lazy("who speaks with which voice"), "file-text"),
    (
        ArtifactKind.MANIFEST,
        gettext_lazy("Manifest"),
        gettext_lazy("how it was made, for programs"),
        "file-text",
    ),
    (ArtifactKind.SUMMARY, gettext_lazy("Summary"), gettext_lazy("times and figures"), "file-text"),
    (ArtifactKind.LOG, gettext_lazy("Log"), gettext_lazy("every step, line by line"), "file-text"),
)


def player_page(dub: Dub) -> dict[str, Any]:
    """The context of library/dub.html."""
    artifacts = {} if dub.is_taken_down else {artifact.kind: artifact for artifact in dub.artifacts.all()}
    summary = read_summary(artifacts.get(ArtifactKind.SUMMARY))
    files = _downloads(artifacts)
    return {
        "dub": dub,
        "video": artifacts.get(ArtifactKind.MP4) or artifacts.get(ArtifactKind.MKV),
        "audio": artifacts.get(ArtifactKind.AUDIO),
        "has_mp4": ArtifactKind.MP4 in artifacts,
        "tracks": _tracks(dub, artifacts),
        "main_files": [file for file in files if file.is_main],
        "other_files": [file for file in files if not file.is_main],
        "quality": _quality(summary) if ArtifactKind.REPORT in artifacts else None,
        "facts": _facts(dub, summary),
        "stage_times": _stage_times(summary),
        "speeds": SPEEDS,
    }


def read_summary(artifact: Artifact | None) -> dict[str, Any]:
    """The summary the pipeline wrote; empty when it is gone or unreadable, as the page works without."""
    if artifact is None:
        return {}
    try:
        with storage.opened(artifact.stored) as file:
            summary = json.loads(file.read(0, file.size_bytes))
    except (OSError, ValueError, DubbingError) as error:
        logger.warning("summary_unreadable", dub_id=str(artifact.dub_id), error=str(error))
        return {}
    return summary if isinstance(summary, dict) else {}


def _tracks(dub: Dub, artifacts: Mapping[str, Artifact]) -> list[TrackDisplay]:
    languages = {ArtifactKind.VTT_TARGET: dub.target_language, ArtifactKind.VTT_SOURCE: dub.source_language}
    return [
        TrackDisplay(kind.value, language, language_name(language) or _("Original"))
        for kind, language in languages.items()
        if kind in artifacts
    ]


def _downloads(artifacts: Mapping[str, Artifact]) -> list[FileDisplay]:
    return [
        FileDisplay(kind.value, label, about, symbol, artifacts[kind].size_bytes)
        for kind, label, about, symbol in DOWNLOADS
        if kind in artifacts
    ]


def _facts(dub: Dub, summary: Mapping[str, Any]) -> list[Fact]:
    engines = summary.get("engines", {})
    names = {kind: str(engines[kind].get("engine", "")).split(" ")[0] for kind in engines}
    voice = engines.get("tts", {}).get("voice", "")
    loudness = summary.get("loudness", {}).get("integrated_lufs")
    facts = [
        (_("Spoken in"), language_name(dub.source_language)),
        (_("Dubbed into"), language_name(dub.target_language)),
        (_("Recognised by"), names.get("asr", "")),
        (_("Translated by"), names.get("translation", "")),
        (_("Spoken by"), f"{names.get('tts', '')} {voice}".strip()),
        (_("In time"), _in_time(summary.get("fit", {}))),
        (_("Loudness"), f"{loudness:.1f} LUFS".replace("-", "−") if isinstance(loudness, float) else ""),
    ]
    return [Fact(name, value) for name, value in facts if value]


def _quality(summary: Mapping[str, Any]) -> QualityDisplay | None:
    """None for a dub from before there were reports."""
    quality = summary.get("quality", {})
    if quality.get("verdict") not in VERDICTS:
        return None
    title, symbol, tone = VERDICTS[quality["verdict"]]
    counts = quality.get("counts", {})
    found = int(counts.get("error", 0)) + int(counts.get("warning", 0))
    about = ngettext("%(count)d thing to look at", "%(count)d things to look at", found) % {"count": found}
    return QualityDisplay(title, about if found else _("Nothing to look at"), symbol, tone)


def _in_time(fit: Mapping[str, Any]) -> str:
    """How many segments start when the original does."""
    if not fit.get("segments"):
        return ""
    count = round(fit["segments"] * fit.get("onsets_within", 0))
    return _("%(count)d of %(all)d lines") % {"count": count, "all": fit["segments"]}


def _stage_times(summary: Mapping[str, Any]) -> list[Fact]:
    times = summary.get("stages", {})
    return [Fact(str(shown.label), spent(times[stage])) for stage, shown in STAGES.items() if stage in times]
