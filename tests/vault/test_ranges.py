"""Any range of a sealed file is that of the plaintext."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipeline.vault import header, reading, sealing
from pipeline.vault.reading import BATCH_BYTES
from pipeline.vault.segments import SEGMENT_BYTES
from tests.vault.rings import ring

LENGTH = 6 * SEGMENT_BYTES + 777
PLAIN = random.Random(5).randbytes(LENGTH)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sealed") / "film"
    path.write_bytes(PLAIN)
    sealing.seal_in_place(path, "dub/1/mp4", ring("a"))
    return path


def test_five_hundred_random_ranges_are_those_of_the_plaintext(film: Path) -> None:
    chance = random.Random(6)

    with reading.opened(film, "dub/1/mp4", ring("a")) as file:
        for _ in range(500):
            offset, length = chance.randrange(LENGTH + 1), chance.choice([1, 100, 70_000, 400_000, LENGTH])
            assert file.read(offset, length) == PLAIN[offset : offset + length], (offset, length)


def test_ranges_that_begin_or_end_where_segments_do_are_whole(film: Path) -> None:
    edges = [edge + shift for edge in range(0, LENGTH, SEGMENT_BYTES - 16) for shift in (-57, -40, -1, 0, 1)]

    with reading.opened(film, "dub/1/mp4", ring("a")) as file:
        for start in filter(lambda edge: 0 <= edge <= LENGTH, edges):
            for length in (1, SEGMENT_BYTES - 16, 3 * SEGMENT_BYTES):
                assert file.read(start, length) == PLAIN[start : start + length], (start, length)


def test_batches_are_the_range_they_were_asked_for(film: Path) -> None:
    chance = random.Random(7)

    with reading.opened(film, "dub/1/mp4", ring("a")) as file:
        for _ in range(50):
            offset, length = chance.randrange(LENGTH), chance.randrange(LENGTH)
            batches = list(file.batches(offset, length))
            read = b"".join(part for batch in batches for part in batch)
            assert read == PLAIN[offset : offset + length], (offset, length)
            assert max(sum(map(len, batch)) for batch in batches) <= BATCH_BYTES + SEGMENT_BYTES


def test_a_file_in_segments_of_another_size_is_read_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "film"
    path.write_bytes(PLAIN)
    with monkeypatch.context() as earlier:
        for module in (header, sealing):
            earlier.setattr(module, "SEGMENT_BYTES", 64 * 1024)
        sealing.seal_in_place(path, "dub/1/mp4", ring("a"))

    with reading.opened(path, "dub/1/mp4", ring("a")) as file:
        assert b"".join(file.pieces()) == PLAIN


def test_threads_may_read_the_same_file_at_once(film: Path) -> None:
    offsets = [random.Random(seed).randrange(LENGTH) for seed in range(200)]

    with reading.opened(film, "dub/1/mp4", ring("a")) as file, ThreadPoolExecutor(4) as threads:
        pieces = list(threads.map(lambda offset: file.read(offset, 100_000), offsets))

    assert pieces == [PLAIN[offset : offset + 100_000] for offset in offsets]


def test_a_plain_file_is_read_the_same_way(tmp_path: Path) -> None:
    path = tmp_path / "film"
    path.write_bytes(PLAIN)

    with reading.opened(path, "dub/1/mp4", ring("a")) as file:
        assert (file.size_bytes, file.read(1000, 5000)) == (LENGTH, PLAIN[1000:6000])
