"""What is sealed here opens with Tink, and what Tink seals opens here, at every length where something could be off."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import tink

from pipeline.errors import FileDamaged
from pipeline.vault import header, reading, sealing
from pipeline.vault.header import DATA_KEY_BYTES, HEADER_BYTES
from pipeline.vault.segments import HEADER_BYTES as STREAM_HEADER_BYTES
from pipeline.vault.segments import SEGMENT_BYTES, TAG_BYTES
from tests.vault import tink_stream
from tests.vault.rings import ring

OBJECT = "upload/1"
FIRST_BYTES = SEGMENT_BYTES - TAG_BYTES - STREAM_HEADER_BYTES
WHOLE_BYTES = SEGMENT_BYTES - TAG_BYTES
LENGTHS = [
    0,
    1,
    FIRST_BYTES - 1,
    FIRST_BYTES,
    FIRST_BYTES + 1,
    FIRST_BYTES + WHOLE_BYTES - 1,
    FIRST_BYTES + WHOLE_BYTES,
    FIRST_BYTES + WHOLE_BYTES + 1,
    10 * WHOLE_BYTES + 12_345,
]


@pytest.mark.parametrize("length", LENGTHS)
def test_tink_opens_what_is_sealed_here(tmp_path: Path, length: int) -> None:
    plain = random.Random(length).randbytes(length)
    path = tmp_path / "film"
    path.write_bytes(plain)

    sealing.seal_in_place(path, OBJECT, ring("a"))

    key = reading.header_of(path, OBJECT, ring("a")).data_key
    assert tink_stream.decrypt(key, OBJECT.encode(), path.read_bytes()[HEADER_BYTES:], SEGMENT_BYTES) == plain


@pytest.mark.parametrize("length", LENGTHS)
def test_what_tink_seals_opens_here(tmp_path: Path, length: int) -> None:
    plain, key = random.Random(length).randbytes(length), random.Random(1).randbytes(DATA_KEY_BYTES)
    path = tmp_path / "film"
    path.write_bytes(
        header.made(key, length, OBJECT, ring("a")) + tink_stream.encrypt(key, OBJECT.encode(), plain, SEGMENT_BYTES)
    )

    with reading.opened(path, OBJECT, ring("a")) as file:
        assert (file.size_bytes, b"".join(file.pieces())) == (length, plain)


def test_tink_refuses_the_stream_of_one_object_as_another(tmp_path: Path) -> None:
    path = tmp_path / "film"
    path.write_bytes(b"plain")
    sealing.seal_in_place(path, OBJECT, ring("a"))
    key = reading.header_of(path, OBJECT, ring("a")).data_key

    with pytest.raises(tink.TinkError):
        tink_stream.decrypt(key, b"upload/2", path.read_bytes()[HEADER_BYTES:], SEGMENT_BYTES)
    with pytest.raises(FileDamaged):
        reading.opened(path, "upload/2", ring("a"))
