"""Expiration: unfinished uploads say when they go, and go."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.uploading.answers import Answer
from tests.uploading.conformance.rule import SIZE_BYTES, Rule, assert_status, listed
from tests.uploading.site import UploadSite

RFC_7231 = "%a, %d %b %Y %H:%M:%S GMT"


def expiration_is_announced(site: UploadSite) -> None:
    assert "expiration" in listed(site.tus().options(), "Tus-Extension")


def every_patch_of_an_unfinished_upload_tells(site: UploadSite) -> None:
    tus = site.tus()
    path = tus.create(SIZE_BYTES)
    assert _expires(tus.patch(path, 0, b"x")) > datetime.now(UTC)
    assert _expires(tus.patch(path, 1, b"x")) > datetime.now(UTC)


def the_creation_tells(site: UploadSite) -> None:
    assert _expires(site.tus().post({"Upload-Length": str(SIZE_BYTES)})) > datetime.now(UTC)


def an_expired_upload_is_gone(site: UploadSite) -> None:
    tus = site.tus()
    path = tus.create(SIZE_BYTES)
    tus.patch(path, 0, b"x")
    site.expire(path.rsplit("/", 1)[-1])
    head = tus.head(path)
    assert_status(head, 404, 410)
    assert head.header("Upload-Offset") is None
    assert_status(tus.patch(path, 1, b"x"), 404, 410)


def _expires(answer: Answer) -> datetime:
    value = answer.header("Upload-Expires")
    assert value, f"no Upload-Expires: {answer}"
    return datetime.strptime(value, RFC_7231).replace(tzinfo=UTC)


RULES = (
    Rule("expiration-1", "The Server MUST add expiration to Tus-Extension.", expiration_is_announced),
    Rule(
        "expiration-2",
        "Upload-Expires MUST be in every PATCH response if the upload is going to expire, in RFC 7231 format.",
        every_patch_of_an_unfinished_upload_tells,
    ),
    Rule("expiration-3", "Upload-Expires MUST be in the answer to POST if it is known.", the_creation_tells),
    Rule(
        "expiration-4",
        "Resuming an upload that was removed SHOULD be answered with 404 or 410.",
        an_expired_upload_is_gone,
    ),
)
