"""A thousand ways to alter a sealed file: none gives out a byte that was not in it, at the place it was."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.errors import FileDamaged, KeyMissing, VaultError
from pipeline.vault import reading, sealing
from pipeline.vault.header import HEADER_BYTES, MAGIC, SLOT_BYTES
from pipeline.vault.keys import KeyRing
from pipeline.vault.segments import SEGMENT_BYTES
from tests.vault.rings import ring

SEGMENTS = 3
LENGTH = SEGMENTS * SEGMENT_BYTES + 999
PLAIN = random.Random(7).randbytes(LENGTH)
OBJECT = "upload/1"
Change = Callable[[bytearray, random.Random], None]


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return _sealed(tmp_path_factory.mktemp("sealed") / "film", PLAIN, OBJECT)


def flip_in_the_stream(content: bytearray, chance: random.Random) -> None:
    content[chance.randrange(HEADER_BYTES, len(content))] ^= 1 << chance.randrange(8)


def flip_in_the_header(content: bytearray, chance: random.Random) -> None:
    content[chance.randrange(len(MAGIC), 140)] ^= 1 << chance.randrange(8)


def truncate(content: bytearray, chance: random.Random) -> None:
    del content[chance.randrange(len(MAGIC), len(content)) :]


def truncate_between_segments(content: bytearray, chance: random.Random) -> None:
    del content[HEADER_BYTES + chance.randrange(1, SEGMENTS) * SEGMENT_BYTES :]


def append(content: bytearray, chance: random.Random) -> None:
    content += chance.randbytes(chance.choice([1, 16, SEGMENT_BYTES]))


def swap_segments(content: bytearray, chance: random.Random) -> None:
    first, second = (HEADER_BYTES + number * SEGMENT_BYTES for number in chance.sample(range(1, SEGMENTS), 2))
    one, other = content[first : first + SEGMENT_BYTES], content[second : second + SEGMENT_BYTES]
    content[first : first + SEGMENT_BYTES], content[second : second + SEGMENT_BYTES] = other, one


def leave_one_out(content: bytearray, chance: random.Random) -> None:
    start = HEADER_BYTES + chance.randrange(1, SEGMENTS) * SEGMENT_BYTES
    del content[start : start + SEGMENT_BYTES]


CHANGES: dict[Change, int] = {
    flip_in_the_stream: 400,
    flip_in_the_header: 100,
    truncate: 150,
    truncate_between_segments: 50,
    append: 100,
    swap_segments: 100,
    leave_one_out: 50,
}


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_nothing_is_given_out_past_what_was_altered(tmp_path: Path, sealed: bytes, change: Change) -> None:
    path = tmp_path / "film"
    for seed in range(CHANGES[change]):
        content = bytearray(sealed)
        change(content, random.Random(seed))
        path.write_bytes(content)

        given, is_refused = _given_out(path, OBJECT, ring("a"))

        assert is_refused, f"{change.__name__} {seed} was not noticed"
        assert PLAIN.startswith(given), f"{change.__name__} {seed} gave out what was never in it"


def test_fifty_files_do_not_open_as_another_object_or_with_the_stream_of_another(tmp_path: Path, sealed: bytes) -> None:
    path, other = tmp_path / "film", _sealed(tmp_path / "other", PLAIN[::-1], OBJECT)
    path.write_bytes(sealed)
    for number in range(49):
        assert _given_out(path, f"upload/1{number}", ring("a")) == (b"", True)

    path.write_bytes(sealed[:HEADER_BYTES] + other[HEADER_BYTES:])
    assert _given_out(path, OBJECT, ring("a")) == (b"", True)


def test_a_missing_key_and_a_wrong_one_of_the_same_name_are_told_apart(tmp_path: Path, sealed: bytes) -> None:
    path = tmp_path / "film"
    path.write_bytes(sealed)
    [other] = ring("b").keys
    impostor = KeyRing([type(other)("a", other.secret)])

    with pytest.raises(KeyMissing):
        reading.opened(path, OBJECT, None)
    with pytest.raises(KeyMissing):
        reading.opened(path, OBJECT, ring("b"))
    with pytest.raises(FileDamaged):
        reading.opened(path, OBJECT, impostor)


def test_a_header_of_which_one_block_was_torn_still_opens(tmp_path: Path, sealed: bytes) -> None:
    path = tmp_path / "film"
    torn = bytearray(sealed)
    torn[SLOT_BYTES : SLOT_BYTES + 512] = sealed[:512]  # half of another wrapping
    torn[SLOT_BYTES + 100 : SLOT_BYTES + 512] = bytes(412)
    path.write_bytes(torn)

    with reading.opened(path, OBJECT, ring("a")) as file:
        assert file.read(0, LENGTH) == PLAIN


def _sealed(path: Path, plain: bytes, object_id: str) -> bytes:
    path.write_bytes(plain)
    sealing.seal_in_place(path, object_id, ring("a"))
    return path.read_bytes()


def _given_out(path: Path, object_id: str, keys: KeyRing) -> tuple[bytes, bool]:
    """What a reader gets, piece by piece, and whether it is told that something is wrong."""
    given = b""
    try:
        with reading.opened(path, object_id, keys) as file:
            while piece := file.read(len(given), SEGMENT_BYTES // 2):
                given += piece
    except VaultError:
        return given, True
    return given, False
