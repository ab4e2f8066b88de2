"""What tests of the site share: a data folder each, clients that are signed in, a server in its own process."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client

from accounts.models import User
from jobs import drain, warm
from tests.servers import free_port

DEADLINE_S = 30.0
STARTED_WITHIN_S = 120.0  # four seconds of work, on a machine that may have twenty things to do


@pytest.fixture(autouse=True)
def data_dir(settings: LazySettings, tmp_path: Path) -> Path:
    """Files of one test never meet those of another."""
    folder = tmp_path / "data"
    for name in ("media", "work", "tmp"):
        (folder / name).mkdir(parents=True)
    settings.DATA_DIR = folder
    settings.MEDIA_ROOT = folder / "media"
    settings.WORK_ROOT = folder / "work"
    settings.FILE_UPLOAD_TEMP_DIR = str(folder / "tmp")
    settings.FREE_SPACE_RESERVE_BYTES = 0
    return folder


@pytest.fixture(autouse=True)
def not_draining() -> Iterator[None]:
    drain.forget()
    yield
    drain.forget()


@pytest.fixture(autouse=True)
def no_runner_of_another_test() -> Iterator[None]:
    """A warm one is kept by the process, whatever RUNNER_COMMAND says by then."""
    yield
    warm.end()


@pytest.fixture
def as_alice(alice: User) -> Client:
    client = Client()
    client.force_login(alice)
    return client


@pytest.fixture
def as_bob(bob: User) -> Client:
    client = Client()
    client.force_login(bob)
    return client


@pytest.fixture
def films(settings: LazySettings, tmp_path: Path) -> Path:
    """A folder of this machine that may be imported from."""
    folder = tmp_path / "srv" / "films"
    folder.mkdir(parents=True)
    settings.IMPORT_FOLDERS = [str(folder)]
    return folder


@pytest.fixture
def film(films: Path, tone_clip: Path) -> Path:
    path = films / "trip" / "day1.mp4"
    path.parent.mkdir()
    path.write_bytes(tone_clip.read_bytes())
    return path


def wait_until(condition: Callable[[], object], what: str, within_s: float = DEADLINE_S) -> None:
    """Waits on a condition; the only place where tests let time pass."""
    deadline_s = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline_s:
            pytest.fail(f"not within {within_s:.0f} s: {what}")
        time.sleep(0.02)


@dataclass
class RunningServer:
    """The real web server in its own process, on this test's database and data folder."""

    port: int
    process: subprocess.Popen[bytes]
    environment: dict[str, str] = field(repr=False)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def is_up(self) -> bool:
        if self.process.poll() is not None:
            pytest.fail(f"the web server ended with status {self.process.returncode}")
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            link.request("GET", "/healthz")
            return link.getresponse().status == 200
        except OSError:
            return False
        finally:
            link.close()


def child_environment(data_dir: Path, **more: str) -> dict[str, str]:
    """For processes of the real site on this test's database."""
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "dubbing_site.settings",
        "DATABASE_URL": database_url(),
        "DATA_DIR": str(data_dir),
        "FREE_SPACE_RESERVE_BYTES": "0",
        **more,
    }


def database_url() -> str:
    """Of the test's own database, whichever kind it is."""
    where = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:////{str(where['NAME']).lstrip('/')}"
    return f"postgres://{where['USER']}:{where['PASSWORD']}@{where['HOST']}:{where['PORT'] or 5432}/{where['NAME']}"


@pytest.fixture
def server(transactional_db: None, data_dir: Path) -> Iterator[RunningServer]:
    with running_server(data_dir) as running:
        yield running


@pytest.fixture
def small_server(transactional_db: None, data_dir: Path) -> Iterator[RunningServer]:
    """One that takes uploads of at most a million bytes."""
    with running_server(data_dir, UPLOAD_MAX_BYTES="1_000_000") as running:
        yield running


@contextmanager
def running_server(data_dir: Path, module: str = "dubbing_site.server", **more: str) -> Iterator[RunningServer]:
    port = free_port()
    environment = child_environment(data_dir, PORT=str(port), **{"DRAIN_SECONDS": "1"} | more)
    process = subprocess.Popen([sys.executable, "-m", module], env=environment)
    running = RunningServer(port, process, environment)
    try:
        wait_until(running.is_up, "the web server answers", STARTED_WITHIN_S)
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
