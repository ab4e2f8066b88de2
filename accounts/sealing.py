"""Small secrets that the database keeps: encrypted under keys derived from SECRET_KEY, one for each purpose."""

from __future__ import annotations

import base64
from enum import StrEnum
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class Purpose(StrEnum):
    """What a key is for; the value goes into its derivation, so that no key serves two purposes."""

    SECOND_FACTOR = "dubbing-pipeline mfa secrets v1"
    SESSION = "dubbing-pipeline sessions v1"


class CannotUnseal(Exception):
    """The text was altered, or sealed under a SECRET_KEY that is neither in use nor in SECRET_KEY_FALLBACKS."""


def seal(text: str, purpose: Purpose) -> str:
    return _cipher(purpose).encrypt(text.encode()).decode("ascii")


def unseal(sealed: str, purpose: Purpose) -> str:
    """Raises CannotUnseal."""
    try:
        return _cipher(purpose).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise CannotUnseal from error


def seal_again(sealed: str, purpose: Purpose) -> str:
    """The same text under the SECRET_KEY in use. Raises CannotUnseal."""
    return seal(unseal(sealed, purpose), purpose)


def _cipher(purpose: Purpose) -> MultiFernet:
    """Seals with SECRET_KEY, unseals with that or any of SECRET_KEY_FALLBACKS."""
    return MultiFernet([_fernet(key, purpose) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


@lru_cache(maxsize=32)
def _fernet(secret_key: str, purpose: Purpose) -> Fernet:
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.value.encode())
    return Fernet(base64.urlsafe_b64encode(derive.derive(secret_key.encode())))
