"""Concatenation: parts that are uploaded beside each other become one upload."""

from __future__ import annotations

from tests.uploading.conformance.rule import SIZE_BYTES, Rule, assert_status, listed, number
from tests.uploading.media import noise
from tests.uploading.site import UploadSite
from tests.uploading.tus import Tus, metadata, path_of

PARTIAL = {"Upload-Concat": "partial"}
NO_CONCATENATIONS = ("", "whole", "final", "final;", "partial;x", "final;/files/00000000-0000-4000-8000-000000000000")


def concatenation_is_announced(site: UploadSite) -> None:
    assert "concatenation" in listed(site.tus().options(), "Tus-Extension")


def parts_are_joined_in_the_order_listed(site: UploadSite) -> None:
    tus, content = site.tus(), noise(3 * SIZE_BYTES)
    first, second, third = _parts(tus, content)
    final = _joined(tus, [first, second, third])
    assert (site.media / "uploads" / final.rsplit("/", 1)[-1] / "source").read_bytes() == content


def the_length_is_the_sum(site: UploadSite) -> None:
    tus, content = site.tus(), noise(3 * SIZE_BYTES)
    head = tus.head(_joined(tus, _parts(tus, content)))
    assert number(head, "Upload-Length") == len(content)


def a_finished_joining_tells_its_offset(site: UploadSite) -> None:
    tus = site.tus()
    head = tus.head(_joined(tus, _parts(tus, noise(3 * SIZE_BYTES))))
    assert number(head, "Upload-Offset") == number(head, "Upload-Length")


def absolute_addresses_name_parts_too(site: UploadSite) -> None:
    tus, content = site.tus(), noise(3 * SIZE_BYTES)
    final = _joined(tus, [f"http://{tus.address}{path}" for path in _parts(tus, content)])
    assert (site.media / "uploads" / final.rsplit("/", 1)[-1] / "source").read_bytes() == content


def parts_are_not_looked_into(site: UploadSite) -> None:
    tus = site.tus()
    path = tus.create(11, PARTIAL)
    assert_status(tus.patch(path, 0, b"hello world"), 204)
    assert tus.offset(path) == 11


def metadata_of_parts_is_not_the_whole_ones(site: UploadSite) -> None:
    tus, content = site.tus(), noise(SIZE_BYTES)
    part = tus.create(SIZE_BYTES, {**PARTIAL, **metadata(filename="part.wav")})
    tus.patch(part, 0, content)
    without = _joined(tus, [part])
    given = metadata(filename="whole.wav")
    assert not tus.head(without).header("Upload-Metadata")
    again = tus.create(SIZE_BYTES, PARTIAL)
    tus.patch(again, 0, content)
    answer = tus.post({"Upload-Concat": f"final;{again}", **given})
    assert_status(answer, 201)
    assert tus.head(path_of(answer)).header("Upload-Metadata") == given["Upload-Metadata"]


def a_joined_upload_is_not_patched(site: UploadSite) -> None:
    tus, content = site.tus(), noise(3 * SIZE_BYTES)
    final = _joined(tus, _parts(tus, content))
    for offset in (0, len(content)):
        assert_status(tus.patch(final, offset, b"x"), 403)
    assert (site.media / "uploads" / final.rsplit("/", 1)[-1] / "source").read_bytes() == content


def a_part_tells_its_offset(site: UploadSite) -> None:
    tus = site.tus()
    path = tus.create(SIZE_BYTES, PARTIAL)
    tus.patch(path, 0, b"hello")
    head = tus.head(path)
    assert number(head, "Upload-Offset") == 5
    assert number(head, "Upload-Length") == SIZE_BYTES


def head_repeats_what_was_asked(site: UploadSite) -> None:
    tus = site.tus()
    parts = _parts(tus, noise(3 * SIZE_BYTES))
    assert tus.head(parts[0]).header("Upload-Concat") == "partial"
    asked = f"final;{' '.join(parts)}"
    final = path_of(tus.post({"Upload-Concat": asked}))
    assert tus.head(final).header("Upload-Concat") == asked


def what_names_no_parts_is_refused(site: UploadSite) -> None:
    tus, before = site.tus(), len(site.rows())
    for value in NO_CONCATENATIONS:
        answer = tus.post({"Upload-Concat": value})
        assert 400 <= answer.status < 500, f"{value}: {answer}"
    assert len(site.rows()) == before


def unfinished_parts_are_not_joined(site: UploadSite) -> None:
    """concatenation-unfinished is not announced."""
    tus = site.tus()
    assert "concatenation-unfinished" not in listed(tus.options(), "Tus-Extension")
    path = tus.create(SIZE_BYTES, PARTIAL)
    tus.patch(path, 0, b"hello")
    answer = tus.post({"Upload-Concat": f"final;{path}"})
    assert 400 <= answer.status < 500, str(answer)
    assert tus.offset(path) == 5


def _parts(tus: Tus, content: bytes) -> list[str]:
    """Three, sent last to first."""
    third = len(content) // 3
    pieces = [content[:third], content[third : 2 * third], content[2 * third :]]
    paths = []
    for piece in reversed(pieces):
        path = tus.create(len(piece), PARTIAL)
        assert_status(tus.patch(path, 0, piece), 204)
        paths.append(path)
    return paths[::-1]


def _joined(tus: Tus, parts: list[str]) -> str:
    answer = tus.post({"Upload-Concat": f"final;{' '.join(parts)}"})
    assert_status(answer, 201)
    return path_of(answer)


RULES = (
    Rule("concatenation-1", "The Server MUST add concatenation to Tus-Extension.", concatenation_is_announced),
    Rule(
        "concatenation-2",
        "The partial uploads MUST be concatenated as per the order specified in the list.",
        parts_are_joined_in_the_order_listed,
    ),
    Rule(
        "concatenation-3",
        "The length of the final upload MUST be the sum of the length of all partial uploads, and is not given by the "
        "Client.",
        the_length_is_the_sum,
    ),
    Rule(
        "concatenation-4",
        "After concatenation, Upload-Offset and Upload-Length MUST be set and MUST be equal.",
        a_finished_joining_tells_its_offset,
    ),
    Rule(
        "concatenation-5",
        "The partial uploads' URLs MAY be absolute or relative.",
        absolute_addresses_name_parts_too,
    ),
    Rule(
        "concatenation-6",
        "The Server SHOULD NOT process partial uploads until they are concatenated.",
        parts_are_not_looked_into,
    ),
    Rule(
        "concatenation-7",
        "The partial uploads' metadata SHALL NOT be transferred to the final upload.",
        metadata_of_parts_is_not_the_whole_ones,
    ),
    Rule(
        "concatenation-8",
        "PATCH of a final upload MUST be answered with 403 and MUST NOT modify it or its parts.",
        a_joined_upload_is_not_patched,
    ),
    Rule("concatenation-9", "HEAD of a partial upload MUST contain Upload-Offset.", a_part_tells_its_offset),
    Rule(
        "concatenation-10",
        "HEAD of a partial or final upload MUST include Upload-Concat as received in the creation request.",
        head_repeats_what_was_asked,
    ),
    Rule(
        "concatenation-11",
        "Upload-Concat MUST be partial, or final with a semicolon and a space-separated list of URLs.",
        what_names_no_parts_is_refused,
    ),
    Rule(
        "concatenation-12",
        "Joining unfinished parts MUST be announced as concatenation-unfinished; here it is not offered.",
        unfinished_parts_are_not_joined,
    ),
)
