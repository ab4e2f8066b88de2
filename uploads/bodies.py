"""The body of a request, as it arrives."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from uploads.errors import UploadInvalid

PIECE_BYTES = 256 * 1024
SILENCE_S = 0.5
LENGTH_MAX_DIGITS = 18


class Untouched(BaseParser):
    """Leaves the body alone, whatever it is called: the CSRF check asks for a form's fields before any view sees it."""

    media_type = "*/*"

    def parse(self, *_arguments: object, **_options: object) -> dict[str, str]:
        return {}


def pieces(request: Request) -> Iterator[bytes]:
    """Pieces of at most 256 KiB as they come; an empty one when nothing came for half a second.

    Raises django.http.UnreadablePostError when the connection is lost, after all that came before.
    """
    wait = getattr(request._request._stream, "wait", _has_all)  # a body that arrives by and by has it
    while True:
        if not wait(SILENCE_S):
            yield b""
        elif piece := request._request.read(PIECE_BYTES):
            yield piece
        else:
            return


def announced_length(request: Request) -> int | None:
    """How many bytes the body says it has; None when it does not say."""
    text = request.META.get("CONTENT_LENGTH") or ""
    return whole_number(text, "Content-Length") if text else None


def whole_number(text: str, what: str) -> int:
    """0 or more. Raises UploadInvalid, naming `what`."""
    if not (text.isascii() and text.isdigit() and len(text) <= LENGTH_MAX_DIGITS):
        raise UploadInvalid(_("%(what)s must be a whole number of bytes, 0 or more.") % {"what": what})
    return int(text)


def _has_all(timeout_s: float) -> bool:
    return True
