"""Key rings for tests; the keys are no secrets."""

from __future__ import annotations

import base64
import hashlib

from pipeline.vault import keys
from pipeline.vault.keys import KeyRing


def written(*names: str) -> str:
    """As an operator would set them."""
    secrets = (base64.b64encode(hashlib.sha256(name.encode()).digest()).decode() for name in names)
    return ",".join(f"{name}:{secret}" for name, secret in zip(names, secrets, strict=True))


def ring(*names: str) -> KeyRing:
    made = keys.parse(written(*names))
    assert made is not None
    return made
