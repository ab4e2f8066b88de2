"""The effective settings as an operator may see them: without what is secret."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from dubbing_site.environment.fields import Environment

HIDDEN = "…"
# The password in an address, up to the last @ before the host: it may hold any other character itself, and so may the
# name before it.
PASSWORD = re.compile(r"(?<=://)([^:\s]*):\S*@")
# Redis and PostgreSQL also take it after the question mark.
ASKED_FOR = re.compile(r"(?<=[?&])([^=&\s]*(?:pass|pwd|secret|token|key)[^=&\s]*)=[^&\s]*", re.IGNORECASE)


def shown(settings: Environment) -> Iterator[tuple[str, str, bool]]:
    """Name, value as it would be written, and whether it differs from the default."""
    for field in dataclasses.fields(settings):
        text = _written(getattr(settings, field.name))
        is_set = text != field.metadata["default"] and bool(text or field.metadata["default"])
        yield field.name.upper(), _masked(text, is_secret="is_secret" in field.metadata), is_set


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, list):
        return ",".join(value)
    return "" if value is None else str(value)


def _masked(text: str, *, is_secret: bool) -> str:
    if is_secret:
        return text and HIDDEN
    return PASSWORD.sub(rf"\1:{HIDDEN}@", ASKED_FOR.sub(rf"\1={HIDDEN}", text))
