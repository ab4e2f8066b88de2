"""mix: the dub over the ducked original, brought to the loudness target and encoded once for every container."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from pipeline.audio.loudness import measure_file
from pipeline.audio.mastering import Levels
from pipeline.audio.mixing import Line, blocks, line_gains
from pipeline.media import ffmpeg
from pipeline.progress import StageName
from pipeline.stages.base import Stage, StageContext
from pipeline.stages.extract import MIX_HZ, ORIGINAL_FLAC
from pipeline.stages.synthesize import CLIPS, PLACEMENTS_JSON, read_placements
from pipeline.stages.transcribe import TRANSCRIPT_JSON
from pipeline.storage import PARTIAL_SUFFIX, atomic_path, storage_errors, write_json
from pipeline.transcript import Transcript

VERSION = 1
DUB_AUDIO = "dub.m4a"
MIX_JSON = "mix.json"

TARGET_LUFS = -16.0  # web preset
TOLERANCE_LU = 0.5
TRUE_PEAK_LIMIT_DB = -1.0
# The limiter sees samples, the promise is about true peaks after lossy coding: room for both.
LIMITER_CEILING_DB = -2.0
LIMITER = "alimiter=limit={limit:.4f}:attack=5:release=80:level=0:latency=1"
MASTERING_TRIES = 4
BLEND_SHARE = 0.4  # of the stage's time, for the progress bar
HEADROOM_DB = -12.0  # the blend is kept this much lower, so that overlapping speech cannot clip in 24 bits


def inputs(context: StageContext) -> dict[str, Any]:
    return {
        "version": VERSION,
        "original": context.digest(StageName.EXTRACT, ORIGINAL_FLAC),
        "transcript": context.digest(StageName.TRANSLATE, TRANSCRIPT_JSON),
        "placements": context.digest(StageName.SYNTHESIZE, PLACEMENTS_JSON),
        "target_lufs": TARGET_LUFS,
        "bitrate_kbps": context.plan.profile.audio_bitrate_kbps,
        "tries_mid_side": context.plan.profile.tries_mid_side,
    }


def run(context: StageContext) -> list[str]:
    folder = context.workspace.folder(StageName.MIX)
    lines = _lines(context)
    length_s = max([context.plan.facts.duration_s, *(line.end_s for line in lines)])
    # The blend is large and quickly made again, so it is never kept: only its temporary name exists.
    blend = folder / f"blend.flac{PARTIAL_SUFFIX}"
    try:
        with atomic_path(folder / DUB_AUDIO) as encoded:
            levels = _blend(context, lines, length_s, blend)
            measured = _master(context, blend, encoded, levels, length_s)
    finally:
        blend.unlink(missing_ok=True)
    write_json(folder / MIX_JSON, measured)
    message = f"{measured['integrated_lufs']:.1f} LUFS, true peak {measured['true_peak_db']:.1f} dBTP"
    context.report.log(message, loudness=measured)
    return [DUB_AUDIO, MIX_JSON]


def _lines(context: StageContext) -> list[Line]:
    """The clips to lay, each with the original speech it stands for."""
    workspace = context.workspace
    transcript = Transcript.from_json(workspace.path(StageName.TRANSLATE, TRANSCRIPT_JSON).read_text("utf-8"))
    source = {segment.id: segment for segment in transcript.segments}
    clips = workspace.path(StageName.SYNTHESIZE, CLIPS)
    return [
        Line(
            clips / placed.clip,
            placed.start_s,
            placed.end_s,
            source[placed.segment_id].start_s,
            source[placed.segment_id].end_s,
        )
        for placed in read_placements(workspace)
    ]


def _blend(context: StageContext, lines: list[Line], length_s: float, blend: Path) -> Levels:
    """Writes the unmastered mix, HEADROOM_DB low, and measures it on the way."""
    original = context.workspace.path(StageName.EXTRACT, ORIGINAL_FLAC)
    headroom = np.float32(10 ** (HEADROOM_DB / 20))
    levels = Levels(MIX_HZ)
    gains = line_gains(original, lines)
    with (
        storage_errors(blend.parent),
        soundfile.SoundFile(blend, "w", MIX_HZ, 2, "PCM_24", format="FLAC", compression_level=0.0) as file,
    ):
        for block in blocks(original, lines, gains, length_s, lambda part: context.report.fraction(BLEND_SHARE * part)):
            context.cancel.raise_if_canceled()
            block *= headroom
            levels.add(block)
            file.write(block)
    return levels


def _master(context: StageContext, blend: Path, encoded: Path, levels: Levels, length_s: float) -> dict[str, float]:
    """Gain to the target, peaks limited, encoded; measured on the encoded file and done again until it holds.

    A mix with nothing above the gate (a silent film) keeps its level.
    """
    ceiling_db, correction_db = LIMITER_CEILING_DB, 0.0
    for attempt in range(MASTERING_TRIES):
        to_target_db = levels.gain_to(TARGET_LUFS, ceiling_db)
        gain_db = -HEADROOM_DB if to_target_db is None else to_target_db + correction_db
        _encode(context, blend, encoded, gain_db, ceiling_db, length_s, report=attempt == 0)
        lufs, peak_db = measure_file(encoded, context.cancel)
        is_loud_enough = to_target_db is None or abs(lufs - TARGET_LUFS) <= TOLERANCE_LU
        if is_loud_enough and peak_db <= TRUE_PEAK_LIMIT_DB:
            break
        if not is_loud_enough:
            correction_db += TARGET_LUFS - lufs
        if peak_db > TRUE_PEAK_LIMIT_DB:
            ceiling_db -= peak_db - TRUE_PEAK_LIMIT_DB + 0.2
    return {
        "integrated_lufs": round(lufs, 2),
        "true_peak_db": round(peak_db, 2),
        "gain_db": round(gain_db + HEADROOM_DB, 2),
        "target_lufs": TARGET_LUFS,
        "encodings": attempt + 1,
    }


def _encode(
    context: StageContext,
    blend: Path,
    encoded: Path,
    gain_db: float,
    ceiling_db: float,
    length_s: float,
    *,
    report: bool,
) -> None:
    limiter = LIMITER.format(limit=10 ** (ceiling_db / 20))
    profile = context.plan.profile
    mid_side = "auto" if profile.tries_mid_side else "0"
    ffmpeg.run(
        [
            "-f", "flac", "-i", ffmpeg.output(blend), "-af", f"volume={gain_db:.3f}dB,{limiter}",
            "-c:a", "aac", "-aac_coder", "fast", "-aac_ms", mid_side, "-b:a", f"{profile.audio_bitrate_kbps}k",
            "-f", "ipod", ffmpeg.output(encoded),
        ],
        what="encode the dub",
        cancel=context.cancel,
        duration_s=length_s,
        on_fraction=(lambda part: context.report.fraction(BLEND_SHARE + (1 - BLEND_SHARE) * part)) if report else None,
    )  # fmt: skip


STAGE = Stage(StageName.MIX, inputs, run)
