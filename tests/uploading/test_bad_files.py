"""Files that are not what they say they are: refused with the reason, and nothing of them stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pipeline import hostile
from tests.uploading.answers import Answer
from tests.uploading.chunks import Chunks
from tests.uploading.media import noise, sha256
from tests.uploading.site import UploadSite
from tests.uploading.tus import metadata

NOT_MEDIA = (415, 422)
Send = Callable[[UploadSite, bytes], Answer]
SECRET = "the contents of another file"


def by_tus(site: UploadSite, content: bytes) -> Answer:
    tus = site.tus()
    path = tus.create(len(content), metadata(filename="film.mp4", filetype="video/mp4"))
    return tus.patch(path, 0, content)


def in_chunks(site: UploadSite, content: bytes) -> Answer:
    chunks = Chunks.of(site.tus())
    upload_id = chunks.begun(len(content), name="film.mp4")
    assert chunks.put(upload_id, 0, content).status == 200
    return chunks.complete(upload_id, sha256(content))


def whole_forms(target: str) -> dict[str, bytes]:
    texts = hostile.playlists(target) | hostile.other_texts(target)
    return {name: text.encode() for name, text in texts.items()}


def assert_refused_and_gone(site: UploadSite, answer: Answer, before: set[str]) -> None:
    assert answer.status in NOT_MEDIA, str(answer)
    assert answer.header("Content-Type") == "application/problem+json"
    assert answer.json["detail"]
    assert str(site.folder) not in answer.body.decode()
    assert site.rows().keys() == before
    assert {path.name for path in site.media.glob("*/*")} == before


@pytest.fixture
def kept(upload_site: UploadSite) -> set[str]:
    """Only what is there already may be there afterwards."""
    chunks = Chunks.of(upload_site.tus())
    for row in upload_site.rows().values():
        if row.state == "receiving" and row.owner == "alice":
            chunks.delete(row.id)
    return set(upload_site.rows())


@pytest.mark.parametrize("send", [by_tus, in_chunks])
@pytest.mark.parametrize("form", sorted(whole_forms("x")))
def test_texts_that_name_other_files_open_none(upload_site: UploadSite, kept: set[str], form: str, send: Send) -> None:
    secret = upload_site.folder / "secret.txt"
    secret.write_text(SECRET)

    with hostile.watched(secret) as opened, hostile.listening() as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/film.ts"
        answers = [in_chunks(upload_site, whole_forms(target)[form]) for target in (str(secret), f"file:{secret}")]
        answers.append(by_tus(upload_site, whole_forms(address)[form]))
        was_called = hostile.was_called(server)

    assert not was_called
    assert not opened
    for answer in answers:
        assert_refused_and_gone(upload_site, answer, kept)
        assert SECRET not in answer.body.decode()


@pytest.mark.parametrize("send", [by_tus, in_chunks])
def test_a_film_whose_bytes_lie_elsewhere_opens_nothing(
    upload_site: UploadSite, kept: set[str], tone_clip: Path, send: Send
) -> None:
    secret = upload_site.folder / "secret.mp4"
    secret.write_bytes(tone_clip.read_bytes())

    with hostile.watched(secret) as opened:
        answer = send(upload_site, hostile.with_outside_data(tone_clip.read_bytes(), secret))

    assert not opened
    assert answer.status in (*NOT_MEDIA, 200, 204), str(answer)
    for upload_id in upload_site.rows().keys() - kept:
        Chunks.of(upload_site.tus()).delete(upload_id)


@pytest.mark.parametrize("send", [by_tus, in_chunks])
@pytest.mark.parametrize(
    "content",
    [
        b"\x00",
        b"<!DOCTYPE html><title>Not a film</title>" * 1000,
        b"PK\x03\x04" + bytes(5000),
        b"\x00\x00\x00\x20ftypisom" + bytes(3000),
        b"%PDF-1.7\n" + bytes(5000),
        b"\x7fELF" + bytes(5000),
        bytes(2_000_000),
    ],
    ids=["a byte", "web page", "archive", "broken film", "document", "program", "zeros"],
)
def test_what_is_not_media_is_refused(upload_site: UploadSite, kept: set[str], content: bytes, send: Send) -> None:
    answer = send(upload_site, content)

    assert_refused_and_gone(upload_site, answer, kept)


@pytest.mark.parametrize("send", [by_tus, in_chunks])
def test_a_film_that_lost_its_end_is_refused(
    upload_site: UploadSite, kept: set[str], tone_clip: Path, send: Send
) -> None:
    content = tone_clip.read_bytes()

    answer = send(upload_site, content[: len(content) // 2])

    assert_refused_and_gone(upload_site, answer, kept)
    assert answer.json["code"] == "input.truncated"


def test_joined_parts_that_are_no_media_leave_nothing_either(upload_site: UploadSite, kept: set[str]) -> None:
    tus = upload_site.tus()
    parts = [tus.uploaded(b"no media" * 100, {"Upload-Concat": "partial"}) for _ in range(3)]

    answer = tus.post({"Upload-Concat": f"final;{' '.join(parts)}"})
    for part in parts:
        tus.delete(part)

    assert_refused_and_gone(upload_site, answer, kept)


def test_a_whole_file_that_is_another_than_announced_is_refused(upload_site: UploadSite, kept: set[str]) -> None:
    chunks, content = Chunks.of(upload_site.tus()), noise(20_000)
    upload_id = chunks.begun(len(content), sha256=sha256(b"another file"))
    chunks.put(upload_id, 0, content)

    answer = chunks.complete(upload_id)
    chunks.delete(upload_id)

    assert (answer.status, answer.json["code"]) == (460, "upload.checksum")
    assert upload_site.rows().keys() == kept
