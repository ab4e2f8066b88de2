"""Tink's streaming encryption AES256_GCM_HKDF: a stream cut into segments, each of which opens on its own.

The stream begins with its header: its length in one byte, a salt, the first bytes of every nonce. Each segment is
AES-256-GCM under a key derived from the stream's key, the salt and the associated data; the nonce ends in the segment's
number and a mark on the last one, so that none can be left out, moved, added or taken from another stream.
Source: https://developers.google.com/tink/wire-format#streaming_aead (AesGcmHkdfStreaming).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pipeline.errors import FileDamaged

# Of 64 KiB to 1 MiB the size at which both ends are fast: after every segment a thread that opens them has to wait for
# the one that sends them, and a larger one has a range of 256 KiB open more than it gives out. A file says its own. See
# docs/encryption.md for figures.
SEGMENT_BYTES = 256 * 1024
TAG_BYTES = 16
SALT_BYTES = 32
PREFIX_BYTES = 7
HEADER_BYTES = 1 + SALT_BYTES + PREFIX_BYTES


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the bytes of a plaintext of `size_bytes` lie in its stream, which has so many segments and bytes. The first
    segment shares its room with the stream's header.
    """

    size_bytes: int
    segment_bytes: int = SEGMENT_BYTES
    segments: int = field(init=False)
    stream_bytes: int = field(init=False)

    def __post_init__(self) -> None:
        """What is asked for with every segment is reckoned once."""
        beyond = max(self.size_bytes - (self._whole_bytes - HEADER_BYTES), 0)
        segments = 1 + -(-beyond // self._whole_bytes)
        object.__setattr__(self, "segments", segments)
        object.__setattr__(self, "stream_bytes", HEADER_BYTES + self.size_bytes + segments * TAG_BYTES)

    @property
    def _whole_bytes(self) -> int:
        return self.segment_bytes - TAG_BYTES

    def segment_of(self, offset: int) -> int:
        """The number of the segment that holds the byte at `offset`, which lies in the plaintext."""
        return (offset + HEADER_BYTES) // self._whole_bytes

    def plain_start(self, number: int) -> int:
        return max(number * self._whole_bytes - HEADER_BYTES, 0)

    def plain_end(self, number: int) -> int:
        return min((number + 1) * self._whole_bytes - HEADER_BYTES, self.size_bytes)

    def stream_start(self, number: int) -> int:
        return number * self.segment_bytes if number else HEADER_BYTES

    def stream_end(self, number: int) -> int:
        return min((number + 1) * self.segment_bytes, self.stream_bytes)


class StreamCipher:
    """Opens and makes the segments of one stream."""

    def __init__(self, key: bytes, header: bytes, associated_data: bytes, layout: Layout) -> None:
        salt, self._prefix = header[1 : 1 + SALT_BYTES], header[1 + SALT_BYTES :]
        derive = HKDF(algorithm=SHA256(), length=32, salt=salt, info=associated_data)
        self._cipher = AESGCM(derive.derive(key))
        self._last = layout.segments - 1

    def seal(self, number: int, plain: bytes) -> bytes:
        return self._cipher.encrypt(self._nonce(number), plain, None)

    def open(self, number: int, sealed: bytes | memoryview) -> bytes:
        """Raises FileDamaged."""
        try:
            return self._cipher.decrypt(self._nonce(number), sealed, None)
        except InvalidTag as error:
            raise FileDamaged(f"segment {number} was altered, or belongs to another file") from error

    def _nonce(self, number: int) -> bytes:
        is_last = number == self._last
        return self._prefix + number.to_bytes(4, "big") + is_last.to_bytes(1, "big")


def stream(key: bytes, associated_data: bytes, layout: Layout, read: Callable[[int], bytes]) -> Iterator[bytes]:
    """The stream of `layout.size_bytes` bytes that `read` gives, so many at a time.

    Raises FileDamaged where there are fewer or more of them.
    """
    header = bytes([HEADER_BYTES]) + os.urandom(SALT_BYTES + PREFIX_BYTES)
    cipher = StreamCipher(key, header, associated_data, layout)
    yield header
    for number in range(layout.segments):
        length = layout.plain_end(number) - layout.plain_start(number)
        plain = read(length)
        if len(plain) < length:
            raise FileDamaged("the file became shorter while it was sealed")
        yield cipher.seal(number, plain)
    if read(1):
        raise FileDamaged("the file became longer while it was sealed")
