"""The real site, with a runner that does a job's stages in no time and misbehaves when the job's name says so."""

from __future__ import annotations

import os
import sys

from dubbing_site.settings import *  # noqa: F403
from dubbing_site.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.chaos"]
if os.environ.get("CHAOS_RUNNER", "fake") == "fake":
    RUNNER_COMMAND = (sys.executable, "-m", "tests.chaos.runner")
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
