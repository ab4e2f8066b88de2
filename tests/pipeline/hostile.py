"""Files made to deceive: each gives itself out for a film, to have another file opened or its reader worn out."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

IN_OPEN = 0x20
ALIAS_VOLUME_BYTES, ALIAS_NAME_BYTES = 28, 64


@contextmanager
def watched(path: Path) -> Iterator[list[int]]:
    """A list that holds, when the block has ended, one entry for every time somebody opened `path`."""
    libc = ctypes.CDLL(None, use_errno=True)
    watch = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    assert libc.inotify_add_watch(watch, os.fsencode(path), IN_OPEN) >= 0
    opened: list[int] = []
    try:
        yield opened
        with open(watch, "rb", buffering=0, closefd=False) as events:
            opened += [1] * (len(events.read(4096) or b"") // 16)
    finally:
        os.close(watch)


@contextmanager
def listening() -> Iterator[socket.socket]:
    """A socket on this machine that nobody is expected to call."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def was_called(server: socket.socket) -> bool:
    try:
        server.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def playlists(target: str) -> dict[str, str]:
    """Texts that name another file or address, by what they are."""
    hls = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:5\n"
    return {
        "HLS": f"{hls}#EXTINF:5,\n{target}\n#EXT-X-ENDLIST\n",
        "HLS after blanks": f"\n \n{hls}#EXTINF:5,\n{target}\n#EXT-X-ENDLIST\n",
        "HLS key": f'{hls}#EXT-X-KEY:METHOD=AES-128,URI="{target}"\n#EXTINF:5,\n{target}\n#EXT-X-ENDLIST\n',
        "HLS map": f'{hls}#EXT-X-MAP:URI="{target}"\n#EXTINF:5,\n{target}\n#EXT-X-ENDLIST\n',
        "master": f'#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="a",URI="{target}"\n'
        f'#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="a"\n{target}\n',
        "concat": f"ffconcat version 1.0\nfile '{target}'\n",
        "DASH": '<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        'mediaPresentationDuration="PT5S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1" '
        f'bandwidth="1"><BaseURL>{target}</BaseURL></Representation></AdaptationSet></Period></MPD>',
        "PLS": f"[playlist]\nFile1={target}\nNumberOfEntries=1\n",
        "ASX": f'<asx version="3.0"><entry><ref href="{target}"/></entry></asx>',
    }


def other_texts(target: str) -> dict[str, str]:
    return {
        "picture": f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="{target}"/></svg>',
        "web page": f'<!doctype html><html><body><video src="{target}"></video></body></html>',
        "text": f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns={target}\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
    }


def with_outside_data(film: bytes, other: Path) -> bytes:
    """An MP4 whose first track says that its data are in the file `other`, as QuickTime allowed."""
    alias = b"alis" + bytes(4) + bytes(10) + bytes(ALIAS_VOLUME_BYTES) + bytes(12) + bytes(ALIAS_NAME_BYTES)
    alias += bytes(16) + struct.pack(">hh", 1, 1) + bytes(16)
    path = os.fsencode(other)
    alias += struct.pack(">hh", 2, len(path)) + path + bytes(len(path) % 2) + struct.pack(">h", -1)
    entry = struct.pack(">I", 4 + len(alias)) + alias
    start = film.index(b"dref") - 4
    size = struct.unpack_from(">I", film, start)[0]
    changed = film[: start + 16] + entry + film[start + size :]
    grown = len(changed) - len(film)
    for box in (b"dref", b"dinf", b"minf", b"mdia", b"trak", b"moov"):
        changed = _grown(changed, changed.rindex(box, 0, start + 8) - 4, grown)
    return changed


def _grown(film: bytes, box_at: int, by_bytes: int) -> bytes:
    size = struct.unpack_from(">I", film, box_at)[0]
    return film[:box_at] + struct.pack(">I", size + by_bytes) + film[box_at + 4 :]


def with_endless_index(film: bytes, samples: int) -> bytes:
    """An MP4 of a few kilobytes whose last track claims to have `samples` samples of one byte."""
    changed = bytearray(film)
    sizes, times, chunks = (film.rindex(box) for box in (b"stsz", b"stts", b"stsc"))
    struct.pack_into(">II", changed, sizes + 8, 1, samples)
    struct.pack_into(">I", changed, times + 12, samples)
    struct.pack_into(">I", changed, chunks + 16, samples)
    return bytes(changed)
