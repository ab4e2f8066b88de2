"""Where somebody speaks: Silero VAD finds the stretches, short-time energy finds their edges.

The network and its weights are Silero VAD v6 (https://github.com/snakers4/silero-vad, MIT), which faster-whisper
carries in its wheel. Its state is handed on from block to block, so a recording of any length takes the memory of
one block and gives exactly the windows it would give in one go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from pipeline.audio.windows import BANDS, LEVELS_PER_FRAME, Levels, Windower
from pipeline.engines.base import Samples, Window
from pipeline.errors import EngineNotReady
from pipeline.progress import CancelToken

VERSION = 1  # counts changes here and in `windows` that move a window
SAMPLE_RATE_HZ = 16000
FRAME_SAMPLES = 512  # what the network judges at once: 32 ms
CONTEXT_SAMPLES = 64  # of the frame before, which the network wants to hear again
STATE_SHAPE = (1, 1, 128)
BLOCK_FRAMES = 938  # 30 s
LEVEL_SAMPLES = FRAME_SAMPLES // LEVELS_PER_FRAME
QUIET = 1e-10  # power, −100 dBFS, so that digital silence has a level too
BAND_EDGES_HZ = (100, 250, 450, 700, 1050, 1550, 2300, 3500, 5000, 7900)

_TAPER = (np.hanning(2 * LEVEL_SAMPLES) / LEVEL_SAMPLES).astype(np.float32)
_BAND_BINS = [round(edge * 2 * LEVEL_SAMPLES / SAMPLE_RATE_HZ) for edge in BAND_EDGES_HZ]


def speech_windows(
    audio: Path,
    *,
    cancel: CancelToken,
    on_progress: Callable[[float], None] | None = None,
    block_frames: int = BLOCK_FRAMES,
) -> Iterator[Window]:
    """Yields the stretches of speech in `audio` (16 kHz mono WAV) in order, while it reads.

    A pause of 0.3 s ends a window, and none is longer than 12 s. `on_progress` is told the seconds read.
    Raises Canceled, and EngineNotReady when the network's weights are missing.
    """
    detector = Detector()
    windower = Windower(SAMPLE_RATE_HZ / FRAME_SAMPLES)
    index = 0
    for read_s, block in _blocks(audio, block_frames):
        cancel.raise_if_canceled()
        windower.push(detector.probabilities(block), detector.levels_db(block))
        for start_s, end_s in windower.take():
            yield Window(index, start_s, end_s)
            index += 1
        if on_progress is not None:
            on_progress(read_s)
    windower.finish()
    for start_s, end_s in windower.take():
        yield Window(index, start_s, end_s)
        index += 1


class Detector:
    """Silero VAD over consecutive blocks of whole frames."""

    def __init__(self) -> None:
        self._network = _network()
        self._h = np.zeros(STATE_SHAPE, np.float32)
        self._c = np.zeros(STATE_SHAPE, np.float32)
        self._context = np.zeros(CONTEXT_SAMPLES, np.float32)
        self._tail = np.zeros(LEVEL_SAMPLES, np.float32)

    def probabilities(self, block: Samples) -> Samples:
        """The probability of speech in each frame of `block`, 0..1."""
        frames = block.reshape(-1, FRAME_SAMPLES)
        before = np.vstack([self._context, frames[:-1, -CONTEXT_SAMPLES:]])
        said, self._h, self._c = self._network.run(
            None, {"input": np.hstack([before, frames]), "h": self._h, "c": self._c}
        )
        self._context = frames[-1, -CONTEXT_SAMPLES:]
        return np.asarray(said, np.float32).reshape(-1)

    def levels_db(self, block: Samples) -> Levels:
        """The level in dB of each band in each 8 ms, measured over the 16 ms that end with it."""
        sound = np.concatenate([self._tail, block])
        self._tail = block[-LEVEL_SAMPLES:]
        halves = sound.reshape(-1, LEVEL_SAMPLES)
        power = np.abs(np.fft.rfft(np.hstack([halves[:-1], halves[1:]]) * _TAPER, axis=1)) ** 2
        bands = np.add.reduceat(power, _BAND_BINS, axis=1)[:, :BANDS]
        return np.asarray(10 * np.log10(bands + QUIET), np.float32)


def _blocks(audio: Path, block_frames: int) -> Iterator[tuple[float, Samples]]:
    """Whole frames, the last one filled up with silence, and how many seconds have been read."""
    read = 0
    for samples in soundfile.blocks(str(audio), block_frames * FRAME_SAMPLES, dtype="float32"):
        read += len(samples)
        missing = -len(samples) % FRAME_SAMPLES
        yield read / SAMPLE_RATE_HZ, np.pad(samples, (0, missing)) if missing else samples


def _network() -> Any:
    # Local import: a tenth of a second that `dub --help` must not pay.
    import onnxruntime  # type: ignore[import-untyped]

    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads = options.intra_op_num_threads = 1  # the recognisers have the other cores
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(str(_weights()), sess_options=options, providers=["CPUExecutionProvider"])


def _weights() -> Path:
    spec = find_spec("faster_whisper")
    if spec is None or spec.origin is None:
        raise EngineNotReady("finding speech needs the package faster-whisper; run: pip install faster-whisper")
    found = sorted((Path(spec.origin).parent / "assets").glob("silero_vad*.onnx"))
    if not found:
        raise EngineNotReady(
            "faster-whisper came without its Silero VAD; run: pip install --force-reinstall faster-whisper"
        )
    return found[-1]
