"""extract: the facts of the source, its sound for recognition (16 kHz mono) and for the mix (48 kHz, stereo or 5.1)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ffmpeg as graph
import soundfile

from pipeline.audio.layout import SURROUND_CHANNELS, kept_channels
from pipeline.errors import NoAudio, NotMedia, SourceTruncated
from pipeline.media import ffmpeg
from pipeline.media.probe import MAX_DURATION_S, MediaFacts, input_guards
from pipeline.progress import StageName
from pipeline.stages.base import Plan, Stage, StageContext
from pipeline.storage import atomic_path, write_json

VERSION = 2
RECOGNITION_HZ = 16_000
MIX_HZ = 48_000
FACTS_JSON = "media.json"
RECOGNITION_WAV = "recognition.wav"
ORIGINAL_FLAC = "original.flac"
# `layout.folded_middle` in ffmpeg's words: its own downmix to mono would take the centre 11 dB down.
SURROUND_FOLD = "aformat=channel_layouts=5.1,pan=mono|c0=0.5*c0+0.5*c1+0.7071*c2+0.3536*c4+0.3536*c5"

# A decoder may drop a little at the end of a healthy file; more than this missing means the file is cut off.
MISSING_TOLERANCE_S = 1.0
MISSING_TOLERANCE_SHARE = 0.02
# How long a file lasts may be a bad guess of its first seconds (MP3), so much more may come. But gaps are filled with
# silence: a few kilobytes whose times leap from minute to minute would fill the disk.
EXCESS_FACTOR = 10
EXCESS_S = 600.0


def inputs(context: StageContext) -> dict[str, Any]:
    return {"version": VERSION, "source": context.plan.source_digest, "audio_track": context.plan.track.index}


def run(context: StageContext) -> list[str]:
    plan, workspace = context.plan, context.workspace
    with (
        atomic_path(workspace.path(StageName.EXTRACT, RECOGNITION_WAV)) as recognition,
        atomic_path(workspace.path(StageName.EXTRACT, ORIGINAL_FLAC)) as original,
    ):
        ffmpeg.run(
            _arguments(plan, recognition, original),
            what="decode the sound",
            cancel=context.cancel,
            duration_s=plan.facts.duration_s,
            on_fraction=context.report.fraction,
        )
        decoded_s = soundfile.info(str(recognition)).duration
        _require_whole(plan, decoded_s)
        _require_honest(plan, decoded_s)
    write_json(workspace.path(StageName.EXTRACT, FACTS_JSON), plan.facts.to_json())
    context.report.log(_describe(plan.facts, plan), container=plan.facts.container)
    return [FACTS_JSON, RECOGNITION_WAV, ORIGINAL_FLAC]


def _arguments(plan: Plan, recognition: Path, original: Path) -> list[str]:
    source = graph.input(f"file:{plan.source.absolute()}", **input_guards())
    # aresample fills gaps and a late start with silence, so that sample n of the sound is second n/rate of the film.
    in_time = "aresample=async=1:first_pts=0"
    channels = kept_channels(plan.track.channels)
    track = source[str(plan.track.stream_index)]
    folded = f"{in_time},{SURROUND_FOLD}" if channels == SURROUND_CHANNELS else in_time
    common = {"map_metadata": "-1", "t": f"{_longest_s(plan):.3f}"}
    mono = {"af": folded, "ac": 1, "ar": RECOGNITION_HZ, "c:a": "pcm_s16le", "rf64": "auto", "f": "wav"}
    flac = {"c:a": "flac", "sample_fmt": "s32", "compression_level": 0, "f": "flac"}
    whole = {"af": in_time, "ac": channels, "ar": MIX_HZ, **flac}
    arguments: list[str] = graph.merge_outputs(
        graph.output(track, ffmpeg.output(recognition), **common, **mono),
        graph.output(track, ffmpeg.output(original), **common, **whole),
    ).get_args()
    return arguments


def _require_whole(plan: Plan, decoded_s: float) -> None:
    name = plan.name
    if decoded_s <= 0:
        raise NoAudio(
            f"{name} has an audio track with no sound in it (0 seconds); choose another file or --audio-track"
        )
    declared_s = plan.track.duration_s or plan.facts.duration_s
    if decoded_s < declared_s - max(MISSING_TOLERANCE_S, MISSING_TOLERANCE_SHARE * declared_s):
        raise SourceTruncated(
            f"{name} is cut off: only {decoded_s:.0f} of {declared_s:.0f} seconds can be read; copy or upload it again"
        )


def _longest_s(plan: Plan) -> float:
    return min(MAX_DURATION_S, EXCESS_FACTOR * plan.facts.duration_s + EXCESS_S)


def _require_honest(plan: Plan, decoded_s: float) -> None:
    """Raises NotMedia where the sound went on until it was cut."""
    if decoded_s > max(plan.facts.duration_s + EXCESS_S / 2, _longest_s(plan) - 1):
        raise NotMedia(
            f"{plan.name} says it lasts {plan.facts.duration_s:.0f} seconds and still goes on after {decoded_s:.0f}; "
            "its times are damaged, save it again"
        )


def _describe(facts: MediaFacts, plan: Plan) -> str:
    picture = f"{facts.video.width}×{facts.video.height} {facts.video.codec}" if facts.video else "no picture"
    track = plan.track
    sound = f"audio track {track.index} ({track.codec}, {track.channels} ch, {track.language or 'language not tagged'})"
    return f"{facts.duration_s:.1f} s, {picture}, {sound}"


STAGE = Stage(StageName.EXTRACT, inputs, run)
