"""The operator's encryption keys, from the environment or a file. What is wrong with them is said without them."""

from __future__ import annotations

from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from dubbing_site.environment import Environment
from pipeline.errors import DubbingError
from pipeline.vault import keys, known
from pipeline.vault.keys import KeyRing


def key_ring(environment: Environment) -> KeyRing | None:
    """None where files lie in clear. Raises ImproperlyConfigured."""
    name = "ENCRYPTION_KEYS_FILE" if environment.encryption_keys_file else "ENCRYPTION_KEYS"
    try:
        ring = keys.parse(_text(environment))
        known.require(environment.data_dir, ring)
    except OSError as error:
        raise ImproperlyConfigured(f"{name} cannot be used: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ImproperlyConfigured(f"{name} cannot be used: it is no text") from error
    except DubbingError as error:
        raise ImproperlyConfigured(f"{name} cannot be used: {error}") from error
    return ring


def _text(environment: Environment) -> str:
    if not environment.encryption_keys_file:
        return environment.encryption_keys
    if environment.encryption_keys:
        raise ImproperlyConfigured("ENCRYPTION_KEYS cannot be used: ENCRYPTION_KEYS_FILE is set, too; leave one out")
    return Path(environment.encryption_keys_file).read_text("ascii")
