"""Clips of speech, kept by what they were made from: changing one line speaks one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import numpy as np
import soundfile

from pipeline.audio.writing import write_sound
from pipeline.engines.base import Manner, Speech, TtsSession
from pipeline.media import ffmpeg
from pipeline.stages.base import StageContext, identity
from pipeline.stages.synthesize.lines import Line
from pipeline.storage import PARTIAL_SUFFIX, atomic_path
from pipeline.workspace import fingerprint

VERSION = 1
# A clip within this share of the wanted length is left as it is.
STRETCH_TOLERANCE = 0.01
NATURAL = 1.0


class Clips:
    """Speaks lines into a folder with one engine session, several at once.

    `spoken` counts the clips it made, `kept` those that were there already.
    """

    def __init__(self, context: StageContext, folder: Path) -> None:
        self._context = context
        self._engine = context.plan.tts.engine
        self._identity = identity(context.plan.tts)  # asks the engine for its version: once, not for every clip
        self._folder = folder
        self._session: TtsSession | None = None
        self.spoken = 0
        self._wanted: set[str] = set()
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def name(self, line: Line, rate: float = NATURAL) -> str:
        """The clip's file name; the same for the same words in the same voice at the same rate."""
        made_from = {
            "version": VERSION,
            "engine": self._identity,
            "voice": line.voice.id,
            "text": line.said,
            "rate": round(rate, 3),
            "pitch_semitones": line.pitch_semitones,
        }
        return f"{fingerprint(made_from)[:24]}.flac"

    def has(self, line: Line) -> bool:
        """Whether the line was spoken at its natural rate before."""
        return (self._folder / self.name(line)).exists()

    def missing(self, lines: Sequence[Line]) -> set[str]:
        """The ids of the lines that are not spoken at their natural rate; of a line said twice, the first one's."""
        first = {self.name(line): line.id for line in reversed(lines)}
        return {line_id for name, line_id in first.items() if not (self._folder / name).exists()}

    @property
    def kept(self) -> int:
        return len(self._wanted) - self.spoken

    def length_s(self, line: Line, rate: float = NATURAL) -> float:
        info = soundfile.info(self._folder / self.name(line, rate))
        return float(info.duration)

    def speak(self, lines: Sequence[Line], rates: Mapping[str, float], share: tuple[float, float]) -> None:
        """Speaks the clips that are not there yet; a segment without a rate is spoken at the natural one.

        `share` is the part of the stage's progress this is.
        """
        # By name, because a line said twice is one clip.
        wanted = {self.name(line, rates.get(line.id, NATURAL)): line for line in lines}
        self._wanted |= wanted.keys()
        todo = [line for name, line in wanted.items() if not (self._folder / name).exists()]
        if not todo:
            return
        session = self._start()
        with ThreadPoolExecutor(session.parallelism) as pool:
            futures = [pool.submit(self._speak, session, line, rates.get(line.id, NATURAL)) for line in todo]
            try:
                for count, future in enumerate(as_completed(futures), start=1):
                    future.result()
                    self.spoken += 1
                    self._context.report.fraction(share[0] + (share[1] - share[0]) * count / len(todo))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _start(self) -> TtsSession:
        """Opened only when a clip is missing: models are slow to load."""
        if self._session is None:
            opening = self._engine.open(self._context.plan.target_language, self._context.session_options())
            self._session = self._opened.enter_context(opening)
        return self._session

    def _speak(self, session: TtsSession, line: Line, rate: float) -> None:
        self._context.cancel.raise_if_canceled()
        slowest, fastest = self._engine.rate_limits
        manner = Manner(min(fastest, max(slowest, rate)), line.pitch_semitones)
        speech = session.speak(line.said, line.voice, manner)
        with atomic_path(self._folder / self.name(line, rate)) as clip:
            wanted_s = speech.duration_s if rate == NATURAL else self.length_s(line) / rate
            if speech.duration_s <= wanted_s * (1 + STRETCH_TOLERANCE):
                _write(clip, speech)
            else:
                self._stretch(clip, speech, speech.duration_s / wanted_s)

    def _stretch(self, clip: Path, speech: Speech, factor: float) -> None:
        """Shortens `speech` by `factor` with its pitch kept."""
        whole = clip.with_name(f"{clip.name}.whole{PARTIAL_SUFFIX}")
        try:
            _write(whole, speech)
            ffmpeg.run(
                [
                    "-i", ffmpeg.output(whole), "-af", f"rubberband=tempo={factor:.4f}:formant=preserved",
                    "-c:a", "flac", "-f", "flac", ffmpeg.output(clip),
                ],
                what="change the speed of a clip",
                cancel=self._context.cancel,
            )  # fmt: skip
        finally:
            whole.unlink(missing_ok=True)


def _write(path: Path, speech: Speech) -> None:
    # A line with nothing to say, such as “…”, is a moment of silence: a FLAC without a sample cannot be read.
    samples = speech.samples if len(speech.samples) else np.zeros(speech.sample_rate_hz // 1000, dtype=np.float32)
    write_sound(path, samples, speech.sample_rate_hz, "PCM_16", "FLAC")
