"""The tests of the queue and of uploads hold on PostgreSQL too, where rows are locked one by one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import running_postgres

HERE = Path(__file__).parent
FILES = (
    "test_fairness.py",
    "test_going_on.py",
    "test_idempotency.py",
    "test_job_states.py",
    "test_one_time_races.py",
    "test_queue.py",
    "test_quotas.py",
    "test_rate_limits.py",
    "test_sessions.py",
    "test_split_stages.py",
    "test_supervise.py",
    "test_totp_races.py",
    "test_upload_joining.py",
    "test_upload_limits.py",
    "test_upload_writers.py",
    "test_work_on_jobs.py",
)


@pytest.mark.slow
def test_the_tests_of_the_queue_and_of_uploads_pass_on_postgresql() -> None:
    with running_postgres() as postgres:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-n", "0", *(str(HERE / name) for name in FILES)],
            env=environment | {"TEST_DATABASE_URL": postgres.url()},
            capture_output=True,
            text=True,
            check=False,
        )

    assert done.returncode == 0, done.stdout[-8000:]
