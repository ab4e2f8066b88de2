"""Speech recognition with faster-whisper and a model the owner put on disk. Never downloads anything."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import soundfile

from pipeline.engines.base import READY, EngineKind, Readiness, Recognized, Samples, SessionOptions, Window
from pipeline.errors import EngineFailed
from pipeline.languages import primary
from pipeline.transcript import Word

PACKAGE = "faster_whisper"
MODEL_SETTING = "DUBBING_WHISPER_MODEL"
NEEDED = ("model.bin", "config.json", "tokenizer.json")
VOCABULARIES = ("vocabulary.json", "vocabulary.txt")
REVISION = 1  # counts changes here that change the words
SAMPLE_RATE_HZ = 16000
PADDING_S = 0.15  # of what surrounds a window, so that soft first and last sounds are heard
MULTILINGUAL_MARK = ""  # CTranslate2 takes a vocabulary with an empty token for a multilingual one
BEAM = {"fast": 1, "balanced": 3, "full": 5}
# Whisper's own codes where they are not the canonical ones.
WHISPER_CODES = {"nb": "no", "jv": "jw", "fil": "tl"}


class FasterWhisperSession:
    """One loaded model; one window at a time, on all the cores the session may use."""

    def __init__(self, model: Any, language: str, options: SessionOptions) -> None:
        self._model = model
        self._language = WHISPER_CODES.get(primary(language), primary(language))
        self._options = options
        self._lock = threading.Lock()

    def recognize(self, audio: Path, windows: Iterable[Window]) -> Iterator[Recognized]:
        for window in windows:
            self._options.cancel.raise_if_canceled()
            with self._lock:
                yield Recognized(window, tuple(self._words(audio, window)))

    def _words(self, audio: Path, window: Window) -> Iterator[Word]:
        origin_s = max(0.0, window.start_s - PADDING_S)
        samples = _read(audio, origin_s, window.end_s + PADDING_S)
        if not samples.size:
            return
        last_s = origin_s + len(samples) / SAMPLE_RATE_HZ
        try:
            segments, _ = self._model.transcribe(
                samples,
                language=self._language,
                word_timestamps=True,
                beam_size=BEAM[self._options.profile.asr_search],
                temperature=0.0,  # its fallback to higher ones draws at random: a dub must be repeatable
                condition_on_previous_text=False,  # a window stands alone, so that a resumed dub is the same
                vad_filter=False,
            )
            found = [word for segment in segments for word in segment.words or ()]
        except (RuntimeError, ValueError, IndexError) as error:
            raise EngineFailed(f"faster-whisper failed at {window.start_s:.1f} s: {error}") from error
        for word in found:
            text = word.word.strip()
            start_s = min(origin_s + max(0.0, float(word.start)), last_s)
            end_s = min(max(origin_s + float(word.end), start_s), last_s)
            if text:
                yield Word(round(start_s, 3), round(end_s, 3), text, round(float(word.probability), 4))


class FasterWhisperEngine:
    name = "faster-whisper"
    kind = EngineKind.ASR
    quality = 80
    punctuates = True

    def __init__(self, folder: Path | None = None) -> None:
        """`folder` holds a CTranslate2 Whisper model; None asks the environment each time."""
        self._given = folder

    def readiness(self) -> Readiness:
        if find_spec(PACKAGE) is None:
            return Readiness(False, "the package faster-whisper is not installed", "pip install faster-whisper")
        fix = f"set {MODEL_SETTING} to a folder with {', '.join((*NEEDED, VOCABULARIES[0]))}"
        folder = self._folder()
        if folder is None:
            return Readiness(False, "no Whisper model is configured", fix)
        problem = _problem(folder)
        return Readiness(False, problem, fix) if problem else READY

    def version(self) -> str:
        """Changes when the package, the model or this module does."""
        folder = self._folder()
        digest = sha256()
        for path in sorted(folder.iterdir()) if folder and folder.is_dir() else ():
            digest.update(f"{path.name} {path.stat().st_size} {path.stat().st_mtime_ns}".encode())
        try:
            return f"{version('faster-whisper')}-{REVISION}-{digest.hexdigest()[:12]}"
        except PackageNotFoundError:
            return "none"

    def supports(self, language: str) -> bool:
        folder = self._folder()
        if folder is None or _problem(folder):
            return False
        code = WHISPER_CODES.get(primary(language), primary(language))
        return code == "en" or code in _spoken(folder, (folder / NEEDED[0]).stat().st_mtime_ns)

    @contextmanager
    def open(self, language: str, options: SessionOptions) -> Iterator[FasterWhisperSession]:
        """Raises EngineFailed when the model cannot be loaded."""
        folder = self._folder()
        if folder is None:
            raise EngineFailed(f"no Whisper model is configured; {self.readiness().fix}")
        yield FasterWhisperSession(_load(folder, options.workers), language, options)

    def _folder(self) -> Path | None:
        if self._given is not None:
            return self._given
        configured = os.environ.get(MODEL_SETTING, "").strip()
        return Path(configured).expanduser() if configured else None


def _load(folder: Path, threads: int) -> Any:
    # Local imports: half a second and sixty megabytes that no other engine should pay.
    import ctranslate2
    from faster_whisper import WhisperModel

    device, compute = ("cuda", "float16") if ctranslate2.get_cuda_device_count() else ("cpu", "int8")
    try:
        return WhisperModel(
            str(folder), device=device, compute_type=compute, cpu_threads=threads, local_files_only=True
        )
    except Exception as error:  # the libraries below raise RuntimeError, ValueError, KeyError and plain Exception
        problem = " ".join(str(error).split()) or type(error).__name__
        raise EngineFailed(
            f"the Whisper model in {folder} cannot be loaded ({problem}); copy it there again, complete"
        ) from error


def _problem(folder: Path) -> str:
    """What is wrong with a model's folder as far as its files' names and sizes tell; empty when nothing is."""
    if not folder.is_dir():
        return f"the Whisper model folder {folder} does not exist"
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if not any((folder / name).is_file() for name in VOCABULARIES):
        missing.append(VOCABULARIES[0])
    if missing:
        return f"the Whisper model folder {folder} lacks {', '.join(missing)}"
    empty = [path.name for path in sorted(folder.iterdir()) if path.is_file() and path.stat().st_size == 0]
    return f"the Whisper model folder {folder} has empty files: {', '.join(empty)}" if empty else ""


@cache
def _spoken(folder: Path, changed_ns: int) -> frozenset[str]:
    """The languages of a model: those its tokenizer has a token for, if its vocabulary is the multilingual one."""
    try:
        is_multilingual = MULTILINGUAL_MARK in _vocabulary(folder)
        added = json.loads((folder / "tokenizer.json").read_text("utf-8")).get("added_tokens", [])
    except (OSError, ValueError):
        return frozenset()
    if not is_multilingual:
        return frozenset()
    contents = (str(token.get("content", "")) for token in added)
    return frozenset(
        each[2:-2]
        for each in contents
        if each.startswith("<|") and each.endswith("|>") and 2 <= len(each) - 4 <= 3 and each[2:-2].isalpha()
    )


def _vocabulary(folder: Path) -> list[str]:
    path = next(folder / name for name in VOCABULARIES if (folder / name).is_file())
    text = path.read_text("utf-8")
    return list(json.loads(text)) if path.suffix == ".json" else text.split("\n")[:-1]


def _read(audio: Path, start_s: float, end_s: float) -> Samples:
    with soundfile.SoundFile(str(audio)) as sound:
        start = min(round(start_s * SAMPLE_RATE_HZ), sound.frames)
        sound.seek(start)
        samples: Samples = sound.read(max(0, round(end_s * SAMPLE_RATE_HZ) - start), dtype="float32")
    return samples


ENGINE = FasterWhisperEngine()
