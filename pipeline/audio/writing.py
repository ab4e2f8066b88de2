"""Sound files of which nothing is lost: libsndfile says nothing when what it writes on closing is refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt
import soundfile


@contextmanager
def sound_file(path: Path, rate_hz: int, channels: int, subtype: str, format_: str) -> Iterator[soundfile.SoundFile]:
    """A new file to write blocks to. Raises OSError when any of it could not be written."""
    with open(path, "w+b", buffering=0) as file:
        bytes_ = _Bytes(file)
        try:
            with soundfile.SoundFile(bytes_, "w", rate_hz, channels, subtype, format=format_) as sound:
                yield sound
        finally:
            bytes_.raise_if_refused()  # it is the reason of what libsndfile said, if it said anything


def write_sound(path: Path, samples: npt.NDArray[np.generic], rate_hz: int, subtype: str, format_: str) -> None:
    """`samples` are of shape (frames,) or (frames, channels). Raises OSError."""
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    with sound_file(path, rate_hz, channels, subtype, format_) as file:
        file.write(samples)


class _Bytes:
    """The file as libsndfile is given it; remembers what was refused."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._refused: OSError | None = None
        self.read, self.seek, self.tell = file.read, file.seek, file.tell

    def write(self, data: bytes) -> int:
        written = 0
        try:
            while written < len(data):  # a disk that is almost full takes a part
                written += self._file.write(data[written:])
        except OSError as error:
            self._refused = error
        return written

    def raise_if_refused(self) -> None:
        if self._refused is not None:
            raise self._refused
