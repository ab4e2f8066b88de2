"""How one setting is declared, and read from the environment."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured


def documented(default: str, meaning: str, *, minimum: int | None = None, choices: tuple[str, ...] = ()) -> Any:
    """A field whose default is written as an operator would write it in the environment."""
    return dataclasses.field(metadata={"default": default, "meaning": meaning, "minimum": minimum, "choices": choices})


def secret(default: str, meaning: str) -> Any:
    """A field that nobody is shown. (Of addresses only the password is secret, and that goes without saying.)"""
    return dataclasses.field(metadata=documented(default, meaning).metadata | {"is_secret": True})


def read(field: dataclasses.Field[Any]) -> Any:
    """Raises ImproperlyConfigured, one line naming the setting."""
    name, meta = field.name.upper(), field.metadata
    text = os.environ.get(name, "").strip() or meta["default"]
    try:
        value = PARSERS[str(field.type)](text)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}={text!r} cannot be used: {error}") from error
    if meta["minimum"] is not None and value < meta["minimum"]:
        raise ImproperlyConfigured(f"{name}={text} cannot be used: the least is {meta['minimum']}")
    if meta["choices"] and value not in meta["choices"]:
        raise ImproperlyConfigured(f"{name}={text!r} cannot be used: choose one of {', '.join(meta['choices'])}")
    return value


def _bool(text: str) -> bool:
    if text.lower() in environ.Env.BOOLEAN_TRUE_STRINGS:
        return True
    if text.lower() in ("0", "false", "no", "off", "n", "f"):
        return False
    raise ValueError("write 1 or 0")


def _int(text: str) -> int:
    try:
        return int(text.replace("_", ""))
    except ValueError:
        raise ValueError("write a whole number") from None


def _list(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


PARSERS: dict[str, Callable[[str], Any]] = {
    "str": str,
    "int": _int,
    "bool": _bool,
    "Path": lambda text: Path(os.path.expanduser(text)).absolute(),
    "list[str]": _list,
}
