"""The plaintext that a worker lends its programs goes with its attempt, and when it is killed, with the next start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import User
from jobs import dispatch
from pipeline.settings import DubSettings
from tests.vault.rings import ring, written
from tests.web.conftest import child_environment, wait_until
from uploads import storage
from uploads.services import receive

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
WITHIN_S = 90.0


@contextmanager
def running_worker(data_dir: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Killed at the end with all that it started."""
    environment = child_environment(data_dir, ENCRYPTION_KEYS=written("a"))
    command = [sys.executable, "-m", "django", "worker"]
    process = subprocess.Popen(command, env=environment, start_new_session=True)
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def lent() -> list[Path]:
    root = storage.plain_root()
    return sorted(root.glob("*/source")) if root.exists() else []


def test_a_killed_worker_leaves_plaintext_only_until_the_next_start(
    alice: User, spoken_clip: Path, data_dir: Path, settings: LazySettings
) -> None:
    settings.ENCRYPTION_KEY_RING = ring("a")
    upload = receive(alice, SimpleUploadedFile("talk.mp4", spoken_clip.read_bytes()))
    dispatch.submit(alice, upload, DubSettings(target_language="es"))
    while not lent():  # again, should a stage have ended just as its worker was killed
        with running_worker(data_dir):
            wait_until(lent, "the source is lent to the runner", WITHIN_S)
    [left] = lent()
    assert left.read_bytes() == spoken_clip.read_bytes()
    assert [path.stat().st_mode & 0o077 for path in (storage.plain_root(), left.parent)] == [0, 0]
    forgotten = left.parent.rename(left.parent.with_name("upload-of-a-job-that-is-gone"))

    with running_worker(data_dir):
        wait_until(lambda: not forgotten.exists(), "what the killed worker left is gone", WITHIN_S)
