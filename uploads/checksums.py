"""Checksums that come with bytes: RFC 9530's Content-Digest, plain hexadecimal SHA-256, and tus' Upload-Checksum."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field
from typing import Protocol

from django.utils.translation import gettext as _

from uploads.errors import UploadInvalid, WrongChecksum

# SHA-1 is tus' own minimum: it tells a damaged chunk, not an evil one.
ALGORITHMS = {"sha1": 20, "sha256": 32, "sha512": 64}  # lengths in bytes
CONTENT_DIGEST = re.compile(r"\s*([a-z0-9-]+)\s*=\s*:([A-Za-z0-9+/=]*):\s*")
HEX_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


class Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...

    def digest(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Checksum:
    """What some bytes are to have."""

    algorithm: str
    digest: bytes


@dataclass(slots=True)
class Running:
    """The checksum of bytes as they pass; without one that is expected, nothing is reckoned."""

    expected: Checksum | None
    _hash: Hash | None = field(init=False)

    def __post_init__(self) -> None:
        self._hash = hashlib.new(self.expected.algorithm, usedforsecurity=False) if self.expected else None

    def update(self, piece: bytes) -> None:
        if self._hash is not None:
            self._hash.update(piece)

    def verify(self) -> None:
        """Raises WrongChecksum."""
        if self.expected is not None and self._hash is not None and self._hash.digest() != self.expected.digest:
            raise WrongChecksum(_("The bytes that arrived are not those that were sent; send them again."))


def from_tus(header: str) -> Checksum:
    """`sha1 <base64>`. Raises UploadInvalid."""
    algorithm, _space, encoded = header.strip().partition(" ")
    return _checksum(algorithm.lower(), encoded.strip())


def from_content_digest(header: str) -> Checksum:
    """`sha-256=:<base64>:`, or sha-512, or both. Raises UploadInvalid."""
    members = [match for part in header.split(",") if (match := CONTENT_DIGEST.fullmatch(part))]
    known = {name: encoded for name, encoded in (match.groups() for match in members)}
    for name, algorithm in (("sha-256", "sha256"), ("sha-512", "sha512")):
        if name in known:
            return _checksum(algorithm, known[name])
    raise UploadInvalid(_("Write Content-Digest as sha-256=:<base64>: ."))


def from_hex(header: str) -> Checksum:
    return Checksum("sha256", bytes.fromhex(sha256_hex(header)))


def sha256_hex(text: str) -> str:
    """In lower case. Raises UploadInvalid."""
    if not HEX_SHA256.fullmatch(text):
        raise UploadInvalid(_("A SHA-256 is 64 hexadecimal digits."))
    return text.lower()


def _checksum(algorithm: str, encoded: str) -> Checksum:
    if algorithm not in ALGORITHMS:
        names = ", ".join(ALGORITHMS)
        raise UploadInvalid(_("This checksum is not known here; use one of %(names)s.") % {"names": names})
    try:
        digest = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != ALGORITHMS[algorithm]:
        raise UploadInvalid(_("The checksum is not what base64 makes of a whole %(name)s.") % {"name": algorithm})
    return Checksum(algorithm, digest)
