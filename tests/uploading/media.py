"""Media of any size whose every byte counts: noise in a WAV file."""

from __future__ import annotations

import hashlib
import random
import struct
from pathlib import Path

HEADER_BYTES = 44
RATE_HZ = 48_000
PIECE_BYTES = 1024 * 1024


def noise(size_bytes: int, seed: int = 1) -> bytes:
    """A WAV file of exactly `size_bytes`, another one for each seed."""
    samples = size_bytes - HEADER_BYTES
    return _header(samples) + random.Random(seed).randbytes(samples)


def write_noise(path: Path, size_bytes: int, seed: int = 1) -> str:
    """The same as a file, however large; its SHA-256 in hexadecimal digits."""
    source, digest = random.Random(seed), hashlib.sha256()
    left_bytes = size_bytes - HEADER_BYTES
    with path.open("wb") as file:
        piece = _header(left_bytes)
        while piece:
            digest.update(piece)
            file.write(piece)
            piece = source.randbytes(min(left_bytes, PIECE_BYTES))
            left_bytes -= len(piece)
    return digest.hexdigest()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _header(samples_bytes: int) -> bytes:
    """One channel of 16 bits."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE_HZ, RATE_HZ * 2, 2, 16)
    return b"RIFF" + struct.pack("<I", 36 + samples_bytes) + b"WAVE" + form + b"data" + struct.pack("<I", samples_bytes)
