"""Files of a dub: whole, in parts, safely named, and only for their owner."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from library.files import ByteRange, RangeUnsatisfiable, parse_range
from library.models import Dub
from tests.factories import make_dub

CONTENT = bytes(range(256)) * 4


@pytest.fixture
def dub(alice: User, tmp_path: Path) -> Dub:
    return make_dub(alice, tmp_path, {"mp4.mp4": CONTENT}, title='naïve "talk";\r\nX: 1.mp4')


def address(dub: Dub, kind: str = "mp4") -> str:
    return f"/api/dubs/{dub.id}/files/{kind}"


def body(response: object) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-", ByteRange(0, 9)),
        ("bytes=0-0", ByteRange(0, 0)),
        ("bytes=9-9", ByteRange(9, 9)),
        ("bytes=2-5", ByteRange(2, 5)),
        ("bytes=5-999", ByteRange(5, 9)),
        ("bytes=-3", ByteRange(7, 9)),
        ("bytes=-999", ByteRange(0, 9)),
        ("", None),
        ("bytes=-", None),
        ("bytes=5-2", None),
        ("bytes=0-1,3-4", None),
        ("chars=0-1", None),
        ("bytes=a-b", None),
        ("bytes=²-", None),
        (f"bytes=0-{'9' * 5000}", None),
    ],
)
def test_ranges_are_read_as_the_standard_says(header: str, expected: ByteRange | None) -> None:
    assert parse_range(header, 10) == expected


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-12", "bytes=-0"])
def test_a_range_outside_the_file_cannot_be_satisfied(header: str) -> None:
    with pytest.raises(RangeUnsatisfiable):
        parse_range(header, 10)


@given(st.text(max_size=30) | st.from_regex(r"bytes=\d{0,4}-\d{0,4}", fullmatch=True), st.integers(1, 5000))
def test_a_range_always_lies_inside_the_file(header: str, size_bytes: int) -> None:
    try:
        part = parse_range(header, size_bytes)
    except RangeUnsatisfiable:
        return
    assert part is None or 0 <= part.start <= part.end < size_bytes


def test_the_whole_file_comes_with_safe_headers(as_alice: Client, dub: Dub) -> None:
    response = as_alice.get(address(dub))

    assert response.status_code == 200
    assert body(response) == CONTENT
    assert response["Content-Type"] == "video/mp4"
    assert response["Content-Length"] == str(len(CONTENT))
    assert response["Accept-Ranges"] == "bytes"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Disposition"].startswith("attachment; filename")
    assert "sandbox" in response["Content-Security-Policy"]
    assert "private" in response["Cache-Control"]


def test_a_part_is_answered_206(as_alice: Client, dub: Dub) -> None:
    response = as_alice.get(address(dub), headers={"range": "bytes=100-199"})

    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes 100-199/{len(CONTENT)}"
    assert body(response) == CONTENT[100:200]


def test_a_part_outside_is_answered_416(as_alice: Client, dub: Dub) -> None:
    response = as_alice.get(address(dub), headers={"range": "bytes=9999-"})

    assert response.status_code == 416
    assert response["Content-Range"] == f"bytes */{len(CONTENT)}"


def test_a_part_of_another_version_is_answered_with_the_whole(as_alice: Client, dub: Dub) -> None:
    response = as_alice.get(address(dub), headers={"range": "bytes=0-1", "if-range": '"another"'})

    assert (response.status_code, body(response)) == (200, CONTENT)


def test_an_unchanged_file_is_not_sent_again(as_alice: Client, dub: Dub) -> None:
    etag = as_alice.get(address(dub))["ETag"]

    response = as_alice.get(address(dub), headers={"if-none-match": etag})

    assert response.status_code == 304


def test_head_tells_the_size_alone(as_alice: Client, dub: Dub) -> None:
    response = as_alice.head(address(dub))

    assert (response.status_code, response["Content-Length"], response.content) == (200, str(len(CONTENT)), b"")


def test_an_unknown_kind_and_a_lost_file_are_404(as_alice: Client, dub: Dub) -> None:
    assert as_alice.get(address(dub, "mkv")).status_code == 404
    assert as_alice.get(address(dub, "..%2Fmp4")).status_code == 404

    dub.artifacts.get().path.unlink()
    assert as_alice.get(address(dub)).status_code == 404
