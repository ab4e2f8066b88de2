"""The site as it is, or with django-q2 as it comes (BENCH_SYSTEM=bare), on the same database either way."""

from __future__ import annotations

import os

from dubbing_site.settings import *  # noqa: F403
from dubbing_site.settings import DATABASES, INSTALLED_APPS, REDIS_URL, WORKERS

LOG_LEVEL = "ERROR"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if os.environ["BENCH_SYSTEM"] == "bare":
    DATABASES["default"]["CONN_MAX_AGE"] = 60  # without it PostgreSQL would take ten times as long
    Q_CLUSTER = {"name": "bare", "workers": WORKERS, "timeout": 60, "retry": 120}
    Q_CLUSTER |= {"redis": REDIS_URL} if REDIS_URL else {"orm": "default"}
else:
    INSTALLED_APPS = [*INSTALLED_APPS, "tests.benchmarks.queue_no_op.NoOp"]
