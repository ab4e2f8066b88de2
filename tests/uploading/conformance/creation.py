"""Creation, and creation with the first bytes."""

from __future__ import annotations

import base64

from tests.uploading.conformance.rule import SIZE_BYTES, Rule, assert_status, listed, number
from tests.uploading.media import noise
from tests.uploading.site import UploadSite
from tests.uploading.tus import BYTES, metadata, path_of

METADATA = (
    "filename " + base64.b64encode("Улица — 1.wav".encode()).decode() + ",filetype YXVkaW8vd2F2,is_private,empty "
)
NO_METADATA = (
    "filename !!!",  # not Base64
    "filename YQ==,filename Yg==",
    "filename YQ==,,other YQ==",
    "filename YQ== YQ==",
)


def creation_is_announced(site: UploadSite) -> None:
    assert "creation" in listed(site.tus().options(), "Tus-Extension")


def a_creation_is_answered_with_where_it_is(site: UploadSite) -> None:
    tus = site.tus()
    answer = tus.post({"Upload-Length": str(SIZE_BYTES)})
    assert_status(answer, 201)
    assert tus.offset(path_of(answer)) == 0


def a_length_is_demanded(site: UploadSite) -> None:
    """Deferring it is not offered."""
    tus, before = site.tus(), len(site.rows())
    assert "creation-defer-length" not in listed(tus.options(), "Tus-Extension")
    for headers in ({}, {"Upload-Defer-Length": "1"}, {"Upload-Defer-Length": "2"}):
        assert_status(tus.post(headers), 400, 501)
    assert len(site.rows()) == before


def an_upload_beyond_the_limit_is_refused(site: UploadSite) -> None:
    tus, before = site.tus(), len(site.rows())
    largest = number(tus.options(), "Tus-Max-Size")
    assert_status(tus.post({"Upload-Length": str(largest + 1)}), 413)
    assert len(site.rows()) == before


def metadata_comes_back_as_it_was_given(site: UploadSite) -> None:
    tus = site.tus()
    path = tus.create(SIZE_BYTES, {"Upload-Metadata": METADATA.strip()})
    assert tus.head(path).header("Upload-Metadata") == METADATA.strip()
    plain = tus.create(SIZE_BYTES)
    assert not tus.head(plain).header("Upload-Metadata")


def metadata_that_is_none_is_refused(site: UploadSite) -> None:
    tus, before = site.tus(), len(site.rows())
    for value in NO_METADATA:
        assert_status(tus.post({"Upload-Length": str(SIZE_BYTES), "Upload-Metadata": value}), 400)
    assert len(site.rows()) == before


def the_bytes_are_sent_as_the_core_says(site: UploadSite) -> None:
    tus, content = site.tus(), noise(SIZE_BYTES)
    path = tus.create(SIZE_BYTES, metadata(filename="noise.wav"))
    for start in range(0, SIZE_BYTES, 7000):
        assert_status(tus.patch(path, start, content[start : start + 7000]), 204)
    assert (site.media / "uploads" / path.rsplit("/", 1)[-1] / "source").read_bytes() == content


def creation_with_upload_is_announced(site: UploadSite) -> None:
    offered = listed(site.tus().options(), "Tus-Extension")
    assert {"creation", "creation-with-upload"} <= set(offered)


def the_first_bytes_are_taken_with_the_creation(site: UploadSite) -> None:
    tus, content = site.tus(), noise(SIZE_BYTES)
    answer = tus.post({"Upload-Length": str(SIZE_BYTES), **BYTES}, content[:5000])
    assert_status(answer, 201)
    assert number(answer, "Upload-Offset") == tus.offset(path_of(answer)) == 5000
    assert_status(tus.patch(path_of(answer), 5000, content[5000:]), 204)


def all_bytes_may_come_with_the_creation(site: UploadSite) -> None:
    tus, content = site.tus(), noise(SIZE_BYTES)
    answer = tus.post({"Upload-Length": str(SIZE_BYTES), **BYTES}, content)
    assert_status(answer, 201)
    assert number(answer, "Upload-Offset") == SIZE_BYTES
    assert (site.media / "uploads" / path_of(answer).rsplit("/", 1)[-1] / "source").read_bytes() == content


def a_body_of_another_type_is_no_upload(site: UploadSite) -> None:
    tus = site.tus()
    answer = tus.post({"Upload-Length": str(SIZE_BYTES), "Content-Type": "text/plain"}, b"hello")
    assert_status(answer, 201, 415)
    assert answer.status == 415 or tus.offset(path_of(answer)) == 0


def more_bytes_than_announced_are_refused(site: UploadSite) -> None:
    tus = site.tus()
    assert_status(tus.post({"Upload-Length": "100", **BYTES}, bytes(101)), 413)


RULES = (
    Rule("creation-1", "The Server MUST add creation to Tus-Extension.", creation_is_announced),
    Rule(
        "creation-2",
        "A successful creation MUST be answered with 201 and Location, the URL of the upload.",
        a_creation_is_answered_with_where_it_is,
    ),
    Rule("creation-3", "The request MUST include Upload-Length or Upload-Defer-Length: 1.", a_length_is_demanded),
    Rule(
        "creation-4",
        "A length beyond the maximum MUST be answered with 413.",
        an_upload_beyond_the_limit_is_refused,
    ),
    Rule(
        "creation-5",
        "HEAD MUST include Upload-Metadata and its value as specified by the Client.",
        metadata_comes_back_as_it_was_given,
    ),
    Rule(
        "creation-6",
        "Upload-Metadata: keys MUST NOT be empty nor contain spaces and commas, MUST be unique; values MUST be Base64.",
        metadata_that_is_none_is_refused,
    ),
    Rule(
        "creation-7",
        "The Client MUST perform the actual upload using the core protocol.",
        the_bytes_are_sent_as_the_core_says,
    ),
    Rule(
        "creation-with-upload-1",
        "MUST be advertised in Tus-Extension, and MUST NOT be offered without creation.",
        creation_with_upload_is_announced,
    ),
    Rule(
        "creation-with-upload-2",
        "The response MUST include Upload-Offset: the offset after applying the accepted bytes.",
        the_first_bytes_are_taken_with_the_creation,
    ),
    Rule(
        "creation-with-upload-3",
        "The Client MAY include either the entirety or a chunk of the upload.",
        all_bytes_may_come_with_the_creation,
    ),
    Rule(
        "creation-with-upload-4",
        "The Client MUST include Content-Type: application/offset+octet-stream.",
        a_body_of_another_type_is_no_upload,
    ),
    Rule(
        "creation-with-upload-5",
        "Similar rules as for PATCH apply: no more bytes than announced.",
        more_bytes_than_announced_are_refused,
    ),
)
