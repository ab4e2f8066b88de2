"""mix: the dub over the original's bed, brought to the loudness target and encoded once for every container."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import soundfile

from pipeline.audio.encoding import Blend, Coding, Mastered, encode_stem, master
from pipeline.audio.layout import output_channels, parts
from pipeline.audio.leak import LEAK_LIMIT_DB, Dubbed, Heard, leaks
from pipeline.audio.loudness import Spans, joined
from pipeline.audio.mastering import DIALOGUE, PRESETS, Levels, Preset
from pipeline.audio.mixing import Bed, Block, Line, blocks, ducks_for, line_gains
from pipeline.audio.spread import parts_with_speech
from pipeline.audio.writing import sound_file
from pipeline.progress import Level, StageName
from pipeline.stages.base import Stage, StageContext
from pipeline.stages.extract import MIX_HZ, ORIGINAL_FLAC
from pipeline.stages.separate import BED_FLAC
from pipeline.stages.synthesize import (
    CLIPS,
    PLACEMENTS_JSON,
    original_sound,
    read_placements,
    read_times,
    recognition_sound,
)
from pipeline.stages.transcribe import TRANSCRIPT_JSON, read_transcript
from pipeline.storage import PARTIAL_SUFFIX, atomic_path, storage_errors, write_json

VERSION = 2
DUB_AUDIO = "dub.m4a"
DIALOGUE_AUDIO = "dialogue.m4a"  # the two stems, where they are asked for
BED_AUDIO = "bed.m4a"
MIX_JSON = "mix.json"
BLEND_SHARE = 0.4  # of the stage's time, for the progress bar
MASTER_SHARE = 0.5


def inputs(context: StageContext) -> dict[str, Any]:
    settings, profile = context.plan.settings, context.plan.profile
    return {
        "version": VERSION,
        "original": context.digest(StageName.EXTRACT, ORIGINAL_FLAC),
        "bed": context.digest(StageName.SEPARATE, BED_FLAC) if _is_separated(context) else None,
        "transcript": context.digest(StageName.SYNTHESIZE, TRANSCRIPT_JSON),
        "placements": context.digest(StageName.SYNTHESIZE, PLACEMENTS_JSON),
        "loudness": settings.loudness.value,
        "channels": settings.channels.value,
        "stems": settings.stems,
        "bitrate_kbps": profile.audio_bitrate_kbps,
        "tries_mid_side": profile.tries_mid_side,
    }


@dataclass(frozen=True, slots=True)
class Ingredients:
    """What is mixed and how, decided before the first block."""

    dubbed: Dubbed
    bed: Bed
    length_s: float
    preset: Preset
    coding: Coding

    @property
    def dialogue(self) -> Spans | None:
        """Where the loudness is measured; None is everywhere, as it is where nothing is said."""
        if self.preset.gate != DIALOGUE or not self.dubbed.lines:
            return None
        return joined([(line.start_s, line.end_s) for line in self.dubbed.lines])


def run(context: StageContext) -> list[str]:
    folder = context.workspace.folder(StageName.MIX)
    mixed = _ingredients(context)
    with _blended(context, mixed, folder) as (blend, stems), atomic_path(folder / DUB_AUDIO) as encoded:
        mastered = master(
            blend, encoded, mixed.preset, mixed.coding, cancel=context.cancel, on_fraction=_second_part(context)
        )
        heard = Heard(encoded, mixed.coding.channels, mastered.gain_db)
        leak = leaks(heard, mixed.dubbed, context.cancel, workers=context.plan.workers)
        for name, wav in stems.items():
            with atomic_path(folder / name) as stem:
                encode_stem(wav, stem, mastered, mixed.coding, context.cancel)
    measured = _describe(mastered, mixed) | {"leak_limit_db": LEAK_LIMIT_DB, "leak": leak}
    write_json(folder / MIX_JSON, measured)
    _report(context, mastered, mixed.preset, leak)
    return [DUB_AUDIO, *stems, MIX_JSON]


def _ingredients(context: StageContext) -> Ingredients:
    plan = context.plan
    original = original_sound(context)
    separated = context.workspace.path(StageName.SEPARATE, BED_FLAC) if _is_separated(context) else None
    kept = soundfile.info(original).channels
    segments = read_transcript(context.workspace, StageName.SYNTHESIZE).segments
    speech = joined([(segment.start_s, segment.end_s) for segment in segments])
    lines = _lines(context)
    recognition = recognition_sound(context)
    spoken = [(line.source_start_s, line.source_end_s) for line in lines]
    spread = parts_with_speech(original, spoken, speech, workers=plan.workers)
    # Speech is as loud in the recogniser's 16 kHz mono, which is read in a sixth of the time.
    gains = line_gains(recognition, lines)
    return Ingredients(
        dubbed=Dubbed(original, recognition, lines, gains, spread, speech),
        bed=Bed(original, ducks_for(lines, spread, parts(kept)), separated),
        length_s=max([read_times(context.workspace).to_output(plan.facts.duration_s), *(line.end_s for line in lines)]),
        preset=PRESETS[plan.settings.loudness],
        coding=Coding(
            MIX_HZ,
            output_channels(plan.settings.channels, kept),
            plan.profile.audio_bitrate_kbps,
            plan.profile.tries_mid_side,
        ),
    )


def _is_separated(context: StageContext) -> bool:
    return BED_FLAC in context.records[StageName.SEPARATE].outputs


def _lines(context: StageContext) -> list[Line]:
    """The clips to lay, each with the original speech it stands for."""
    transcript = read_transcript(context.workspace, StageName.SYNTHESIZE)
    source = {segment.id: segment for segment in transcript.segments}
    clips = context.workspace.path(StageName.SYNTHESIZE, CLIPS)
    return [
        Line(
            clip=clips / placed.clip,
            start_s=placed.start_s,
            end_s=placed.end_s,
            source_start_s=source[placed.segment_id].start_s,
            source_end_s=source[placed.segment_id].end_s,
            segment_id=placed.segment_id,
        )
        for placed in read_placements(context.workspace)
    ]


@contextmanager
def _blended(context: StageContext, mixed: Ingredients, folder: Path) -> Iterator[tuple[Blend, dict[str, Path]]]:
    """The unmastered mix, and its stems by the name they will have.

    They are large and quickly made again, so they are never kept: only their temporary names exist.
    """
    names = [DUB_AUDIO, *([DIALOGUE_AUDIO, BED_AUDIO] if context.plan.settings.stems else [])]
    wavs = [folder / f"{name}.wav{PARTIAL_SUFFIX}" for name in names]
    try:
        levels = _blend(context, mixed, wavs)
        yield Blend(wavs[0], levels, mixed.length_s, mixed.dialogue), dict(zip(names[1:], wavs[1:], strict=True))
    finally:
        for wav in wavs:
            wav.unlink(missing_ok=True)


def _blend(context: StageContext, mixed: Ingredients, wavs: Sequence[Path]) -> Levels:
    """Writes the mix (and its stems) and measures it on the way; the next block is mixed while one is written."""
    channels = mixed.coding.channels
    levels = Levels(MIX_HZ, channels=channels, dialogue=mixed.dialogue)

    def keep(block: Block) -> None:
        whole = block.mix
        with storage_errors(wavs[0].parent):
            for file, samples in zip(files, (whole, block.dialogue, block.bed), strict=False):
                file.write(samples)
        levels.add(whole)

    with ExitStack() as stack:
        files = [stack.enter_context(sound_file(wav, MIX_HZ, channels, "FLOAT", "RF64")) for wav in wavs]
        writer = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="blend"))
        writing: Future[None] | None = None
        for block in blocks(
            mixed.bed,
            mixed.dubbed.lines,
            mixed.dubbed.gains,
            length_s=mixed.length_s,
            channels=channels,
            on_position=lambda part: context.report.fraction(BLEND_SHARE * part),
        ):
            context.cancel.raise_if_canceled()
            if writing is not None:
                writing.result()
            writing = writer.submit(keep, block)
        if writing is not None:
            writing.result()
    return levels


def _second_part(context: StageContext) -> Callable[[float], None]:
    return lambda part: context.report.fraction(BLEND_SHARE + MASTER_SHARE * part)


def _describe(mastered: Mastered, mixed: Ingredients) -> dict[str, Any]:
    return {
        "integrated_lufs": round(mastered.loudness_lufs, 2),
        "true_peak_db": round(mastered.true_peak_db, 2),
        "gain_db": round(mastered.gain_db, 2),
        "target_lufs": mixed.preset.target_lufs,
        "true_peak_limit_db": mixed.preset.true_peak_limit_db,
        "gate": mixed.preset.gate,
        "channels": mixed.coding.channels,
        "encodings": mastered.encodings,
    }


def _report(context: StageContext, mastered: Mastered, preset: Preset, leak: dict[str, float]) -> None:
    message = f"{mastered.loudness_lufs:.1f} LUFS, true peak {mastered.true_peak_db:.1f} dBTP"
    context.report.log(message, lufs=round(mastered.loudness_lufs, 2), true_peak_db=round(mastered.true_peak_db, 2))
    if not mastered.holds(preset) and mastered.loudness_lufs > -60:
        context.report.log(f"the loudness target of {preset.target_lufs:g} LUFS was not met", Level.WARNING)
    for segment_id, level_db in leak.items():
        if level_db > LEAK_LIMIT_DB:
            message = f"segment {segment_id}: the original speech is still heard under the dub, at {level_db:.0f} dB"
            context.report.log(message, Level.WARNING)


STAGE = Stage(StageName.MIX, inputs, run)
