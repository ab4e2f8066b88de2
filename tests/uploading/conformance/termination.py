"""Termination: an upload goes when its owner says so."""

from __future__ import annotations

from tests.uploading.conformance.rule import SIZE_BYTES, Rule, assert_status, listed
from tests.uploading.media import noise
from tests.uploading.site import UploadSite


def termination_is_announced(site: UploadSite) -> None:
    assert "termination" in listed(site.tus().options(), "Tus-Extension")


def an_unfinished_upload_goes(site: UploadSite) -> None:
    tus = site.tus()
    path = tus.create(SIZE_BYTES)
    tus.patch(path, 0, b"hello")
    assert_status(tus.delete(path), 204)
    assert not _folders(site, path)


def a_finished_upload_goes(site: UploadSite) -> None:
    tus = site.tus()
    path = tus.uploaded(noise(SIZE_BYTES))
    assert _folders(site, path)
    assert_status(tus.delete(path), 204)
    assert not _folders(site, path)


def what_is_terminated_stays_so(site: UploadSite) -> None:
    tus = site.tus()
    path = tus.create(SIZE_BYTES)
    tus.delete(path)
    for answer in (tus.head(path), tus.patch(path, 0, b"x"), tus.delete(path)):
        assert_status(answer, 404, 410)


def _folders(site: UploadSite, path: str) -> list[str]:
    name = path.rsplit("/", 1)[-1]
    return [str(folder) for folder in site.media.glob(f"*/{name}")]


RULES = (
    Rule("termination-1", "It MUST be announced by adding termination to Tus-Extension.", termination_is_announced),
    Rule(
        "termination-2",
        "DELETE of an unfinished upload MUST be answered with 204 and SHOULD free its resources.",
        an_unfinished_upload_goes,
    ),
    Rule(
        "termination-3",
        "DELETE of a completed upload MUST be answered with 204 and SHOULD free its resources.",
        a_finished_upload_goes,
    ),
    Rule(
        "termination-4",
        "All future requests to this URL SHOULD be answered with 404 or 410.",
        what_is_terminated_stays_so,
    ),
)
