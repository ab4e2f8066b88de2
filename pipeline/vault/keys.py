"""The operator's keys: the first one wraps the keys of new files, the others still open what they once wrapped."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pipeline.errors import KeyMissing, KeyUnusable

KEY_BYTES = 32
ID_MAX_CHARACTERS = 64
ID = re.compile(rf"[A-Za-z0-9._-]{{1,{ID_MAX_CHARACTERS}}}")
WRAPPING = "dubbing vault: keys of files, 1"
VOICES = "dubbing vault: voice memory, 1"
CHECK = "dubbing vault: which key this is, 1"


@dataclass(frozen=True, slots=True)
class Key:
    """32 random bytes and the name that files know them by; never used themselves, only to derive keys from."""

    id: str
    secret: bytes = field(repr=False)

    def derived(self, purpose: str) -> bytes:
        """32 bytes for one purpose (HKDF-SHA256)."""
        return _derived(self.secret, purpose)

    @property
    def check(self) -> str:
        """Tells this key from another of the same name, and nothing else of it."""
        return hashlib.sha256(self.derived(CHECK)).hexdigest()


class KeyRing:
    """At least one key; the first is the current one."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self.keys = tuple(keys)
        self.current = self.keys[0]

    def __repr__(self) -> str:
        return f"KeyRing({', '.join(key.id for key in self.keys)})"

    def key(self, id_: str) -> Key:
        """Raises KeyMissing."""
        for key in self.keys:
            if key.id == id_:
                return key
        raise KeyMissing(f"the key {id_!r} is not among the encryption keys")

    def voice_keys(self) -> list[str]:
        """For `speakers.memory`, as Fernet takes them; the current one first."""
        return [base64.urlsafe_b64encode(key.derived(VOICES)).decode() for key in self.keys]


def parse(text: str) -> KeyRing | None:
    """`name:base64` of 32 random bytes each, commas or white space between; None for no keys at all.

    In a file of several lines, those that begin with # are notes. Raises KeyUnusable, which tells no key.
    """
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    keys = [_key(entry) for entry in " ".join(lines).replace(",", " ").split()]
    if len({key.id for key in keys}) < len(keys):
        raise KeyUnusable("two encryption keys have the same name; give each its own")
    return KeyRing(keys) if keys else None


def _key(entry: str) -> Key:
    id_, colon, secret = entry.partition(":")
    if not colon or not ID.fullmatch(id_):
        raise KeyUnusable("write each encryption key as name:base64, the name of letters, digits, dots and dashes")
    try:
        decoded = base64.b64decode(secret.translate(str.maketrans("-_", "+/")), validate=True)
    except binascii.Error as error:
        raise KeyUnusable(f"the encryption key {id_!r} is no base64; `openssl rand -base64 32` makes one") from error
    if len(decoded) != KEY_BYTES:
        raise KeyUnusable(f"the encryption key {id_!r} must have 32 bytes; `openssl rand -base64 32` makes one")
    return Key(id_, decoded)


@lru_cache(maxsize=64)
def _derived(secret: bytes, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose.encode()).derive(secret)
