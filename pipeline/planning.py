"""Everything about a dub that can be decided, or refused, before the first stage: file, track, languages, engines."""

from __future__ import annotations

from pathlib import Path

from pipeline import languages, subtitles
from pipeline.edits import Edits, read_edits
from pipeline.engines import registry
from pipeline.engines.registry import TranslationSelection, TtsSelection
from pipeline.errors import NoAudio, NotMedia, SettingsError, TrackNotFound
from pipeline.media.probe import MAX_DURATION_S, AudioTrack, MediaFacts, SubtitleTrack, probe
from pipeline.settings import PROFILES, DubSettings, SubtitlesAre
from pipeline.speakers.file import SPEAKERS_JSON, SpeakersFile, read_speakers
from pipeline.speakers.voices import assign
from pipeline.stages.base import Plan
from pipeline.stages.cloning import require_cloning
from pipeline.text.glossary import Glossary, read_glossary
from pipeline.text.lexicon import Lexicon, read_lexicon
from pipeline.transcript import Segment
from pipeline.workspace import sha256_of, source_identity

DEFAULT_SOURCE_LANGUAGE = "en"


def make_plan(source: Path, settings: DubSettings, output_dir: Path, workers: int, name: str | None = None) -> Plan:
    """`name` is what the user calls the source; by default the file's own name. Nothing is written.

    Raises InputError and EngineError kinds.
    """
    target_language = languages.parse(settings.target_language)
    name = name or source.name
    facts = _facts(source, name)
    track = choose_track(facts, settings.audio_track, name)
    text_track = _text_track(settings, facts, name)
    source_language = _source_language(settings, track, text_track)
    cues, cues_digest = _cues(settings, source, text_track, name)
    asr = None if cues else registry.select_asr(settings.asr, source_language)
    tts = registry.select_tts(settings.tts, target_language, settings.voice)
    return Plan(
        source=source.absolute(),
        name=name,
        source_digest=source_identity(source),
        facts=facts,
        track=track,
        settings=settings,
        profile=PROFILES[settings.mode],
        source_language=source_language,
        target_language=target_language,
        cues=cues,
        cues_digest=cues_digest,
        edits=read_edits(Path(settings.edits)) if settings.edits else Edits(),
        speakers=_speakers(settings, output_dir, tts, target_language),
        asr=asr,
        diarization=registry.select_diarization(settings.diarization),
        translation=_translation(settings, source_language, target_language),
        tts=tts,
        separation=registry.select_separation(settings.separation),
        output_dir=output_dir.absolute(),
        workers=workers,
        glossary=read_glossary(Path(settings.glossary)) if settings.glossary else Glossary(),
        lexicon=read_lexicon(Path(settings.lexicon)) if settings.lexicon else Lexicon(),
    )


def _facts(source: Path, name: str) -> MediaFacts:
    facts = probe(source, display_name=name)
    if facts.audio_tracks and not 0 < facts.duration_s <= MAX_DURATION_S:
        raise NotMedia(f"{name} lasts {facts.duration_s:.0f} s; it must last between 0 and 24 hours")
    return facts


def _speakers(settings: DubSettings, output_dir: Path, tts: TtsSelection, language: str) -> SpeakersFile:
    speakers = read_speakers(output_dir / SPEAKERS_JSON)
    require_cloning(settings, tts, speakers)
    _require_voices(speakers, tts, language)
    return speakers


def _require_voices(speakers: SpeakersFile, tts: TtsSelection, language: str) -> None:
    """Raises VoiceUnknown for a voice written in speakers.json that the engine does not have."""
    wanted = speakers.wanted_voices()
    assign(dict.fromkeys(wanted, ""), tts.engine.voices(language), wanted, {})


def choose_track(facts: MediaFacts, wanted: str | None, name: str) -> AudioTrack:
    """The audio track by index (0 is the first) or language; by default the one marked so, else the first.

    Raises NoAudio and TrackNotFound.
    """
    if not facts.audio_tracks:
        raise NoAudio(f"{name} has no audio track, so there is nothing to dub; choose another file")
    if wanted is None:
        return next((track for track in facts.audio_tracks if track.is_default), facts.audio_tracks[0])
    if wanted.isdigit():
        found = [track for track in facts.audio_tracks if track.index == int(wanted)]
    else:
        language = languages.parse(wanted)
        found = [track for track in facts.audio_tracks if track.language and _same(track.language, language)]
    if not found:
        there = ", ".join(f"{track.index} ({track.language or 'no language'})" for track in facts.audio_tracks)
        raise TrackNotFound(f"{name} has no audio track {wanted!r}; it has: {there}")
    return found[0]


def _same(tag: str, language: str) -> bool:
    return languages.iso639_2(tag) == languages.iso639_2(language)


def _text_track(settings: DubSettings, facts: MediaFacts, name: str) -> SubtitleTrack | None:
    if settings.subtitle_track is None:
        return None
    if settings.subtitles:
        raise SettingsError("a subtitle file and a subtitle track were both given; give one of them")
    return subtitles.choose_track(facts, settings.subtitle_track, name)


def _source_language(settings: DubSettings, track: AudioTrack, text_track: SubtitleTrack | None) -> str:
    """As asked; else the language of the subtitles that are translated, else that of the sound."""
    if settings.source_language:
        return languages.parse(settings.source_language)
    is_text_translated = text_track is not None and settings.subtitles_are is SubtitlesAre.SOURCE
    written = languages.canonical(text_track.language) if text_track and is_text_translated else None
    return written or languages.canonical(track.language) or DEFAULT_SOURCE_LANGUAGE


def _cues(
    settings: DubSettings, source: Path, text_track: SubtitleTrack | None, name: str
) -> tuple[tuple[Segment, ...] | None, str | None]:
    """The given subtitles, and what identifies them."""
    if settings.subtitles:
        return subtitles.read(Path(settings.subtitles), settings.subtitles_are), sha256_of(Path(settings.subtitles))
    if text_track is None:
        return None, None
    read = subtitles.read_track(source, text_track, name, settings.subtitles_are)
    return read, f"{source_identity(source)}:{text_track.index}"


def _translation(settings: DubSettings, source: str, target: str) -> TranslationSelection | None:
    is_given = settings.subtitles or settings.subtitle_track
    if is_given and settings.subtitles_are is SubtitlesAre.TARGET:
        return None
    return registry.select_translation(settings.translation, source, target)
