"""What a user asks of a dub (`DubSettings`) and what a mode makes of it here (`Mode`)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

from pipeline.errors import SettingsError


class Mode(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class SubtitlesAre(StrEnum):
    """What given subtitles stand in for: transcribe (`source`) or translate too (`target`)."""

    SOURCE = "source"
    TARGET = "target"


AUTO = "auto"


@dataclass(frozen=True, slots=True)
class DubSettings:
    """One dub as asked for. Languages are BCP 47 tags; engine names are registry names or `auto`."""

    target_language: str
    source_language: str | None = None  # None: the audio track's own tag, else English
    mode: Mode = Mode.MEDIUM
    asr: str = AUTO
    translation: str = AUTO
    tts: str = AUTO
    voice: str | None = None  # None: the engine's first voice for the language
    audio_track: str | None = None  # an index (0 is the first audio track) or a language; None: the default
    subtitles: str | None = None  # absolute path of an SRT, VTT or ASS file
    subtitles_are: SubtitlesAre = SubtitlesAre.SOURCE

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Raises SettingsError for an unknown field, mode or kind of subtitles."""
        try:
            values = dict(data)
            if "mode" in values:
                values["mode"] = Mode(values["mode"])
            if "subtitles_are" in values:
                values["subtitles_are"] = SubtitlesAre(values["subtitles_are"])
            return cls(**values)
        except (TypeError, ValueError) as error:
            raise SettingsError(f"these settings are not valid: {error}") from error


@dataclass(frozen=True, slots=True)
class ModeProfile:
    """What a mode resolves to: the one place where quality is traded for time."""

    mode: Mode
    summary: str
    asr_search: str  # how hard the recogniser searches: `fast`, `balanced` or `full`
    audio_bitrate_kbps: int
    # Whether the AAC encoder tries mid/side coding for every band: 8 dB less coding noise for twice its time.
    tries_mid_side: bool


PROFILES = {
    Mode.LOW: ModeProfile(Mode.LOW, "quickest: narrow recognition search, 128 kbit/s sound", "fast", 128, False),
    Mode.MEDIUM: ModeProfile(Mode.MEDIUM, "balanced: 160 kbit/s sound", "balanced", 160, False),
    Mode.HIGH: ModeProfile(Mode.HIGH, "best: full recognition search, 256 kbit/s sound", "full", 256, True),
}
