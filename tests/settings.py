"""The site's settings for tests: nothing from this machine's environment or .env, a folder that goes away.

`TEST_DATABASE_URL=postgres://…` runs the suite on PostgreSQL instead of SQLite.
"""

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
if test_database_url := os.environ.get("TEST_DATABASE_URL"):
    os.environ["DATABASE_URL"] = test_database_url

from dubbing_site.settings import *  # noqa: E402, F403
from dubbing_site.settings import DATABASES, IS_SQLITE  # noqa: E402

# A file, not memory: workers, the web server and the tests are different processes and threads.
if IS_SQLITE:
    DATABASES["default"]["TEST"] = {"NAME": f"{_folder}/test.sqlite3"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
MAIL_IS_SENT = True
# What it forbids it forbids for good, and tests connect to what they like. Servers that tests start have the default.
ALLOW_EGRESS = True
