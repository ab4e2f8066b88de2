"""transcribe: what is said and when, by a recogniser or from given subtitles."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain
from typing import Any

from pipeline import languages, subtitles
from pipeline.audio.vad import VERSION as VAD_VERSION
from pipeline.audio.vad import speech_windows
from pipeline.engines.asr.text import sentence
from pipeline.engines.base import Recognized, Window
from pipeline.engines.registry import AsrSelection
from pipeline.errors import GarbageTranscript, NoSpeech
from pipeline.progress import Level, StageName
from pipeline.quality.garbage import Amount, Fault, fault
from pipeline.stages.base import Division, Part, Stage, StageContext, identity
from pipeline.stages.dividing import divided
from pipeline.stages.extract import RECOGNITION_WAV
from pipeline.storage import write_json, write_text
from pipeline.transcript import Segment, Transcript, Word
from pipeline.workspace import Journal, Workspace, fingerprint

VERSION = 1
TRANSCRIPT_JSON = "transcript.json"
FAULTS = {
    Fault.EMPTY: "no word of it was understood",
    Fault.ONE_PHRASE: "it is mostly one phrase said over and over",
    Fault.HARDLY_ANY: "hardly a word of it was understood",
}
WRITTEN_WITHOUT_SPACES = {"ja", "km", "lo", "my", "th", "yue", "zh"}


def inputs(context: StageContext) -> dict[str, Any]:
    plan = context.plan
    if plan.asr is None:
        return {
            "version": VERSION,
            "language": plan.source_language,
            "subtitles": plan.cues_digest,
            "are": plan.settings.subtitles_are.value,
        }
    return {
        "version": VERSION,
        "sound": context.digest(StageName.EXTRACT, RECOGNITION_WAV),
        "language": plan.source_language,
        "engine": identity(plan.asr),
        "search": plan.profile.asr_search,
        "vad": VAD_VERSION,
    }


def run(context: StageContext) -> list[str]:
    plan = context.plan
    if plan.asr is not None:
        _hint_at_subtitles(context)
    segments = plan.cues if plan.asr is None else _recognize(context, plan.asr)
    if not segments:
        raise NoSpeech(
            f"no speech was found in {plan.name}; choose another audio track (--audio-track) or give subtitles (--subs)"
        )
    transcript = Transcript(plan.source_language, segments)
    write_text(context.workspace.path(StageName.TRANSCRIBE, TRANSCRIPT_JSON), transcript.to_json())
    return [TRANSCRIPT_JSON]


def read_transcript(workspace: Workspace, stage: StageName) -> Transcript:
    """What transcribe wrote, or translate with the translations in it."""
    return Transcript.from_json(workspace.path(stage, TRANSCRIPT_JSON).read_text("utf-8"))


def _hint_at_subtitles(context: StageContext) -> None:
    """What people wrote is better than what a recogniser hears."""
    plan = context.plan
    for track in subtitles.text_tracks(plan.facts):
        if subtitles.is_in(track, plan.source_language):
            message = f"{plan.name} has subtitles in {languages.name(plan.source_language)}; to use them: --subs-track"
            context.report.log(f"{message} {track.index}")
            return


def split(context: StageContext, parts: int, part_s: float) -> list[Part]:
    if context.plan.asr is None:
        return []
    with _journal(context, "") as journal:
        unknown_s = [
            window.end_s - window.start_s if journal.get(_key(window)) is None else 0.0 for window in windows(context)
        ]
    return divided(unknown_s, parts, part_s)


def run_part(context: StageContext, part: Part) -> int:
    """Recognises the windows of `part` that nobody has recognised."""
    asr, mine = context.plan.asr, list(windows(context))[part.first : part.stop]
    if asr is None or not mine:
        return 0
    with _journal(context, f".part-{part.key}") as journal:
        missing = _missing(journal, iter(mine), [])
        return len(_heard(context, asr, missing, journal, (mine[0].start_s, mine[-1].end_s)))


def _recognize(context: StageContext, asr: AsrSelection) -> tuple[Segment, ...]:
    """Every window is written down as soon as it is known; a stopped run recognises only what is missing."""
    plan = context.plan
    known: list[Recognized] = []
    with _journal(context, "") as journal:
        missing = _missing(journal, windows(context), known)
        fresh = _heard(context, asr, missing, journal, (0.0, plan.facts.duration_s))
    message = f"speech recognised by {asr.engine.name}, stretches: {len(fresh)}"
    context.report.log(message, done=len(fresh), kept=len(known))
    everything = sorted(known + fresh, key=lambda done: done.window.index)
    spoken = (done for done in everything if done.words)
    segments = tuple(_segment(done, _text(done, asr, plan.source_language)) for done in spoken)
    _refuse_garbage(context, asr, everything, segments)
    return segments


def windows(context: StageContext) -> Iterator[Window]:
    """Where somebody speaks: found once, while it is read, and written down at the end."""
    found_in = {"sound": context.digest(StageName.EXTRACT, RECOGNITION_WAV), "vad": VAD_VERSION}
    path = context.workspace.path(StageName.TRANSCRIBE, f"speech-{fingerprint(found_in)[:16]}.json")
    if path.exists():
        yield from (Window(index, *times) for index, times in enumerate(json.loads(path.read_bytes())))
        return
    found = []
    audio = context.workspace.path(StageName.EXTRACT, RECOGNITION_WAV)
    for window in speech_windows(audio, cancel=context.cancel):
        found.append([window.start_s, window.end_s])
        yield window
    write_json(path, found)


def _journal(context: StageContext, suffix: str) -> Journal:
    """The words of each window, by what recognised them. Every part of the stage writes its own; all are read."""
    key = fingerprint(inputs(context))[:16]
    folder = context.workspace.folder(StageName.TRANSCRIBE)
    return Journal(folder / f"windows-{key}{suffix}.jsonl", also=sorted(folder.glob(f"windows-{key}*.jsonl")))


def _heard(
    context: StageContext,
    asr: AsrSelection,
    missing: Iterator[Window],
    journal: Journal,
    span_s: tuple[float, float],
) -> list[Recognized]:
    """What is said in the `missing` windows, which lie inside `span_s`, in the order it becomes known."""
    first = next(missing, None)
    if first is None:
        return []  # models are slow to load
    audio = context.workspace.path(StageName.EXTRACT, RECOGNITION_WAV)
    start_s, end_s = span_s
    fresh: list[Recognized] = []
    with asr.engine.open(context.plan.source_language, context.session_options()) as session:
        for done in session.recognize(audio, chain([first], missing)):
            context.cancel.raise_if_canceled()
            fresh.append(done)
            journal.put(
                _key(done.window), [[word.start_s, word.end_s, word.text, word.probability] for word in done.words]
            )
            text = " ".join(word.text for word in done.words)
            context.report.log(text or "(nothing recognised)", Level.DEBUG, start_s=done.window.start_s)
            context.report.fraction((done.window.end_s - start_s) / (end_s - start_s))
    return fresh


def _refuse_garbage(
    context: StageContext, asr: AsrSelection, everything: list[Recognized], segments: tuple[Segment, ...]
) -> None:
    """Nothing worth dubbing is an error, so that it is never taken for a finished result. Raises GarbageTranscript."""
    plan = context.plan
    speech_s = sum(done.window.end_s - done.window.start_s for done in everything)
    found = fault([segment.text for segment in segments], Amount(sum(len(done.words) for done in everything), speech_s))
    if everything and found:
        raise GarbageTranscript(
            f"{asr.engine.name} heard {speech_s:.0f} s of speech in {plan.name}, but {FAULTS[found]}, so there is"
            f" nothing worth dubbing; is it {languages.name(plan.source_language)}? say with --from what is spoken,"
            " choose another audio track (--audio-track), or give subtitles (--subs)"
        )


def _missing(journal: Journal, wanted: Iterator[Window], known: list[Recognized]) -> Iterator[Window]:
    """The windows nobody has recognised; the others are added to `known` on the way."""
    for window in wanted:
        words = journal.get(_key(window))
        if words is None:
            yield window
        else:
            known.append(Recognized(window, tuple(Word(*word) for word in words)))


def _key(window: Window) -> str:
    return f"{window.start_s:.3f}-{window.end_s:.3f}"


def _text(done: Recognized, asr: AsrSelection, language: str) -> str:
    if not asr.engine.punctuates:
        return sentence(done.words)
    space = "" if languages.primary(language) in WRITTEN_WITHOUT_SPACES else " "
    return space.join(word.text.strip() for word in done.words)


def _segment(done: Recognized, text: str) -> Segment:
    return Segment(f"{done.window.index + 1:05d}", done.window.start_s, done.window.end_s, text, words=done.words)


STAGE = Stage(StageName.TRANSCRIBE, inputs, run, Division(split, run_part))
