"""The site's settings for tests: nothing from this machine's environment or .env, a folder that goes away."""

from __future__ import annotations

import atexit
import dataclasses
import os
import shutil
import tempfile

from dubbing_site.environment import Environment

for field in dataclasses.fields(Environment):
    os.environ.pop(field.name.upper(), None)
_folder = tempfile.mkdtemp(prefix="dubbing-tests-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
os.environ |= {"ENV_FILE": "", "DATA_DIR": _folder, "SECRET_KEY": "only for tests", "LOG_LEVEL": "WARNING"}

from dubbing_site.settings import *  # noqa: E402, F403
from dubbing_site.settings import DATABASES  # noqa: E402

# A file, not memory: workers, the web server and the tests are different processes and threads.
DATABASES["default"]["TEST"] = {"NAME": f"{_folder}/test.sqlite3"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
