"""What a client says of its file beside the bytes, bounded. Nothing here is believed; the file itself is examined."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import asdict, dataclass
from typing import Any

from django.utils.translation import gettext as _

from uploads.errors import UploadInvalid

HEADER_MAX_BYTES = 4096
HEADER_MAX_KEYS = 20
TYPE_MAX_CHARACTERS = 100
KEY = re.compile(r"[\x21-\x2b\x2d-\x7e]+")  # visible ASCII without the comma
DIGITS = re.compile(r"\d{1,15}(\.\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class ClientFacts:
    """`tus_metadata` and `tus_concat` are headers that are given back as they came."""

    media_type: str = ""
    last_modified_ms: int | None = None
    tus_metadata: str = ""
    tus_concat: str = ""

    def to_json(self) -> dict[str, Any]:
        return {key: value for key, value in asdict(self).items() if value not in ("", None)}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> ClientFacts:
        return cls(**value)


def pairs_of(header: str) -> dict[str, str]:
    """The keys and values of tus' Upload-Metadata. Raises UploadInvalid."""
    if len(header) > HEADER_MAX_BYTES:
        raise UploadInvalid(_("Upload-Metadata is too long; at most %(limit)s bytes.") % {"limit": HEADER_MAX_BYTES})
    items = [item.strip() for item in header.split(",")] if header.strip() else []
    if len(items) > HEADER_MAX_KEYS:
        raise UploadInvalid(_("Upload-Metadata has too many keys; at most %(limit)s.") % {"limit": HEADER_MAX_KEYS})
    pairs: dict[str, str] = {}
    for item in items:
        key, _space, encoded = item.partition(" ")
        if not KEY.fullmatch(key) or key in pairs:
            raise UploadInvalid(_("Upload-Metadata must be unique keys, each with its value in base64."))
        pairs[key] = _decoded(encoded.strip())
    return pairs


def facts_of(media_type: str, last_modified: str, *, tus_metadata: str = "", tus_concat: str = "") -> ClientFacts:
    """`last_modified` is in ms since 1970; what cannot be used is left out."""
    shown_type = "".join(character for character in media_type if character.isprintable())[:TYPE_MAX_CHARACTERS]
    modified_ms = int(float(last_modified)) if DIGITS.fullmatch(last_modified) else None
    return ClientFacts(shown_type, modified_ms, tus_metadata, tus_concat)


def _decoded(encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError) as error:
        raise UploadInvalid(_("Upload-Metadata must be unique keys, each with its value in base64.")) from error
