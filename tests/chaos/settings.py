"""The real site, with whichever runner a row wants: CHAOS_RUNNER names its module, nothing the real one."""

from __future__ import annotations

import os
import sys

from dubbing_site.settings import *  # noqa: F403
from dubbing_site.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.chaos"]
if module := os.environ.get("CHAOS_RUNNER"):
    RUNNER_COMMAND = (sys.executable, "-m", module)
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
