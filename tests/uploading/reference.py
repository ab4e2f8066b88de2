"""The tus project's own server for Node.js, to compare with: @tus/server with its file store."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.uploading.tus import Tus

JAVASCRIPT = Path(__file__).resolve().parent.parent / "js"
CREATION_PATH = "/files"


@contextmanager
def running_reference(folder: Path, *, max_bytes: int, expires_ms: int = 3_600_000) -> Iterator[Tus]:
    """Its files lie in `folder`."""
    options = ["--folder", str(folder), "--max-bytes", str(max_bytes), "--expires-ms", str(expires_ms)]
    command = [node(), str(JAVASCRIPT / "reference_server.mjs"), *options]
    bound = ["setpriv", "--pdeathsig", "KILL", "--", *command]
    with subprocess.Popen(bound, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            assert port, "the reference server did not start"
            yield Tus(f"127.0.0.1:{port}", CREATION_PATH)
        finally:
            process.kill()


def node() -> str:
    """Node.js with what tests/js asks for; a test that needs it is skipped on a machine that has none."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("stock JavaScript clients need Node.js 20.19 or later")
    assert (JAVASCRIPT / "node_modules" / "@tus" / "server").exists(), "run make setup-dev: tests/js is not installed"
    return found
