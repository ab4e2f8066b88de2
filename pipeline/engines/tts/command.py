"""What the speech engines that are programs share: running one bounded and cancelable, and reading its WAV."""

from __future__ import annotations

import io
import subprocess
import time
from collections.abc import Sequence
from typing import IO

import numpy as np
import soundfile

from pipeline.engines.base import Samples, Speech
from pipeline.errors import EngineFailed
from pipeline.processes import end_group, start
from pipeline.progress import CancelToken

TIMEOUT_S = 60.0  # a minute of speech takes under a second
POLL_S = 0.1
STDERR_TAIL = 200
SILENCE = 10 ** (-50 / 20)  # quieter than −50 dBFS is silence
# So is what stays this far below the line's own level: flite's awb brings 0.15 s of its studio's noise along.
BELOW_SPEECH = 10 ** (-35 / 20)
BLOCK_S = 0.005  # what a level is measured over
KEPT_S = 0.005  # of silence at each end, so that no edge is cut hard
HEADER_BYTES = 44


def run(argv: Sequence[str], text: bytes, *, name: str, cancel: CancelToken) -> bytes:
    """What the program wrote to stdout when given `text` on stdin.

    Raises EngineFailed with the end of its stderr, or when it takes too long, and Canceled.
    """
    cancel.raise_if_canceled()
    try:
        process = start(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except OSError as error:
        raise EngineFailed(f"{name} could not be started: {error}") from error
    deadline = time.monotonic() + TIMEOUT_S
    unsent: bytes | None = text
    try:
        while True:
            try:
                out, said = process.communicate(unsent, timeout=POLL_S)
                break
            except subprocess.TimeoutExpired:
                unsent = None  # `communicate` goes on with what it was given first, and refuses it a second time
                cancel.raise_if_canceled()
                if time.monotonic() > deadline:
                    raise EngineFailed(f"{name} did not finish a line within {TIMEOUT_S:.0f} s") from None
    except BaseException:
        end_group(process, grace_s=0)
        _close(process.stdin, process.stdout, process.stderr)
        raise
    if process.returncode != 0:
        reason = said.decode("utf-8", "replace").strip()[-STDERR_TAIL:] or f"exit status {process.returncode}"
        raise EngineFailed(f"{name} could not speak a line: {reason}")
    return out


def has_words(text: str) -> bool:
    """False for what nobody would say aloud: nothing, or punctuation and symbols alone."""
    return any(each.isalnum() for each in text)


def silence(sample_rate_hz: int) -> Speech:
    return Speech(np.zeros(0, np.float32), sample_rate_hz)


def trimmed(samples: Samples, sample_rate_hz: int, name: str) -> Speech:
    """Without the silence at both ends. Raises EngineFailed when there is nothing but silence."""
    block = round(BLOCK_S * sample_rate_hz)
    padded = np.pad(samples, (0, -len(samples) % block))
    levels = np.sqrt(np.mean(padded.reshape(-1, block) ** 2, axis=1))
    speech = float(np.sqrt(np.mean(samples**2))) if len(samples) else 0.0
    loud = np.flatnonzero(levels > max(SILENCE, BELOW_SPEECH * speech))
    if not loud.size:
        raise EngineFailed(f"{name} said nothing for a line that has words in it")
    kept = round(KEPT_S * sample_rate_hz)
    first, stop = loud[0] * block - kept, (loud[-1] + 1) * block + kept
    return Speech(samples[max(0, first) : stop].copy(), sample_rate_hz)


def read_streamed_wav(data: bytes, name: str) -> tuple[Samples, int]:
    """Mono 16-bit WAV written to a pipe: the lengths in its header are made up, the data goes on to the end."""
    if len(data) < HEADER_BYTES or data[:4] != b"RIFF" or data[36:40] != b"data":
        raise EngineFailed(f"{name} did not answer with sound")
    sample_rate_hz = int.from_bytes(data[24:28], "little")
    even = len(data) - (len(data) - HEADER_BYTES) % 2
    samples = np.frombuffer(data[HEADER_BYTES:even], "<i2").astype(np.float32) / np.float32(32768)
    return samples, sample_rate_hz


def read_wav(data: bytes, name: str) -> tuple[Samples, int]:
    """A proper mono WAV. Raises EngineFailed."""
    try:
        samples, sample_rate_hz = soundfile.read(io.BytesIO(data), dtype="float32")
    except soundfile.SoundFileError as error:
        raise EngineFailed(f"{name} did not answer with sound") from error
    return np.asarray(samples, np.float32), int(sample_rate_hz)


def clamp(rate: float, limits: tuple[float, float]) -> float:
    return min(max(rate, limits[0]), limits[1])


def _close(*pipes: IO[bytes] | None) -> None:
    for pipe in pipes:
        if pipe is not None:
            pipe.close()
