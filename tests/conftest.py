"""What tests of every part share: two people, media made by ffmpeg, real servers."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from accounts.audit import guard
from accounts.models import User
from tests import factories
from tests.servers import PostgresServer, RedisServer, running_postgres, running_redis

# A shell that starts the tests in the background has them ignore Ctrl-C, and so every server that a test starts.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """The database, with an audit trail that can be emptied between tests: its own test puts the refusal back."""
    with django_db_blocker.unblock():
        guard.lift(connection)
        connection.close()


@pytest.fixture
def alice(db: None) -> User:
    return factories.make_user("alice")


@pytest.fixture
def bob(db: None) -> User:
    return factories.make_user("bob")


@pytest.fixture(scope="session")
def tone_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One second of test picture and tone: media, but nobody speaks."""
    return _ffmpeg(tmp_path_factory.mktemp("clips") / "tone.mp4", "sine=frequency=440:duration=1", 1)


@pytest.fixture(scope="session")
def spoken_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """About six seconds of English speech under a test picture."""
    text = "The weather is good today. We are going to the market to buy bread and fresh apples."
    return _ffmpeg(tmp_path_factory.mktemp("clips") / "spoken.mp4", f"flite=text='{text}':voice=rms", 6)


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """One of the test's own, to be hurt."""
    with running_redis() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Shared: take a `database` of your own."""
    with running_postgres() as server:
        yield server


def _ffmpeg(target: Path, audio: str, duration_s: int) -> Path:
    picture = f"testsrc2=size=320x180:rate=25:duration={duration_s}"
    sources = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", audio]
    encoding = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-t", str(duration_s)]
    command = ["ffmpeg", "-nostdin", "-v", "error", *sources, *encoding, f"file:{target}"]
    subprocess.run(command, check=True)
    return target
