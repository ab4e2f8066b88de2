"""Every setting an operator can make, with its type, default and meaning: the one place that reads the environment.

`docs/settings.md` and `.env.example` are checked against this list.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import environ

from dubbing_site.environment.checks import check
from dubbing_site.environment.fields import Environment
from dubbing_site.environment.reader import read

__all__ = ["Environment", "read_environment"]


def read_environment(env_file: Path) -> Environment:
    """The environment over `env_file` over the defaults.

    Raises ImproperlyConfigured, one line naming the setting, for a value that cannot be used.
    """
    if env_file.is_file():
        environ.Env.read_env(str(env_file))
    settings = Environment(**{field.name: read(field) for field in dataclasses.fields(Environment)})
    check(settings)
    return settings
