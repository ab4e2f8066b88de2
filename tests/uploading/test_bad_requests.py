"""Heads made to wear the server out, and joinings that name what they may not: refused, and it serves the next."""

from __future__ import annotations

import socket
import time

import pytest

from tests.uploading.chunks import Chunks
from tests.uploading.media import noise
from tests.uploading.site import CREATION_PATH, UploadSite
from tests.uploading.tus import VERSION, Tus

SIZE_BYTES = 20_000
SOON_S = 20.0


def raw(site: UploadSite, head: bytes) -> bytes:
    """What the server says to these bytes before it closes, or in a second."""
    said = b""
    with socket.create_connection(("127.0.0.1", site.port), timeout=10) as link:
        try:
            link.sendall(head)
            while piece := link.recv(65536):
                said += piece
                if b"\r\n\r\n" in said:
                    break
        except OSError:
            pass
    return said


def head_of(site: UploadSite, *lines: str) -> bytes:
    who = site.headers("alice")
    said = [f"{name}: {value}" for name, value in {"Host": site.address, **who, **VERSION}.items()]
    return "\r\n".join(["POST /files/ HTTP/1.1", *said, *lines, "", ""]).encode("latin-1")


@pytest.mark.parametrize(
    "lines",
    [
        [f"X-Bomb-{number}: {'x' * 100}" for number in range(5_000)],
        ["X-Bomb: " + "x" * 2_000_000],
        ["Upload-Metadata: filename " + "A" * 200_000],
        ["Upload-Metadata: " + ",".join(f"k{number} YQ==" for number in range(1_000)), "Upload-Length: 9"],
        ["Upload-Length: " + "9" * 10_000],
        ["Upload-Length: 10", "Upload-Length: 20"],
        ["Content-Length: 5", "Content-Length: 500", "Upload-Length: 10"],
        ["Content-Length: 5", "Transfer-Encoding: chunked", "Upload-Length: 10"],
        ["Content-Length: -5", "Upload-Length: 10"],
        ["Transfer-Encoding: chunked, gzip", "Upload-Length: 10"],
        ["Upload-Length : 10"],
        ["Upload-Length: 10", " folded: line"],
        ["Upload-Concat: final;" + " ".join(["/files/00000000-0000-4000-8000-000000000000"] * 1_000)],
    ],
    ids=lambda lines: lines[0][:40],
)
def test_a_head_that_is_a_bomb_is_refused(upload_site: UploadSite, lines: list[str]) -> None:
    before = upload_site.rows()

    said = raw(upload_site, head_of(upload_site, *lines))

    assert said == b"" or said.split(b" ")[1][:1] == b"4", said[:200]
    assert upload_site.is_up()
    assert upload_site.rows() == before


def parts_of(tus: Tus, count: int) -> list[str]:
    content = noise(SIZE_BYTES)
    return [tus.uploaded(content, {"Upload-Concat": "partial"}) for _ in range(count)]


def test_a_finished_upload_is_no_part(upload_site: UploadSite) -> None:
    tus = upload_site.tus()
    final = tus.post({"Upload-Concat": f"final;{parts_of(tus, 1)[0]}"})
    assert final.status == 201, str(final)
    path = str(final.header("Location"))
    before = upload_site.rows()

    for whole in (path, tus.uploaded(noise(SIZE_BYTES, seed=2))):
        answer = tus.post({"Upload-Concat": f"final;{whole}"})

        assert answer.status in (400, 403, 409, 422), str(answer)
    assert len(upload_site.rows()) == len(before) + 1


def stored_bytes(site: UploadSite) -> int:
    return sum(path.stat().st_size for path in site.media.rglob("source"))


def test_a_part_named_very_often_fills_nothing(upload_site: UploadSite) -> None:
    """300 times is as much as a head holds."""
    tus = upload_site.tus()
    [part] = parts_of(tus, 1)
    before_bytes, began_s = stored_bytes(upload_site), time.monotonic()

    answer = tus.post({"Upload-Concat": "final;" + " ".join([part] * 300)})

    assert answer.status in (201, 400, 413, 422), str(answer)
    assert time.monotonic() - began_s < SOON_S
    assert upload_site.is_up()
    assert stored_bytes(upload_site) - before_bytes <= 300 * SIZE_BYTES


@pytest.mark.parametrize(
    "named",
    [
        "final;http://example.org/elsewhere/a",
        "final;file:///etc/passwd",
        "final;../../etc/passwd",
        "final;/files/",
        "final;/files/00000000-0000-4000-8000-000000000000",
        "final;\t",
        "final; ",
        "FINAL;/files/a",
        "partial, final;/files/a",
    ],
)
def test_a_joining_of_nothing_is_refused(upload_site: UploadSite, named: str) -> None:
    before = upload_site.rows()

    answer = upload_site.tus().post({"Upload-Concat": named})

    assert 400 <= answer.status < 500, str(answer)
    assert upload_site.rows() == before


def test_a_part_cannot_be_dubbed_or_completed_alone(upload_site: UploadSite) -> None:
    tus = upload_site.tus()
    [part] = parts_of(tus, 1)
    chunks = Chunks.of(tus)

    answer = chunks.complete(part.rsplit("/", 1)[-1])

    assert 400 <= answer.status < 500, str(answer)
    assert tus.head(part).header("Upload-Concat") == "partial"
    assert upload_site.rows()[part.removeprefix(CREATION_PATH)].state == "receiving"
