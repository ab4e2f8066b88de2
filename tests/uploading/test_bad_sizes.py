"""Sizes and places that are wrong, absurd or no numbers: refused before anything is kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.uploading.chunks import INIT, Chunks
from tests.uploading.media import noise
from tests.uploading.site import Template, UploadSite, running_site
from tests.uploading.tus import BYTES

LIMIT_BYTES = 1_000_000
NO_SIZES: tuple[Any, ...] = (-1, 1.5, "many", "", None, True, [], {}, 2**63, 10**30, "1e6", float("nan"), float("inf"))
NO_OFFSETS = ("-1", "1.5", "NaN", "Infinity", "1e3", "0x10", "", "%00", "1%202", str(2**63), "9" * 5000, "٣")


@pytest.fixture(scope="module")
def small_site(upload_template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[UploadSite]:
    """One that takes files of at most a million bytes."""
    folder = tmp_path_factory.mktemp("small-site")
    with running_site(folder, upload_template, UPLOAD_MAX_BYTES=str(LIMIT_BYTES)) as site:
        yield site


@pytest.fixture
def chunks(small_site: UploadSite) -> Chunks:
    return Chunks.of(small_site.tus())


def test_an_empty_file_is_refused(small_site: UploadSite, chunks: Chunks) -> None:
    before = small_site.rows()

    answers = [chunks.init(name="a.wav", total_bytes=0), small_site.tus().post({"Upload-Length": "0"})]

    assert [(answer.status, answer.json["code"]) for answer in answers] == [(422, "upload.empty")] * 2
    assert small_site.rows() == before


def test_a_file_over_the_limit_is_refused_before_it_is_sent(small_site: UploadSite, chunks: Chunks) -> None:
    tus, before = small_site.tus(), small_site.rows()

    answers = [
        chunks.init(name="a.wav", total_bytes=LIMIT_BYTES + 1),
        tus.post({"Upload-Length": str(LIMIT_BYTES + 1)}),
        tus.post({"Upload-Length": str(LIMIT_BYTES + 1), **BYTES}, b"x"),
    ]

    assert [(answer.status, answer.json["code"]) for answer in answers] == [(413, "upload.too_large")] * 3
    assert small_site.rows() == before


def test_parts_that_together_go_over_the_limit_are_refused(small_site: UploadSite) -> None:
    tus = small_site.tus()
    part = tus.uploaded(noise(LIMIT_BYTES // 2), {"Upload-Concat": "partial"})

    answer = tus.post({"Upload-Concat": f"final;{part} {part} {part}"})

    assert 400 <= answer.status < 500, str(answer)
    tus.delete(part)


def test_more_bytes_than_announced_are_refused_and_none_is_taken(small_site: UploadSite, chunks: Chunks) -> None:
    tus = small_site.tus()
    upload_id, path = chunks.begun(100), tus.create(100)

    answers = [
        chunks.put(upload_id, 0, bytes(101)),
        chunks.put(upload_id, 60, bytes(41)),
        tus.patch(path, 0, bytes(101)),
    ]

    assert [(answer.status, answer.json["code"]) for answer in answers] == [(413, "upload.beyond_end")] * 3
    assert chunks.status(upload_id).json["received_bytes"] == tus.offset(path) == 0


def test_fewer_bytes_than_announced_are_told_with_what_is_missing(chunks: Chunks) -> None:
    content = noise(20_000)
    upload_id = chunks.begun(30_000)
    chunks.put(upload_id, 0, content)

    answer = chunks.complete(upload_id)

    assert (answer.status, answer.json["code"]) == (409, "upload.incomplete")
    status = chunks.status(upload_id).json
    assert status["missing"] == [{"start": 20_000, "end": 30_000}]
    assert (status["state"], status["next_missing"], status["received_bytes"]) == ("receiving", 20_000, 20_000)


@pytest.mark.parametrize("size", NO_SIZES, ids=repr)
def test_a_size_that_is_none_is_refused(small_site: UploadSite, chunks: Chunks, size: Any) -> None:
    before = small_site.rows()

    answer = chunks.init(name="a.wav", total_bytes=size)

    assert answer.status in (400, 413), str(answer)
    assert answer.header("Content-Type") == "application/problem+json"
    assert small_site.rows() == before


@pytest.mark.parametrize("offset", NO_OFFSETS, ids=lambda offset: offset[:12])
def test_an_offset_that_is_none_is_refused(small_site: UploadSite, chunks: Chunks, offset: str) -> None:
    upload_id = chunks.begun(100)

    answer = chunks.put(upload_id, offset.replace("٣", "%D9%A3"), b"x")

    assert answer.status in (400, 413, 414), str(answer)
    assert chunks.status(upload_id).json["received_bytes"] == 0
    chunks.delete(upload_id)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"name"',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"name":' * 50_000,
        b'{"name": "a.wav", "total_bytes": 1' + b"0" * 100_000 + b"}",
        b'{"name": {"a": 1}, "total_bytes": 10}',
        b'{"name": "a.wav", "total_bytes": 10, "sha256": "short"}',
        b'{"name": "a.wav", "total_bytes": 10, "sha256": 5}',
    ],
    ids=lambda body: body[:20].decode("latin-1"),
)
def test_a_body_that_makes_no_sense_is_refused(small_site: UploadSite, chunks: Chunks, body: bytes) -> None:
    before = small_site.rows()

    answer = chunks.ask("POST", INIT, {"Content-Type": "application/json"}, body)

    assert 400 <= answer.status < 500, str(answer)
    assert answer.header("Content-Type") == "application/problem+json"
    assert small_site.rows() == before


def test_a_chunk_without_its_checksum_is_refused(chunks: Chunks) -> None:
    upload_id = chunks.begun(100)

    answers = [chunks.put(upload_id, 0, b"x", headers) for headers in ({}, {"Content-Digest": "md5=:AAAA:"})]

    assert [answer.status for answer in answers] == [400, 400]
    assert chunks.status(upload_id).json["received_bytes"] == 0
