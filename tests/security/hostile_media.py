"""Files of a few kilobytes that claim to be huge, and names that are options, protocols and patterns to ffmpeg."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

from tests.pipeline import hostile, media

NAMES = (
    "-i.mp4",
    "-y",
    "%03d.mp4",
    "concat:a|b.mp4",
    "http:..mp4",
    "subfile,,start,0,end,9,,:a.mp4",
    "a\nb.mp4",
    "*.mp4",
)
PICTURE = ("-f", "lavfi", "-i", "testsrc2=size=64x36:rate=10:duration=1")
SOUND = ("-f", "lavfi", "-i", "sine=440:duration=2:sample_rate=48000")
TRACKS = 3000
MATROSKA_DURATION = b"\x44\x89\x88"
SAMPLE_ENTRY_SIZE_AT = 4 + 6 + 2 + 16  # after its name, ISO/IEC 14496-12 12.1.3
HUGE = struct.pack(">HH", 12_000, 12_000)
JPEG_SIZE = b"\xff\xc0\x00\x11\x08"


def good(folder: Path) -> bytes:
    path = folder / "good.mp4"
    media.ffmpeg(*PICTURE, *SOUND, "-c:v", "libx264", "-c:a", "aac", "-shortest", f"file:{path}")
    return path.read_bytes()


def leaping(folder: Path) -> bytes:
    """Two seconds, it says; the times within go over an hour and a half, a minute at a time."""
    path = folder / "leaping.mkv"
    leaps = "asetpts='PTS+48000*30*floor(N/512)'"
    media.ffmpeg(*SOUND, "-af", leaps, "-c:a", "flac", f"file:{path}")
    data = bytearray(path.read_bytes())
    at = data.index(MATROSKA_DURATION) + len(MATROSKA_DURATION)
    data[at : at + 8] = struct.pack(">d", 2000.0)
    at = data.index(b"DURATION") + len(b"DURATION") + 3
    data[at : at + 18] = b"00:00:02.000000000"
    return bytes(data)


def with_huge_pictures(folder: Path) -> bytes:
    """A few kilobytes that say they are 12,000 by 12,000: in the container and in the pictures themselves."""
    path = folder / "huge.mp4"
    media.ffmpeg(*PICTURE, *SOUND, "-c:v", "mjpeg", "-c:a", "aac", "-shortest", f"file:{path}")
    wide = path.read_bytes().replace(JPEG_SIZE + struct.pack(">HH", 36, 64), JPEG_SIZE + HUGE)
    at = wide.index(b"mp4v") + SAMPLE_ENTRY_SIZE_AT
    return wide[:at] + HUGE + wide[at + len(HUGE) :]


def with_thousands_of_tracks(film: bytes) -> bytes:
    moov = film.rindex(b"moov") - 4
    track = film.index(b"trak", moov) - 4
    one = film[track : track + struct.unpack_from(">I", film, track)[0]]
    grown = struct.unpack_from(">I", film, moov)[0] + TRACKS * len(one)
    return film[:moov] + struct.pack(">I", grown) + film[moov + 4 : track] + one * TRACKS + film[track:]


def with_an_index_that_unpacks(size_bytes: int = 0x7FFFFFF0) -> bytes:
    """A compressed index of a hundred bytes that claims to become two gigabytes."""
    packed = zlib.compress(bytes(100_000))
    cmvd = _box(b"cmvd", struct.pack(">I", size_bytes) + packed)
    moov = _box(b"moov", _box(b"cmov", _box(b"dcom", b"zlib") + cmvd))
    return _box(b"ftyp", b"qt  \0\0\0\0qt  ") + moov + _box(b"mdat", bytes(1000))


def endless(film: bytes) -> bytes:
    return hostile.with_endless_index(film, 2_000_000_000)


def _box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + name + content
