"""A prepared SQLite database that every small site starts from: migrating takes longer than a short row."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PATH_VARIABLE = "CHAOS_TEMPLATE"
NAME = "database.sqlite3"


def prepare(folder: Path) -> Path:
    """The database file, made once in `folder`."""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "dubbing_site.settings",
        "ENV_FILE": "",
        "DATA_DIR": str(folder),
        "DATABASE_URL": "",
        "SECRET_KEY": "only for chaos",
    }
    command = [sys.executable, "-m", "django", "prepare", "--verbosity", "0"]
    subprocess.run(command, env=environment, check=True)
    return folder / NAME
