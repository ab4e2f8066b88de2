"""The data folder: made when missing, together with the key that signs sessions and encrypts TOTP secrets."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

FOLDERS = ("media", "work", "tmp")
KEY_BYTES = 48


def prepare(data_dir: Path) -> None:
    """Makes the folders. Raises ImproperlyConfigured when the place cannot be written."""
    try:
        data_dir.mkdir(mode=0o750, parents=True, exist_ok=True)  # closed to others: the database lies in it
        for folder in FOLDERS:
            (data_dir / folder).mkdir(mode=0o750, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(f"DATA_DIR={data_dir} cannot be used: {error.strerror}") from error


def secret_key(data_dir: Path) -> str:
    """The kept key, made on first use. Several processes starting at once agree on one.

    The key is written under another name and linked into place, so that nobody reads half of it.
    """
    path = data_dir / "secret_key"
    try:
        if not path.exists():
            _create(path)
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{path} cannot be used: {error.strerror}") from error


def _create(path: Path) -> None:
    draft = path.with_name(f".secret_key.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
