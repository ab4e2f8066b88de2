"""What stands before the stream in a sealed file: the file's own key, wrapped by one of the key ring.

There are two slots, each in a disk block of its own. Another wrapping is written to the slot that is not in use, and
the one in use is cleared only when that is on the disk: whenever the power fails, one of them is whole.
"""

from __future__ import annotations

import os
import secrets
import struct
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pipeline.errors import FileDamaged, KeyMissing
from pipeline.vault.keys import WRAPPING, KeyRing
from pipeline.vault.segments import SEGMENT_BYTES, TAG_BYTES, Layout

MAGIC = b"\x93DubSeal"
VERSION = 1
SLOT_BYTES = 4096
SLOTS = 2
HEADER_BYTES = SLOTS * SLOT_BYTES
NONCE_BYTES = 12
DATA_KEY_BYTES = 32
# magic, version, bytes of a segment, bytes of the plaintext, generation (0: the slot is clear), name of the key
TOLD = struct.Struct(">8sBIQI64s")


@dataclass(frozen=True, slots=True)
class Header:
    """A file's key, unwrapped. `slot` is where its wrapping lies; with `is_alone` the other one is clear."""

    data_key: bytes
    layout: Layout
    key_id: str
    generation: int
    slot: int
    is_alone: bool

    def __repr__(self) -> str:
        return f"Header(key_id={self.key_id!r}, generation={self.generation}, slot={self.slot})"


@dataclass(frozen=True, slots=True)
class _Slot:
    """As it stands there: true only if it opens."""

    told: bytes
    size_bytes: int
    segment_bytes: int
    generation: int
    key_id: str
    wrapped: bytes  # nonce, key, tag


def made(data_key: bytes, size_bytes: int, object_id: str, ring: KeyRing) -> bytes:
    """Of a new file. `object_id` says what the file is; it opens as nothing else."""
    layout = Layout(size_bytes, SEGMENT_BYTES)
    return _packed(Header(data_key, layout, ring.current.id, 1, 0, True), object_id, ring) + _clear(layout)


def read(block: bytes, object_id: str, ring: KeyRing | None) -> Header:
    """From the first HEADER_BYTES of a sealed file. Raises KeyMissing, FileDamaged."""
    if len(block) < HEADER_BYTES:
        raise FileDamaged("the file ends in its header")
    slots = [_slot(block[number * SLOT_BYTES :][:SLOT_BYTES]) for number in range(SLOTS)]
    is_alone = None in slots
    found = [_opened(slot, number, object_id, ring, is_alone) for number, slot in enumerate(slots) if slot]
    opened = [each for each in found if isinstance(each, Header)]
    if opened:
        return max(opened, key=lambda header: header.generation)
    for missing in found:
        if isinstance(missing, KeyMissing):
            raise missing
    raise FileDamaged("the header was altered, or belongs to another file")


def rewrap(file: int, object_id: str, ring: KeyRing) -> bool:
    """Wraps the file's key by the current key, and clears what an older one wrapped; whether there was anything to do.

    The caller keeps others from doing the same. Raises KeyMissing, FileDamaged, OSError.
    """
    header = read(os.pread(file, HEADER_BYTES, 0), object_id, ring)
    is_current = header.key_id == ring.current.id
    if is_current and header.is_alone:
        return False
    if not is_current:
        other = 1 - header.slot
        header = Header(header.data_key, header.layout, ring.current.id, header.generation + 1, other, False)
        _write(file, _packed(header, object_id, ring), other)
    _write(file, _clear(header.layout), 1 - header.slot)
    return True


def _write(file: int, slot: bytes, number: int) -> None:
    os.pwrite(file, slot, number * SLOT_BYTES)
    os.fdatasync(file)


def _packed(header: Header, object_id: str, ring: KeyRing) -> bytes:
    layout, key = header.layout, ring.key(header.key_id)
    told = TOLD.pack(MAGIC, VERSION, layout.segment_bytes, layout.size_bytes, header.generation, key.id.encode())
    nonce = secrets.token_bytes(NONCE_BYTES)
    wrapped = AESGCM(key.derived(WRAPPING)).encrypt(nonce, header.data_key, told + object_id.encode())
    return (told + nonce + wrapped).ljust(SLOT_BYTES, b"\0")


def _clear(layout: Layout) -> bytes:
    """What tells a sealed file stays."""
    told = TOLD.pack(MAGIC, VERSION, layout.segment_bytes, layout.size_bytes, 0, b"")
    return told.ljust(SLOT_BYTES, b"\0")


def _slot(block: bytes) -> _Slot | None:
    """None for one that is clear. Raises FileDamaged for a version that this program does not know."""
    magic, version, segment_bytes, size_bytes, generation, key_id = TOLD.unpack_from(block)
    if magic != MAGIC or not generation:
        return None
    if version != VERSION:
        raise FileDamaged(f"the file was sealed by another version of the program ({version})")
    wrapped = block[TOLD.size :][: NONCE_BYTES + DATA_KEY_BYTES + TAG_BYTES]
    name = key_id.rstrip(b"\0").decode("ascii", "replace")
    return _Slot(block[: TOLD.size], size_bytes, segment_bytes, generation, name, wrapped)


def _opened(
    slot: _Slot, number: int, object_id: str, ring: KeyRing | None, is_alone: bool
) -> Header | KeyMissing | None:
    """None for a slot that does not open with its key."""
    if ring is None:
        return KeyMissing("no encryption keys are set")
    try:
        key = ring.key(slot.key_id)
        nonce, wrapped = slot.wrapped[:NONCE_BYTES], slot.wrapped[NONCE_BYTES:]
        data_key = AESGCM(key.derived(WRAPPING)).decrypt(nonce, wrapped, slot.told + object_id.encode())
    except KeyMissing as error:
        return error
    except InvalidTag:
        return None
    layout = Layout(slot.size_bytes, slot.segment_bytes)
    return Header(data_key, layout, slot.key_id, slot.generation, number, is_alone)
