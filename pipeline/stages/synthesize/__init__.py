"""synthesize: every translated segment as speech of a length that fits, a clip each.

A line that cannot fit its place without being rushed is reworded. Every line is spoken at the voice's natural
speed; `timing` then decides the rates of all of them together, and the ones it changes are spoken again at theirs by
the engine; what the engine cannot do is left to rubberband, which keeps the pitch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline import timing
from pipeline.audio.delivery import pitches_hz, raised_semitones, usual_hz
from pipeline.audio.pitch import VERSION as PITCH_VERSION
from pipeline.progress import Level, StageName
from pipeline.stages.base import Division, Part, Stage, StageContext, identity
from pipeline.stages.casting import voices_of
from pipeline.stages.dividing import divided
from pipeline.stages.extract import RECOGNITION_WAV
from pipeline.stages.synthesize.clips import VERSION as CLIPS_VERSION
from pipeline.stages.synthesize.clips import Clips
from pipeline.stages.synthesize.lines import Line, Script, lines_of, script
from pipeline.stages.synthesize.placements import (
    PLACEMENTS_JSON,
    RETIMING_JSON,
    read_placements,
    read_times,
    write_placements,
    write_times,
)
from pipeline.stages.synthesize.rates import settled_rates
from pipeline.stages.synthesize.sounds import original_sound, recognition_sound, slow_sounds
from pipeline.stages.synthesize.wording import foreseen, heard
from pipeline.stages.transcribe import TRANSCRIPT_JSON, read_transcript
from pipeline.storage import write_text
from pipeline.text.spoken import VERSION as SPOKEN_VERSION
from pipeline.text.spoken import spoken
from pipeline.timing.retiming import TimeMap, slowed
from pipeline.transcript import Segment, Transcript
from pipeline.workspace import Journal, fingerprint

__all__ = [
    "CLIPS",
    "PLACEMENTS_JSON",
    "STAGE",
    "original_sound",
    "read_placements",
    "read_times",
    "recognition_sound",
]

VERSION = 2
CLIPS = "clips"
FITTED_SHARE = (0.7, 1.0)  # of the stage's progress


def inputs(context: StageContext) -> dict[str, Any]:
    plan = context.plan
    voices = voices_of(plan, context.workspace, read_transcript(context.workspace, StageName.TRANSLATE))
    return {
        "version": [VERSION, CLIPS_VERSION],
        "transcript": context.digest(StageName.TRANSLATE, TRANSCRIPT_JSON),
        "sound": context.digest(StageName.EXTRACT, RECOGNITION_WAV),
        "engine": identity(plan.tts),
        "voices": {speaker: voice.id for speaker, voice in voices.items()},
        "delivery": plan.settings.delivery,
        "numbers": SPOKEN_VERSION,
        "lexicon": fingerprint({"spoken": plan.lexicon.spoken}),
        "retime": plan.settings.retime,
        "end_s": plan.facts.duration_s,
    }


def run(context: StageContext) -> list[str]:
    workspace = context.workspace
    script_ = _script(context)
    with Clips(context, _clips_folder(context)) as clips:
        first = foreseen(context, clips, script_)
        lines, natural_s = heard(context, clips, first, script_)
        changed = sum(after.said != before.said for before, after in zip(script_.lines, lines, strict=True))
        if changed:
            context.report.log(f"lines shortened to fit: {changed}", reworded=changed)
        times = _times(context, lines, natural_s)
        end_s = times.to_output(context.plan.facts.duration_s)
        lines = [replace(line, segment=times.of(line.segment)) for line in lines]
        planned = timing.plan(
            [line.segment for line in lines],
            natural_s,
            end_s,
            kept=[times.of(segment) for segment in script_.kept],
        )
        placements = _placed(context, clips, lines, planned, end_s)
        message = f"spoken by {context.plan.tts.engine.name}, clips: {clips.spoken}"
        context.report.log(message, done=clips.spoken, kept=clips.kept)
    transcript = script_.transcript
    said = script(replace(transcript, segments=tuple(map(times.of, transcript.segments))), lines)
    write_text(workspace.path(StageName.SYNTHESIZE, TRANSCRIPT_JSON), said.to_json())
    write_times(workspace, times)
    write_placements(workspace, placements)
    slow_names = slow_sounds(context, times)
    clip_names = sorted({f"{CLIPS}/{clip.clip}" for clip in placements})
    return [TRANSCRIPT_JSON, RETIMING_JSON, PLACEMENTS_JSON, *slow_names, *clip_names]


def split(context: StageContext, parts: int, part_s: float) -> list[Part]:
    """The lines as they are spoken first, each clip once; the rates that all of them need are the stage's to find."""
    with Clips(context, _clips_folder(context)) as clips:
        lines = foreseen(context, clips, _script(context))
        missing = clips.missing(lines)
    unspoken_s = [line.segment.duration_s if line.id in missing else 0.0 for line in lines]
    return divided(unspoken_s, parts, part_s)


def run_part(context: StageContext, part: Part) -> int:
    """Speaks the lines of `part` that nobody has spoken, at their natural speed."""
    with Clips(context, _clips_folder(context)) as clips:
        lines = foreseen(context, clips, _script(context))
        first_of = {clips.name(line): number for number, line in reversed(list(enumerate(lines)))}
        # A line that is said in an earlier part too is that part's.
        mine = [lines[number] for number in first_of.values() if part.first <= number < part.stop]
        clips.speak(mine, {}, (0.0, 1.0))
        return clips.spoken


def _clips_folder(context: StageContext) -> Path:
    folder = context.workspace.path(StageName.SYNTHESIZE, CLIPS)
    folder.mkdir(exist_ok=True)
    return folder


def _script(context: StageContext) -> Script:
    """What is to be said, before anything is reworded to fit."""
    transcript = read_transcript(context.workspace, StageName.TRANSLATE)

    def say(text: str) -> str:
        return spoken(context.plan.lexicon.applied(text), context.plan.target_language)

    voices = voices_of(context.plan, context.workspace, transcript)
    lines = lines_of(transcript, voices, _raised(context, transcript), say)
    kept = [segment for segment in transcript.segments if segment.kept]
    return Script(transcript, tuple(lines), tuple(kept), say)


def _placed(
    context: StageContext, clips: Clips, lines: Sequence[Line], planned: Mapping[str, timing.Placement], end_s: float
) -> list[timing.Placement]:
    """Where each line's clip goes, once it is spoken at the rate that fits."""
    segments = [line.segment for line in lines]
    planned = settled_rates(clips, lines, planned, context.workspace, end_s)
    rates = {key: clip.rate for key, clip in planned.items()}
    clips.speak(lines, rates, FITTED_SHARE)
    fitted_s = {line.id: clips.length_s(line, rates[line.id]) for line in lines}
    placed = timing.place(segments, fitted_s, planned, end_s)
    for clip in placed:
        if clip.flags:
            context.report.log(f"segment {clip.segment_id} does not fit: {', '.join(clip.flags)}", Level.WARNING)
    return [replace(clip, clip=clips.name(line, clip.rate)) for line, clip in zip(lines, placed, strict=True)]


def _raised(context: StageContext, transcript: Transcript) -> dict[str, float]:
    """How much higher each segment is said than its speaker usually speaks.

    What is usual is taken from the segments as they were found, so that an edit changes nobody else's delivery.
    """
    plan, workspace = context.plan, context.workspace
    if not plan.tts.engine.controls_pitch or plan.settings.delivery == 0:
        return {}
    found = read_transcript(workspace, StageName.DIARIZE).segments
    usual = usual_hz(found, _pitches(context, found))
    pitches = _pitches(context, transcript.segments)
    return {
        segment.id: raised_semitones(pitches.get(segment.id), usual.get(segment.speaker), plan.settings.delivery)
        for segment in transcript.segments
    }


def _pitches(context: StageContext, segments: Sequence[Segment]) -> dict[str, float]:
    """By id, of the segments with a voice in them; every stretch is listened to once for all runs."""
    sound = context.workspace.path(StageName.EXTRACT, RECOGNITION_WAV)
    digest = context.digest(StageName.EXTRACT, RECOGNITION_WAV)[:16]
    with Journal(context.workspace.path(StageName.SYNTHESIZE, f"pitches-{PITCH_VERSION}-{digest}.jsonl")) as journal:
        places = {segment.id: f"{segment.start_s:.3f}-{segment.end_s:.3f}" for segment in segments}
        missing = [segment for segment in segments if journal.get(places[segment.id]) is None]
        heard = pitches_hz(sound, missing, context.cancel)
        for segment in missing:
            journal.put(places[segment.id], heard.get(segment.id, 0.0))
        known = {key: float(journal.get(place) or 0.0) for key, place in places.items()}
    return {key: pitch for key, pitch in known.items() if pitch}


def _times(context: StageContext, lines: Sequence[Line], natural_s: dict[str, float]) -> TimeMap:
    if not context.plan.settings.retime or not context.plan.facts.has_video:
        return TimeMap()
    times = slowed([line.segment for line in lines], natural_s, context.plan.facts.duration_s)
    added_s = sum(passage.added_s for passage in times.passages)
    context.report.log(f"picture slowed in {len(times.passages)} passages, {added_s:.1f} s longer in all")
    return times


STAGE = Stage(StageName.SYNTHESIZE, inputs, run, Division(split, run_part))
