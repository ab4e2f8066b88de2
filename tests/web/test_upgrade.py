"""Jobs that were open when the database is upgraded go on."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.web.conftest import child_environment

NOW = "2026-11-01 12:00:00"
USER, UPLOAD = "a" * 32, "b" * 32
JOBS = {"1" * 32: "queued", "2" * 32: "running", "3" * 32: "paused", "4" * 32: "done"}


def migrate(environment: dict[str, str], *target: str) -> None:
    command = [sys.executable, "-m", "django", "migrate", "--skip-checks", "--verbosity", "0", *target]
    subprocess.run(command, env=environment, check=True, timeout=120)


@pytest.mark.slow
@pytest.mark.django_db
def test_an_open_job_of_the_first_release_gets_its_shard(data_dir: Path) -> None:
    file = data_dir / "old.sqlite3"
    environment = child_environment(data_dir) | {"DATABASE_URL": f"sqlite:///{file}"}
    migrate(environment, "jobs", "0001")
    with sqlite3.connect(file) as old:
        fill(old)

    migrate(environment)

    with sqlite3.connect(file) as new:
        states = dict(new.execute("SELECT id, state FROM jobs_job"))
        shards = new.execute("SELECT job_id, stage, kind, state, attempts, owner_id FROM jobs_shard").fetchall()
    assert states == JOBS | {"2" * 32: "queued"}
    open_jobs = [job_id for job_id, state in JOBS.items() if state != "done"]
    assert sorted(shards) == [(job_id, "export", "stage", "waiting", 0, USER) for job_id in open_jobs]


@pytest.mark.slow
@pytest.mark.django_db
def test_dubs_made_before_learn_their_place_in_a_series(data_dir: Path) -> None:
    file = data_dir / "old.sqlite3"
    environment = child_environment(data_dir) | {"DATABASE_URL": f"sqlite:///{file}"}
    migrate(environment, "jobs", "0004")
    migrate(environment, "library", "0002")
    with sqlite3.connect(file) as old:
        fill(old)
        old.execute("UPDATE jobs_job SET series = ''")
        old.execute("UPDATE jobs_job SET series = 'Our house', season = 1, episode = 2 WHERE state = 'done'")
        for job_id in JOBS:
            insert(old, "library_dub", id=job_id, job_id=job_id, owner_id=USER, title="talk.mp4", created_at=NOW)

    migrate(environment)

    with sqlite3.connect(file) as new:
        places = new.execute("SELECT job_id, series, season, episode FROM library_dub WHERE series <> ''").fetchall()
    assert places == [("4" * 32, "Our house", 1, 2)]


def fill(old: sqlite3.Connection) -> None:
    insert(old, "accounts_user", id=USER, username="alice", email="", date_joined=NOW)
    insert(old, "uploads_upload", id=UPLOAD, owner_id=USER, name="talk.mp4", created_at=NOW)
    for job_id, state in JOBS.items():
        insert(
            old, "jobs_job", id=job_id, owner_id=USER, upload_id=UPLOAD, name="talk.mp4", state=state, created_at=NOW
        )


def insert(database: sqlite3.Connection, table: str, **values: str) -> None:
    """A row; what is not named and must not be empty is 0 or {}."""
    columns = database.execute(f"PRAGMA table_info({table})").fetchall()
    for _number, name, kind, is_required, default, _key in columns:
        if is_required and default is None:
            values.setdefault(name, "{}" if kind == "text" else "0")
    names = ", ".join(values)
    marks = ", ".join("?" * len(values))
    database.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(values.values()))  # noqa: S608 - ours
