"""Serving a dub's files: permission, ranges, safe headers, bounded memory.

Django's FileResponse knows no ranges, and under ASGI a synchronous iterator would be read whole into memory.
"""

from __future__ import annotations

import re
from contextlib import ExitStack
from dataclasses import dataclass
from email.utils import formatdate
from functools import partial

from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header

from library import tampering
from library.models import Artifact, ArtifactKind
from library.pieces import Pieces, PiecesAsync, Source
from pipeline.errors import FileDamaged
from pipeline.vault.reading import StoredFile
from uploads import storage

RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)  # more digits than any file needs are no range


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes `start` to `end`, both included, as HTTP counts them."""

    start: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.start + 1


class RangeUnsatisfiable(ValueError):
    """The range lies outside the file (416)."""


def parse_range(header: str, size_bytes: int) -> ByteRange | None:
    """RFC 9110 §14.2 for one range; None, the whole file, for anything else, as the standard allows.

    Raises RangeUnsatisfiable.
    """
    match = RANGE.fullmatch(header.strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        length = min(int(last), size_bytes)
        if length == 0:
            raise RangeUnsatisfiable(header)
        return ByteRange(size_bytes - length, size_bytes - 1)
    start, end = int(first), int(last) if last else size_bytes - 1
    if last and end < start:
        return None
    if start >= size_bytes:
        raise RangeUnsatisfiable(header)
    return ByteRange(start, min(end, size_bytes - 1))


def serve(request: HttpRequest, artifact: Artifact, *, as_attachment: bool = False) -> HttpResponseBase:
    """The file, or the part of it that was asked for. 404 for one that is gone.

    Whose it is has been looked at by then (`library.selectors`). Raises FileDamaged, KeyMissing, StorageError.
    """
    if not storage.exists(artifact.stored):
        raise Http404
    etag = f'"{artifact.sha256}"'
    modified_s = int(artifact.path.stat().st_mtime)
    unchanged = get_conditional_response(request, etag=etag, last_modified=modified_s)
    try:
        response = unchanged or _answer(request, artifact, etag)
    except FileDamaged:
        tampering.note(artifact, request)
        raise
    response.headers["ETag"] = etag
    response.headers["Last-Modified"] = formatdate(modified_s, usegmt=True)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["X-Content-Type-Options"] = "nosniff"
    # Nothing in a file may act as a page of this site, whatever its type claims. The report is one page with its
    # styles and drawings in itself and no script.
    allowed = "style-src 'unsafe-inline'; img-src data:; " if artifact.kind == ArtifactKind.REPORT else ""
    response.headers["Content-Security-Policy"] = f"default-src 'none'; {allowed}sandbox"
    disposition = content_disposition_header(as_attachment, artifact.name)
    if disposition:
        response.headers["Content-Disposition"] = disposition
    return response


def _answer(request: HttpRequest, artifact: Artifact, etag: str) -> HttpResponseBase:
    try:
        file = storage.opened(artifact.stored)
    except FileNotFoundError as error:
        raise Http404 from error
    with ExitStack() as closing:
        closing.callback(file.close)
        size_bytes = file.size_bytes
        try:
            part = _wanted(request, etag, size_bytes)
        except RangeUnsatisfiable:
            return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size_bytes}"})
        sent = part or ByteRange(0, size_bytes - 1)
        response: HttpResponseBase = HttpResponse()
        if request.method != "HEAD":
            response = _body(request, artifact, file, sent)
            closing.pop_all()  # the response closes it
    response.headers["Content-Type"] = artifact.content_type
    response.headers["Content-Length"] = str(sent.length)
    if part is not None:
        response.status_code = 206
        response.headers["Content-Range"] = f"bytes {part.start}-{part.end}/{size_bytes}"
    return response


def _wanted(request: HttpRequest, etag: str, size_bytes: int) -> ByteRange | None:
    """None for the whole file. Raises RangeUnsatisfiable."""
    if request.headers.get("If-Range", etag) != etag:
        return None
    return parse_range(request.headers.get("Range", ""), size_bytes)


def _body(request: HttpRequest, artifact: Artifact, file: StoredFile, part: ByteRange) -> StreamingHttpResponse:
    """Its first piece is read before anything is answered: what is wrong with the file is still told as an error then.

    Raises FileDamaged, StorageError.
    """
    source = Source(artifact.stored, file, part.start, part.length)
    kind = PiecesAsync if isinstance(request, ASGIRequest) else Pieces
    return StreamingHttpResponse(kind(source, partial(tampering.note, artifact, request)))
