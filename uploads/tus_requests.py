"""The headers of a tus creation request, read into what is to be made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from django.utils.translation import gettext as _

from uploads.bodies import whole_number
from uploads.checksums import sha256_hex
from uploads.errors import UploadInvalid
from uploads.metadata import facts_of, pairs_of
from uploads.services import Announced

PARTIAL = "partial"
FINAL = "final;"


@dataclass(frozen=True, slots=True)
class NewUpload:
    """`parts`, where there are any, are what it is to be made of."""

    announced: Announced
    parts: tuple[UUID, ...] = ()


def new_upload(headers: Mapping[str, str]) -> NewUpload:
    """Raises UploadInvalid."""
    concat = headers.get("Upload-Concat", "").strip()
    if concat.startswith(FINAL):
        if "Upload-Length" in headers:
            raise UploadInvalid(_("An upload made of parts has their length; leave Upload-Length out."))
        return NewUpload(_announced(headers, 0, concat), _parts(concat.removeprefix(FINAL)))
    if concat not in ("", PARTIAL):
        raise UploadInvalid(_("Upload-Concat must be “partial”, or “final;” and the addresses of the parts."))
    if "Upload-Defer-Length" in headers:
        raise UploadInvalid(_("This server must know the length at the beginning; send Upload-Length."))
    return NewUpload(_announced(headers, whole_number(headers.get("Upload-Length", ""), "Upload-Length"), concat))


def _announced(headers: Mapping[str, str], size_bytes: int, concat: str) -> Announced:
    raw = headers.get("Upload-Metadata", "")
    said = pairs_of(raw)
    media_type = said.get("filetype") or said.get("type", "")
    facts = facts_of(media_type, said.get("last_modified", ""), tus_metadata=raw, tus_concat=concat)
    sha256 = sha256_hex(said["sha256"]) if said.get("sha256") else ""
    name = said.get("filename") or said.get("name", "")
    return Announced(name, size_bytes, sha256, facts, is_partial=concat == PARTIAL)


def _parts(addresses: str) -> tuple[UUID, ...]:
    """Whatever host they name: what counts is the last part of the path."""
    try:
        parts = tuple(UUID(urlsplit(address).path.rsplit("/", 1)[-1]) for address in addresses.split())
    except ValueError as error:
        raise UploadInvalid(_("Upload-Concat names something that is not an upload.")) from error
    if not parts:
        raise UploadInvalid(_("Upload-Concat names no parts."))
    return parts
