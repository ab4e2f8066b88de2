"""`dubbing-web` for real: starts everything from an empty folder, survives a lost part, ends on Ctrl-C."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.servers import free_port
from tests.web.conftest import wait_until

pytestmark = pytest.mark.slow


@dataclass
class Launched:
    process: subprocess.Popen[bytes]
    output: Path
    data_dir: Path
    port: int

    @property
    def text(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def child(self, word: str) -> psutil.Process | None:
        """The direct child whose command names `word`."""
        children = psutil.Process(self.process.pid).children()
        return next((child for child in children if word in " ".join(child.cmdline())), None)

    def family(self) -> list[psutil.Process]:
        return list(psutil.Process(self.process.pid).children(recursive=True))


@pytest.fixture
def launched(tmp_path: Path) -> Iterator[Launched]:
    port, output, data_dir = free_port(), tmp_path / "output", tmp_path / "var"
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "dubbing_site.settings",
        "ENV_FILE": "",
        "DATA_DIR": str(data_dir),
        "PORT": str(port),
        "LOG_FORMAT": "json",
    }
    with output.open("wb") as file:
        command = [sys.executable, "-m", "dubbing_site.launcher"]
        process = subprocess.Popen(command, env=environment, stdout=file, stderr=file, start_new_session=True)
    running = Launched(process, output, data_dir, port)
    wait_until(lambda: "/setup/" in running.text or process.poll() is not None, "the link is printed", 60)
    try:
        yield running
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(40)


def test_it_starts_from_nothing_and_stops_on_ctrl_c(launched: Launched) -> None:
    assert f"ready at http://127.0.0.1:{launched.port}" in launched.text
    assert re.search(rf"http://127\.0\.0\.1:{launched.port}/setup/[\w-]{{40,}}/", launched.text)
    with urllib.request.urlopen(f"http://127.0.0.1:{launched.port}/readyz", timeout=10) as answer:
        assert json.load(answer)["ready"] is True
    assert (launched.data_dir / "database.sqlite3").exists()
    family = launched.family()
    assert len(family) >= 6

    launched.process.send_signal(signal.SIGINT)

    assert launched.process.wait(30) == 0
    assert not any(process.is_running() for process in family)
    assert "killed" not in launched.text
    assert "Traceback" not in launched.text


def test_a_part_that_dies_is_started_again(launched: Launched) -> None:
    lost = launched.child("supervise")
    assert lost is not None

    lost.kill()

    wait_until(lambda: "supervisor ended (signal SIGKILL)" in launched.text, "the loss is told")
    wait_until(lambda: (new := launched.child("supervise")) is not None and new.pid != lost.pid, "it runs again")


def test_a_lost_cluster_leaves_no_orphans_and_is_started_again(launched: Launched) -> None:
    master = launched.child("worker")
    assert master is not None
    wait_until(lambda: len(master.children(recursive=True)) >= 4, "the cluster is complete")
    cluster = master.children(recursive=True)

    master.kill()

    wait_until(lambda: not any(process.is_running() for process in cluster), "no orphan is left")
    wait_until(lambda: (new := launched.child("worker")) is not None and new.pid != master.pid, "it runs again")


def test_a_port_in_use_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        environment = os.environ | {"ENV_FILE": "", "DATA_DIR": str(tmp_path), "PORT": str(port)}
        environment["DJANGO_SETTINGS_MODULE"] = "dubbing_site.settings"
        command = [sys.executable, "-m", "dubbing_site.launcher"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert done.stderr == (f"dubbing-web: port {port} on 127.0.0.1 is in use; stop what uses it or set PORT\n")
