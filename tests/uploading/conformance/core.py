"""The core protocol: finding out where an upload stands, and going on with it."""

from __future__ import annotations

import socket

from tests.uploading.conformance.rule import SIZE_BYTES, Rule, assert_status, listed, number
from tests.uploading.media import noise
from tests.uploading.site import UploadSite
from tests.uploading.tus import BYTES, VERSION, Tus

NO_NUMBERS = ("-1", "1.5", "+1", "0x10", "1e3", "NaN", "", "1 2", "٣", "9" * 40)


def offsets_are_whole_numbers(site: UploadSite) -> None:
    tus = site.tus()
    path = tus.create(SIZE_BYTES)
    for value in NO_NUMBERS:
        assert_status(tus.patch(path, value, b"x"), 400, 409)
    assert number(tus.head(path), "Upload-Offset") == 0


def lengths_are_whole_numbers(site: UploadSite) -> None:
    tus = site.tus()
    before = len(site.rows())
    for value in NO_NUMBERS:
        assert_status(tus.post({"Upload-Length": value}), 400, 413)
    assert len(site.rows()) == before
    assert number(tus.head(tus.create(SIZE_BYTES)), "Upload-Length") == SIZE_BYTES


def versions_are_listed(site: UploadSite) -> None:
    assert "1.0.0" in listed(site.tus().options(), "Tus-Version")


def every_answer_names_the_version(site: UploadSite) -> None:
    tus = site.tus()
    path, stranger = tus.create(SIZE_BYTES), Tus(tus.address, tus.creation_path)
    answers = {
        "created": tus.post({"Upload-Length": "100"}),
        "head": tus.head(path),
        "patched": tus.patch(path, 0, b"x"),
        "wrong offset": tus.patch(path, 0, b"x"),
        "beyond the end": tus.patch(path, 1, bytes(SIZE_BYTES)),
        "too large": tus.post({"Upload-Length": str(10**15)}),
        "no length": tus.post({}),
        "wrong type": tus.patch(path, 1, b"x", {"Content-Type": "text/plain"}),
        "wrong checksum": tus.patch(path, 1, b"x", {"Upload-Checksum": "sha1 AAAAAAAAAAAAAAAAAAAAAAAAAAA="}),
        "unknown": tus.head(f"{tus.creation_path}00000000-0000-4000-8000-000000000000"),
        "no name of an upload": tus.head(f"{tus.creation_path}there-is-no-such-name"),
        "no version": tus.ask("HEAD", path, {}),
        "method": tus.ask("PUT", path, VERSION, b""),
        "nobody": stranger.head(path),
        "nobody's creation": stranger.post({"Upload-Length": "100"}),
        "forged": Tus(tus.address, tus.creation_path, {"Cookie": tus.who["Cookie"]}).post({"Upload-Length": "1"}),
        "somebody else": site.tus("bob").head(path),
        "deleted": tus.delete(path),
    }
    missing = [name for name, answer in answers.items() if answer.header("Tus-Resumable") != "1.0.0"]
    assert not missing, f"without Tus-Resumable: {', '.join(missing)}"


def an_unknown_version_is_refused_and_nothing_done(site: UploadSite) -> None:
    tus, other = site.tus(), {"Tus-Resumable": "0.2.2"}
    path, before = tus.create(SIZE_BYTES), len(site.rows())
    refused = [
        tus.post({"Upload-Length": "100", **other}),
        tus.ask("HEAD", path, other),
        tus.patch(path, 0, b"x", other),
        tus.ask("DELETE", path, other, b""),
        tus.ask("HEAD", path, {}),
    ]
    for answer in refused:
        assert_status(answer, 412)
        assert "1.0.0" in listed(answer, "Tus-Version")
    assert tus.offset(path) == 0
    assert len(site.rows()) == before


def extensions_are_listed(site: UploadSite) -> None:
    offered = listed(site.tus().options(), "Tus-Extension")
    assert all(offered), offered
    assert len(set(offered)) == len(offered)


def the_largest_size_is_told(site: UploadSite) -> None:
    tus = site.tus()
    largest = number(tus.options(), "Tus-Max-Size")
    assert largest == int(site.settings.get("UPLOAD_MAX_BYTES", 4 * 1024**3))


def another_method_can_be_named(site: UploadSite) -> None:
    tus = site.tus()
    path = tus.create(SIZE_BYTES)

    def overridden(method: str, headers: dict[str, str], body: bytes = b"") -> int:
        return tus.ask("POST", path, {**VERSION, "X-HTTP-Method-Override": method, **headers}, body).status

    assert overridden("HEAD", {}) == 200
    assert overridden("PATCH", {**BYTES, "Upload-Offset": "0"}, b"hello") == 204
    assert tus.offset(path) == 5
    assert overridden("DELETE", {}) == 204
    assert_status(tus.head(path), 404, 410)


def head_always_tells_the_offset(site: UploadSite) -> None:
    tus, content = site.tus(), noise(SIZE_BYTES)
    path = tus.create(SIZE_BYTES)
    assert number(tus.head(path), "Upload-Offset") == 0
    tus.patch(path, 0, content[:100])
    assert number(tus.head(path), "Upload-Offset") == 100
    assert_status(tus.patch(path, 100, content[100:]), 204)
    assert number(tus.head(path), "Upload-Offset") == SIZE_BYTES


def head_tells_the_length(site: UploadSite) -> None:
    tus = site.tus()
    assert number(tus.head(tus.create(SIZE_BYTES)), "Upload-Length") == SIZE_BYTES
    assert number(tus.head(tus.uploaded(noise(SIZE_BYTES))), "Upload-Length") == SIZE_BYTES


def head_of_nothing_tells_no_offset(site: UploadSite) -> None:
    tus = site.tus()
    answer = tus.head(f"{tus.creation_path}00000000-0000-4000-8000-000000000000")
    assert_status(answer, 403, 404, 410)
    assert answer.header("Upload-Offset") is None


def head_is_never_cached(site: UploadSite) -> None:
    tus = site.tus()
    assert "no-store" in listed(tus.head(tus.create(SIZE_BYTES)), "Cache-Control")[0]
    assert "no-store" in listed(tus.head(tus.uploaded(noise(SIZE_BYTES))), "Cache-Control")[0]


def other_content_types_are_refused(site: UploadSite) -> None:
    tus = site.tus()
    path = tus.create(SIZE_BYTES)
    for content_type in ("application/octet-stream", "text/plain", "multipart/form-data; boundary=x"):
        assert_status(tus.patch(path, 0, b"hello", {"Content-Type": content_type}), 415)
    assert_status(tus.ask("PATCH", path, {**VERSION, "Upload-Offset": "0"}, b"hello"), 415)
    assert tus.offset(path) == 0


def another_offset_is_a_conflict(site: UploadSite) -> None:
    tus = site.tus()
    path = tus.create(SIZE_BYTES)
    tus.patch(path, 0, b"hello")
    for offset in (0, 4, 6, SIZE_BYTES):
        assert_status(tus.patch(path, offset, b"other"), 409)
    assert tus.offset(path) == 5


def bytes_are_acknowledged(site: UploadSite) -> None:
    tus, content = site.tus(), noise(SIZE_BYTES)
    path = tus.create(SIZE_BYTES)
    for start, end in ((0, 1), (1, 5000), (5000, SIZE_BYTES)):
        answer = tus.patch(path, start, content[start:end])
        assert_status(answer, 204)
        assert number(answer, "Upload-Offset") == end
    assert (site.media / "uploads" / path.rsplit("/", 1)[-1] / "source").read_bytes() == content


def what_arrived_before_the_cut_is_kept(site: UploadSite) -> None:
    """The new offset is the number of bytes stored, and those are the right ones."""
    tus, size_bytes = site.tus(), 4_000_000
    content = noise(size_bytes)
    path = tus.create(size_bytes)
    headers = {**tus.who, **VERSION, **BYTES, "Upload-Offset": "0", "Content-Length": str(size_bytes), "Host": "x"}
    head = f"PATCH {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    host, _, port = tus.address.partition(":")
    with socket.create_connection((host, int(port))) as link:
        link.sendall(head.replace("Host: x", "Host: localhost").encode() + b"\r\n" + content[: size_bytes // 2])
    site.wait(lambda: site.received_bytes(path.rsplit("/", 1)[-1]) == size_bytes // 2, "what arrived is kept")
    assert tus.offset(path) == size_bytes // 2
    assert_status(tus.patch(path, size_bytes // 2, content[size_bytes // 2 :]), 204)
    assert (site.media / "uploads" / path.rsplit("/", 1)[-1] / "source").read_bytes() == content


def options_tells_the_version_whatever_is_asked(site: UploadSite) -> None:
    tus = site.tus()
    for headers in ({}, {"Tus-Resumable": "0.2.2"}, {"Tus-Resumable": "nonsense"}):
        answer = tus.ask("OPTIONS", tus.creation_path, headers)
        assert_status(answer, 200, 204)
        assert "1.0.0" in listed(answer, "Tus-Version")


def patching_nothing_is_not_found(site: UploadSite) -> None:
    tus = site.tus()
    assert_status(tus.patch(f"{tus.creation_path}00000000-0000-4000-8000-000000000000", 0, b"x"), 404)


RULES = (
    Rule("core-1", "The value of Upload-Offset MUST be a non-negative integer.", offsets_are_whole_numbers),
    Rule("core-2", "The value of Upload-Length MUST be a non-negative integer.", lengths_are_whole_numbers),
    Rule("core-3", "Tus-Version MUST be a comma-separated list of protocol versions.", versions_are_listed),
    Rule(
        "core-4",
        "Tus-Resumable MUST be in every request and response except for OPTIONS; its value MUST be the version used.",
        every_answer_names_the_version,
    ),
    Rule(
        "core-5",
        "A version that is not supported: MUST respond with 412 and Tus-Version, and MUST NOT process the request.",
        an_unknown_version_is_refused_and_nothing_done,
    ),
    Rule("core-6", "Tus-Extension MUST be a comma-separated list of the extensions supported.", extensions_are_listed),
    Rule("core-7", "Tus-Max-Size MUST be a non-negative integer.", the_largest_size_is_told),
    Rule(
        "core-8",
        "X-HTTP-Method-Override MUST be interpreted as the request's method; the actual one MUST be ignored.",
        another_method_can_be_named,
    ),
    Rule(
        "core-9",
        "HEAD MUST always include Upload-Offset, even if it is 0 or the upload is completed.",
        head_always_tells_the_offset,
    ),
    Rule("core-10", "HEAD MUST include Upload-Length if the size is known.", head_tells_the_length),
    Rule(
        "core-11",
        "HEAD of what is not found SHOULD be 404, 410 or 403, without Upload-Offset.",
        head_of_nothing_tells_no_offset,
    ),
    Rule("core-12", "The answer to HEAD MUST NOT be cached: Cache-Control: no-store.", head_is_never_cached),
    Rule(
        "core-13",
        "PATCH MUST use Content-Type: application/offset+octet-stream, otherwise the answer SHOULD be 415.",
        other_content_types_are_refused,
    ),
    Rule(
        "core-14",
        "If the offsets do not match, the Server MUST respond with 409 without modifying the upload.",
        another_offset_is_a_conflict,
    ),
    Rule(
        "core-15",
        "A successful PATCH MUST be answered with 204 and Upload-Offset: the old offset and the bytes stored.",
        bytes_are_acknowledged,
    ),
    Rule(
        "core-16",
        "The Server SHOULD always store as much of the received data as possible.",
        what_arrived_before_the_cut_is_kept,
    ),
    Rule(
        "core-17",
        "The answer to OPTIONS MUST contain Tus-Version; a Tus-Resumable in the request MUST be ignored.",
        options_tells_the_version_whatever_is_asked,
    ),
    Rule("core-18", "PATCH of what does not exist SHOULD be 404.", patching_nothing_is_not_found),
)
