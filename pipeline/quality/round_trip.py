"""Whether the dub can be understood: a recogniser listens to every clip, and its word errors are counted.

Slow, so only where asked for (`check_speech`); what was heard is remembered by clip.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from rapidfuzz.distance import Levenshtein

from pipeline import languages
from pipeline.audio.vad import SAMPLE_RATE_HZ
from pipeline.audio.writing import sound_file
from pipeline.engines import registry
from pipeline.engines.base import Samples, Window
from pipeline.engines.registry import AsrSelection
from pipeline.errors import EngineNotReady, PairUnsupported
from pipeline.progress import Level
from pipeline.quality.findings import Code, Finding
from pipeline.quality.material import Line, Material
from pipeline.settings import AUTO
from pipeline.stages.base import StageContext, identity
from pipeline.storage import PARTIAL_SUFFIX, make_folder
from pipeline.workspace import Journal, fingerprint

FOLDER = "quality"
PAUSE_S = 0.4
# A recogniser makes errors of its own: PocketSphinx 13 to 18 % on clear synthetic voices, more on others.
WORD_ERRORS_HIGH = 0.5
LINE_ERRORS_HIGH = 0.8
LINE_WORDS = 3  # in a shorter line one error is too much of it
SHOWN_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class Heard:
    """`word_errors` is edits over words of all lines; None when nothing could be recognised."""

    word_errors: float | None
    findings: tuple[Finding, ...]


def recogniser(language: str) -> AsrSelection | None:
    """None where no engine that is ready understands `language`."""
    try:
        return registry.select_asr(AUTO, language)
    except (EngineNotReady, PairUnsupported):
        return None


def listen(context: StageContext, material: Material) -> Heard | None:
    """None where it was not asked for. Raises EngineFailed and Canceled."""
    if not context.plan.settings.check_speech:
        return None
    asr = recogniser(material.target_language)
    if asr is None:
        target = languages.name(material.target_language)
        reason = f"no speech recognition engine is ready for {target}"
        return Heard(None, (Finding(Code.NOT_CHECKED, Level.INFO, 0.0, detail=reason),))
    texts = _recognize(context, material, asr)
    errors = [(line, text, _errors(line, text)) for line, text in texts]
    words = sum(len(words_of(line.segment.translation or "")) for line, _ in texts)
    share = sum(count for _, _, count in errors) / words if words else 0.0
    return Heard(share, tuple(_findings(errors, share)))


def words_of(text: str) -> list[str]:
    """Words to compare: without case and punctuation; `it’s` and `it's` are one."""
    return re.findall(r"[\w']+", text.casefold().replace("’", "'"))


def word_errors(said: Sequence[str], heard: Sequence[str]) -> int:
    """Words put in, left out or changed (the numerator of the word error rate)."""
    return int(Levenshtein.distance(list(said), list(heard)))


def _errors(line: Line, text: str) -> int:
    return word_errors(words_of(line.segment.translation or ""), words_of(text))


def _findings(errors: Sequence[tuple[Line, str, int]], share: float) -> Iterator[Finding]:
    if share > WORD_ERRORS_HIGH:
        yield Finding(Code.WORD_ERRORS, Level.WARNING, share)
    for line, text, count in errors:
        words = len(words_of(line.segment.translation or ""))
        if words >= LINE_WORDS and count / words > LINE_ERRORS_HIGH:
            segment = line.segment
            detail = text[:SHOWN_CHARACTERS]
            yield Finding(Code.WORD_ERRORS, Level.INFO, count / words, segment.id, segment.start_s, detail)


def _recognize(context: StageContext, material: Material, asr: AsrSelection) -> list[tuple[Line, str]]:
    folder = context.workspace.root / FOLDER
    make_folder(folder)
    search = context.plan.profile.asr_search
    key = fingerprint({"engine": identity(asr), "language": material.target_language, "search": search})[:16]
    with Journal(folder / f"heard-{key}.jsonl") as journal:
        missing = list(
            {line.clip.clip: line for line in material.lines if journal.get(line.clip.clip) is None}.values()
        )
        if missing:
            sound = folder / f"clips.wav{PARTIAL_SUFFIX}"
            try:
                windows = _write_clips(sound, missing, material.clips)
                with asr.engine.open(material.target_language, context.session_options()) as session:
                    for done in session.recognize(sound, windows):
                        context.cancel.raise_if_canceled()
                        text = " ".join(word.text.strip() for word in done.words)
                        journal.put(missing[done.window.index].clip.clip, text)
            finally:
                sound.unlink(missing_ok=True)
        return [(line, str(journal.get(line.clip.clip) or "")) for line in material.lines]


def _write_clips(sound: Path, lines: Sequence[Line], clips: Path) -> list[Window]:
    """One 16 kHz recording of all clips, and where each of them is."""
    windows, at = [], 0
    pause = np.zeros(round(PAUSE_S * SAMPLE_RATE_HZ), dtype=np.float32)
    with sound_file(sound, SAMPLE_RATE_HZ, 1, "PCM_16", "WAV") as file:
        file.write(pause)
        at += len(pause)
        for index, line in enumerate(lines):
            clip = _clip(clips / line.clip.clip)
            file.write(clip)
            windows.append(Window(index, at / SAMPLE_RATE_HZ, (at + len(clip)) / SAMPLE_RATE_HZ))
            file.write(pause)
            at += len(clip) + len(pause)
    return windows


def _clip(path: Path) -> Samples:
    samples, rate_hz = soundfile.read(path, dtype="float32")
    resampled: Samples = soxr.resample(samples, rate_hz, SAMPLE_RATE_HZ)
    return resampled
