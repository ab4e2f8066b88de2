"""The same requests for @tus/server and for us."""

from __future__ import annotations

from tests.uploading.answers import Answer
from tests.uploading.conformance.case import MAX_BYTES, Case
from tests.uploading.media import noise
from tests.uploading.tus import BYTES, VERSION, Tus, checksum, metadata
from tests.uploading.wire import Sending

SIZE_BYTES = 20_000
LARGE_BYTES = 4_000_000
TRIES = 20
UNKNOWN = "00000000-0000-4000-8000-000000000000"
STRICTER = "the protocol demands it (MUST)"
RECOMMENDED = "the protocol recommends it (SHOULD)"


def begun(tus: Tus) -> str:
    """The path of an upload with five bytes."""
    path = tus.create(SIZE_BYTES)
    tus.patch(path, 0, b"hello")
    return path


def finished(tus: Tus) -> str:
    return tus.uploaded(noise(SIZE_BYTES))


def unknown(tus: Tus) -> str:
    return f"{tus.creation_path.rstrip('/')}/{UNKNOWN}"


def deleted(tus: Tus) -> str:
    path = begun(tus)
    tus.delete(path)
    return path


def asked_of_final(tus: Tus) -> Answer:
    return tus.post({"Upload-Concat": f"final;{finished(tus)}"})


def overtaken(tus: Tus) -> tuple[Answer | None, Answer]:
    """What somebody is told whose request still runs when another one goes on with the upload; and the other one."""
    content = noise(LARGE_BYTES)
    path = tus.create(LARGE_BYTES)
    first = Sending.patch(tus, path, 0, LARGE_BYTES)
    first.send(content[: LARGE_BYTES // 2])
    for _ in range(TRIES):
        offset = tus.offset(path)
        second = tus.patch(path, offset, content[offset:])
        if second.status == 204:
            break
    told = first.answer()
    first.close()
    return told, second


def told_the_first(tus: Tus) -> Answer:
    first, _second = overtaken(tus)
    return first or Answer(0, {}, b"")


CASES = (
    # What goes well
    Case("create", lambda tus: tus.post({"Upload-Length": "100"}), ("Location", "Upload-Expires", "Tus-Resumable")),
    Case(
        "create with the first bytes",
        lambda tus: tus.post({"Upload-Length": str(SIZE_BYTES), **BYTES}, b"hello"),
        ("Location", "Upload-Offset", "Upload-Expires"),
    ),
    Case(
        "create with all bytes",
        lambda tus: tus.post({"Upload-Length": str(SIZE_BYTES), **BYTES}, noise(SIZE_BYTES)),
        ("Location", "Upload-Offset", "Upload-Expires"),
    ),
    Case("patch", lambda tus: tus.patch(begun(tus), 5, b"world"), ("Upload-Offset", "Upload-Expires", "Tus-Resumable")),
    Case("patch to the end", lambda tus: tus.patch(tus.create(SIZE_BYTES), 0, noise(SIZE_BYTES)), ("Upload-Expires",)),
    Case("patch with no bytes", lambda tus: tus.patch(begun(tus), 5, b""), ("Upload-Offset",)),
    Case("patch a finished upload with no bytes", lambda tus: tus.patch(finished(tus), SIZE_BYTES, b"")),
    Case(
        "head",
        lambda tus: tus.head(begun(tus)),
        ("Upload-Offset", "Upload-Length", "Upload-Metadata", "Cache-Control", "Tus-Resumable"),
    ),
    Case(
        "head with metadata",
        lambda tus: tus.head(tus.create(SIZE_BYTES, metadata(filename="a.wav"))),
        ("Upload-Metadata",),
    ),
    Case("head of a finished upload", lambda tus: tus.head(finished(tus)), ("Upload-Offset", "Upload-Length")),
    Case("delete", lambda tus: tus.delete(begun(tus)), ("Tus-Resumable",)),
    Case("delete a finished upload", lambda tus: tus.delete(finished(tus))),
    Case("options", lambda tus: tus.options(), ("Tus-Version", "Tus-Extension", "Tus-Max-Size")),
    # Wrong offset: 409
    Case("offset too low", lambda tus: tus.patch(begun(tus), 0, b"x"), ("Upload-Offset", "Tus-Resumable")),
    Case("offset too high", lambda tus: tus.patch(begun(tus), 6, b"x"), ("Upload-Offset",)),
    Case("offset of a finished upload", lambda tus: tus.patch(finished(tus), 5, b"x")),
    # Over-length: 413
    Case("more bytes than announced", lambda tus: tus.patch(begun(tus), 5, bytes(SIZE_BYTES)), ("Upload-Offset",)),
    Case("more bytes than announced, at creation", lambda tus: tus.post({"Upload-Length": "4", **BYTES}, b"hello")),
    Case("bytes after the end", lambda tus: tus.patch(finished(tus), SIZE_BYTES, b"x")),
    Case("larger than the limit", lambda tus: tus.post({"Upload-Length": str(MAX_BYTES + 1)}), ("Location",)),
    # Two writers
    Case("going on while an old request still runs", lambda tus: overtaken(tus)[1], ("Upload-Offset",)),
    Case(
        "the old request",
        told_the_first,
        ours=423,
        why_not="423 Locked is what stock clients try again after; the reference aborts it with 400",
    ),
    # Gone: 404 and 410
    Case("head of nothing", lambda tus: tus.head(unknown(tus)), ("Upload-Offset", "Tus-Resumable")),
    Case("patch nothing", lambda tus: tus.patch(unknown(tus), 0, b"x"), ("Upload-Offset",)),
    Case("delete nothing", lambda tus: tus.delete(unknown(tus))),
    Case("head of what was deleted", lambda tus: tus.head(deleted(tus)), ("Upload-Offset",)),
    Case("patch what was deleted", lambda tus: tus.patch(deleted(tus), 5, b"x")),
    Case("delete again", lambda tus: tus.delete(deleted(tus))),
    Case("head of what expired", lambda tus: tus.head(tus.creation_path), ("Upload-Offset",), is_expired=True),
    Case("patch what expired", lambda tus: tus.patch(tus.creation_path, 0, b"x"), is_expired=True),
    # Bad requests
    Case("negative length", lambda tus: tus.post({"Upload-Length": "-1"}), ("Location",)),
    Case("length that is no number", lambda tus: tus.post({"Upload-Length": "ten"}), ("Location",)),
    Case("no length", lambda tus: tus.post({}), ("Location",)),
    Case("offset that is no number", lambda tus: tus.patch(begun(tus), "five", b"x")),
    Case("metadata that is none", lambda tus: tus.post({"Upload-Length": "9", "Upload-Metadata": "a b c"})),
    Case("no version", lambda tus: tus.ask("HEAD", begun(tus), {})),
    # Where we differ
    Case(
        "another version",
        lambda tus: tus.ask("HEAD", begun(tus), {"Tus-Resumable": "0.2.2"}),
        ours=412,
        why_not=STRICTER,
    ),
    Case(
        "another content type",
        lambda tus: tus.patch(begun(tus), 5, b"x", {"Content-Type": "text/plain"}),
        ours=415,
        why_not=RECOMMENDED,
    ),
    Case(
        "no content type",
        lambda tus: tus.ask("PATCH", begun(tus), {**VERSION, "Upload-Offset": "5"}, b"x"),
        ours=415,
        why_not=RECOMMENDED,
    ),
    Case(
        "no offset",
        lambda tus: tus.ask("PATCH", begun(tus), {**VERSION, **BYTES}, b"x"),
        ours=400,
        why_not="a request without a header it must have is malformed; 403 says that signing in differently would help",
    ),
    Case(
        "another method named in a header",
        lambda tus: tus.ask(
            "POST",
            begun(tus),
            {**VERSION, **BYTES, "Upload-Offset": "5", "X-HTTP-Method-Override": "PATCH"},
            b"x",
        ),
        ours=204,
        why_not=STRICTER,
    ),
    Case(
        "wrong checksum",
        lambda tus: tus.patch(begun(tus), 5, b"x", checksum("sha1", b"y")),
        ours=460,
        why_not="the reference has no checksum extension and takes the bytes",
    ),
    Case(
        "unknown checksum",
        lambda tus: tus.patch(begun(tus), 5, b"x", {"Upload-Checksum": "crc64 AAAA"}),
        ours=400,
        why_not="the reference has no checksum extension and takes the bytes",
    ),
    Case(
        "deferred length",
        lambda tus: tus.post({"Upload-Defer-Length": "1"}),
        ours=400,
        why_not="not offered: space is set aside before the first byte",
    ),
    Case(
        "an empty file",
        lambda tus: tus.post({"Upload-Length": "0"}),
        ours=422,
        why_not="there is nothing to dub in it; told before it is sent",
    ),
    Case(
        "joining",
        asked_of_final,
        ours=400,
        why_not="the reference's file store cannot join; ours joins partial uploads only, and this one is not",
    ),
)
