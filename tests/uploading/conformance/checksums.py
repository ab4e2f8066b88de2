"""Checksum: a chunk that is not what was sent is not taken."""

from __future__ import annotations

from tests.uploading.conformance.rule import SIZE_BYTES, Rule, assert_status, listed
from tests.uploading.media import noise
from tests.uploading.site import UploadSite
from tests.uploading.tus import BYTES, checksum

NO_CHECKSUMS = ("sha1", "sha1 !!!", "sha1 YWJj", " Kq5sNclPz7QV2+lfQIuc6R7oRu0=")


def checksum_is_announced(site: UploadSite) -> None:
    assert "checksum" in listed(site.tus().options(), "Tus-Extension")


def algorithms_are_listed(site: UploadSite) -> None:
    offered = listed(site.tus().options(), "Tus-Checksum-Algorithm")
    assert all(name and name.isascii() and name == name.lower() and " " not in name for name in offered), offered


def sha1_is_supported(site: UploadSite) -> None:
    tus = site.tus()
    assert "sha1" in listed(tus.options(), "Tus-Checksum-Algorithm")
    assert_status(tus.patch(tus.create(SIZE_BYTES), 0, b"hello", checksum("sha1", b"hello")), 204)


def every_offered_algorithm_verifies(site: UploadSite) -> None:
    tus, content = site.tus(), noise(SIZE_BYTES)
    for name in listed(tus.options(), "Tus-Checksum-Algorithm"):
        path = tus.create(SIZE_BYTES)
        assert_status(tus.patch(path, 0, content[:9000], checksum(name, content[:9000])), 204)
        assert_status(tus.patch(path, 9000, content[9000:], checksum(name, b"other")), 460)
        assert tus.offset(path) == 9000
        assert_status(tus.patch(path, 9000, content[9000:], checksum(name, content[9000:])), 204)
        assert (site.media / "uploads" / path.rsplit("/", 1)[-1] / "source").read_bytes() == content


def a_chunk_that_differs_is_discarded(site: UploadSite) -> None:
    tus, content = site.tus(), noise(4_000_000)
    path = tus.create(len(content))
    answer = tus.patch(path, 0, content[:3_000_000], checksum("sha1", b"something else"))
    assert_status(answer, 460)
    assert tus.offset(path) == 0
    assert_status(tus.patch(path, 0, content, checksum("sha1", content)), 204)
    assert (site.media / "uploads" / path.rsplit("/", 1)[-1] / "source").read_bytes() == content


def an_unknown_algorithm_is_refused(site: UploadSite) -> None:
    tus = site.tus()
    path = tus.create(SIZE_BYTES)
    for value in ("crc64 AAAA", *NO_CHECKSUMS):
        assert_status(tus.patch(path, 0, b"hello", {"Upload-Checksum": value}), 400, 460)
    assert_status(tus.patch(path, 0, b"hello", {"Upload-Checksum": "crc64 AAAA"}), 400)
    assert tus.offset(path) == 0


def the_first_bytes_are_verified_too(site: UploadSite) -> None:
    tus = site.tus()
    said = {"Upload-Length": str(SIZE_BYTES), **BYTES}
    assert_status(tus.post({**said, **checksum("sha1", b"hello")}, b"hello"), 201)
    assert_status(tus.post({**said, **checksum("sha1", b"other")}, b"hello"), 460)


RULES = (
    Rule("checksum-1", "The Server MUST add checksum to Tus-Extension.", checksum_is_announced),
    Rule(
        "checksum-2",
        "Tus-Checksum-Algorithm MUST be in the answer to OPTIONS: a comma-separated list of names in lower-case ASCII.",
        algorithms_are_listed,
    ),
    Rule("checksum-3", "The Server MUST support at least sha1.", sha1_is_supported),
    Rule(
        "checksum-4",
        "The Server MUST verify the uploaded chunk against the checksum using the specified algorithm.",
        every_offered_algorithm_verifies,
    ),
    Rule(
        "checksum-5",
        "On a mismatch (460) the chunk MUST be discarded, and the upload and its offset MUST NOT be updated.",
        a_chunk_that_differs_is_discarded,
    ),
    Rule(
        "checksum-6",
        "An algorithm that is not supported (400): the chunk MUST be discarded and the offset not updated.",
        an_unknown_algorithm_is_refused,
    ),
    Rule(
        "checksum-7",
        "Similar rules as for PATCH apply to creation with upload.",
        the_first_bytes_are_verified_too,
    ),
)
