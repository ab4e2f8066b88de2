"""mix: the dub over the ducked original, brought to the loudness target and encoded once for every container."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import soundfile

from pipeline.audio.loudness import Meter
from pipeline.audio.mastering import Levels
from pipeline.audio.mixing import Line, blocks, line_gains
from pipeline.engines.base import Samples
from pipeline.media import ffmpeg
from pipeline.progress import StageName
from pipeline.stages.base import Stage, StageContext
from pipeline.stages.extract import MIX_HZ, ORIGINAL_FLAC, RECOGNITION_WAV
from pipeline.stages.synthesize import CLIPS, PLACEMENTS_JSON, read_placements
from pipeline.stages.transcribe import TRANSCRIPT_JSON, read_transcript
from pipeline.storage import PARTIAL_SUFFIX, atomic_path, storage_errors, write_json

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
    blend = folder / f"blend.wav{PARTIAL_SUFFIX}"
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
    transcript = read_transcript(workspace, StageName.TRANSLATE)
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
    """Writes the unmastered mix and measures it on the way; the next block is mixed while one is written."""
    original = context.workspace.path(StageName.EXTRACT, ORIGINAL_FLAC)
    levels = Levels(MIX_HZ)
    # Speech is as loud in the recogniser's 16 kHz mono, which is read in a sixth of the time.
    gains = line_gains(context.workspace.path(StageName.EXTRACT, RECOGNITION_WAV), lines)

    def keep(block: Samples) -> None:
        with storage_errors(blend.parent):
            file.write(block)
        levels.add(block)

    with (
        soundfile.SoundFile(blend, "w", MIX_HZ, 2, "FLOAT", format="RF64") as file,
        ThreadPoolExecutor(1, thread_name_prefix="blend") as writer,
    ):
        writing: Future[None] | None = None
        for block in blocks(original, lines, gains, length_s, lambda part: context.report.fraction(BLEND_SHARE * part)):
            context.cancel.raise_if_canceled()
            if writing is not None:
                writing.result()
            writing = writer.submit(keep, block)
        if writing is not None:
            writing.result()
    return levels


def _master(context: StageContext, blend: Path, encoded: Path, levels: Levels, length_s: float) -> dict[str, float]:
    """Gain to the target, peaks limited, encoded; measured as decoded and done again until it holds.

    A mix with nothing above the gate (a silent film) keeps its level.
    """
    ceiling_db, correction_db = LIMITER_CEILING_DB, 0.0
    encodings = 0
    while encodings < MASTERING_TRIES:
        encodings += 1
        to_target_db = levels.gain_to(TARGET_LUFS, ceiling_db)
        gain_db = 0.0 if to_target_db is None else to_target_db + correction_db
        lufs, peak_db = _encode(context, blend, encoded, _filters(gain_db, ceiling_db), length_s)
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
        "gain_db": round(gain_db, 2),
        "target_lufs": TARGET_LUFS,
        "encodings": encodings,
    }


def _filters(gain_db: float, ceiling_db: float) -> str:
    return f"volume={gain_db:.3f}dB,{LIMITER.format(limit=10 ** (ceiling_db / 20))}"


def _encode(context: StageContext, blend: Path, encoded: Path, filters: str, length_s: float) -> tuple[float, float]:
    """Writes `encoded`; returns its integrated LUFS and true peak in dBTP as a listener hears it."""
    profile = context.plan.profile
    # Intensity stereo and noise substitution are for low bit rates; here they would only take time.
    coder = [
        "-aac_coder",
        "fast",
        "-aac_is",
        "0",
        "-aac_pns",
        "0",
        "-aac_ms",
        "auto" if profile.tries_mid_side else "0",
    ]
    raw = ["-f", "f32le", "-ar", str(MIX_HZ), "-ac", "2"]
    limit = ["-f", "wav", "-i", ffmpeg.output(blend), "-af", filters, *raw, "pipe:1"]
    encode = [*raw, "-i", "pipe:0", "-map", "0:a", "-c:a", "aac", *coder, "-b:a", f"{profile.audio_bitrate_kbps}k"]
    encode += ["-flags", "+global_header", "-f", "tee", f"[f=ipod]{encoded.name}|[f=adts]pipe:1"]
    hear = ["-f", "aac", "-i", "pipe:0", *raw, "pipe:1"]
    meter, heard_frames = Meter(MIX_HZ, true_peak=True), 0
    steps = (limit, encode, hear)
    for block in ffmpeg.chain(steps, folder=encoded.parent, what="encode the dub", cancel=context.cancel):
        meter.add(block)
        heard_frames += len(block)
        context.report.fraction(BLEND_SHARE + (1 - BLEND_SHARE) * heard_frames / MIX_HZ / length_s)
    return meter.integrated_lufs, meter.peak_db


STAGE = Stage(StageName.MIX, inputs, run)
