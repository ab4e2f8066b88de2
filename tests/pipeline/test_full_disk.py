"""A full disk, or one that refuses a write, stops a stage with the reason, spoils nothing, and a later run goes on.

A few writes of every stage are refused; EVERY_WRITE=1 refuses each of them in turn.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline.dub import run_stage
from pipeline.order import Order
from pipeline.progress import CancelToken, StageName
from pipeline.workspace import Workspace
from tests.demo_video import LINES, make_video
from tests.pipeline.disk_faults import ASKED, CONTROL, Unheard

STAGES = list(StageName)
IS_THOROUGH = bool(os.environ.get("EVERY_WRITE"))
REFUSED = 2  # writes of a stage, spread over all of it
ROOM = (0.05, 0.3, 0.6, 0.9) if IS_THOROUGH else (0.05,)  # of what a stage adds to the disk
PREPARING_WRITES = 4  # folder, lock and log come first, in every stage
TOLD_EACH_TIME_ANEW = {"manifest.json", "summary.json", "artifacts.json"}  # with durations, or digests of Matroska


@dataclass
class Stopped:
    """One run of a stage: how many writes there were, and how it ended."""

    writes: int
    code: str | None
    message: str
    fault: str | None


class Stage:
    """A stage that can be run again and again from the same state."""

    def __init__(self, name: StageName, source: Path, before: Path, root: Path, control: Path, shim: Path | None):
        self.name = name
        self.root = root
        self._before = before
        control.write_bytes(bytes(CONTROL.size))
        env = {**os.environ, "FAULTS_CONTROL": str(control), "FAULTS_UNDER": str(root)}
        if shim is not None:
            env["LD_PRELOAD"] = str(shim)
        command = [sys.executable, "-m", "tests.pipeline.disk_faults", str(source), str(root), name]
        self._process = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def reset(self) -> None:
        for path in self.root.iterdir() if self.root.exists() else ():
            shutil.rmtree(path)
        shutil.copytree(self._before, self.root, dirs_exist_ok=True)

    def run(self, *, refuse: int = 0, with_error: int = 0) -> Stopped:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps({"refuse": refuse, "errno": with_error}), file=self._process.stdin, flush=True)
        return Stopped(**json.loads(self._process.stdout.readline()))

    def made(self) -> dict[str, str]:
        """A digest of everything that is there for good."""
        return {
            str(path.relative_to(self.root)): _digest(path)
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and path.suffix != ".jsonl" and path.name not in TOLD_EACH_TIME_ANEW
        }

    def is_whole(self) -> bool:
        """The stage is recorded, and what its record vouches for is there."""
        workspace = Workspace(self.root / "work")
        record = workspace.record(self.name)
        return record is not None and workspace.is_whole(record)

    def close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._process.wait()


Start = Callable[[StageName, Path, Path | None], Stage]


def _digest(path: Path) -> str:
    if path.suffix == ".mkv":  # holds a random number
        return str(path.stat().st_size)
    if path.parent.name == "records":
        record: dict[str, Any] = json.loads(path.read_bytes())
        return json.dumps([record["fingerprint"], sorted(record["outputs"])])
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What refuses writes, in every program that a stage starts."""
    if shutil.which("cc") is None:
        pytest.skip("refusing single writes needs a C compiler: apt-get install gcc libc6-dev")
    built = tmp_path_factory.mktemp("shim") / "disk_faults.so"
    source = Path(__file__).with_name("disk_faults.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(built), str(source), "-ldl"], check=True)
    return built


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[StageName, Path]]:
    """A source, and the folders of its dub as they are before each stage."""
    folder = tmp_path_factory.mktemp("before")
    source = make_video(folder / "talk.mp4", LINES[:1], 5.0, "160x90")
    order = Order(source, ASKED, folder / "dub/out", folder / "dub/work", workers=1)
    (folder / "dub").mkdir()
    states = {}
    for stage in STAGES:
        states[stage] = shutil.copytree(folder / "dub", folder / f"before-{stage}")
        run_stage(order, stage, Unheard(), CancelToken())
    return source, states


@pytest.fixture
def start(before: tuple[Path, dict[StageName, Path]], tmp_path: Path) -> Iterator[Start]:
    source, states = before
    started = []

    def start(name: StageName, root: Path, shim: Path | None) -> Stage:
        stage = Stage(name, source, states[name], root, tmp_path / "control", shim)
        started.append(stage)
        return stage

    yield start
    for stage in started:
        stage.close()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own; `resize` makes it smaller and larger."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root can mount the small file system this needs")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def resize(disk: Path, size_bytes: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size_bytes}", str(disk)], check=True)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", STAGES)
def test_a_refused_write_spoils_nothing_and_a_later_run_goes_on(
    name: StageName, start: Start, shim: Path, tmp_path: Path
) -> None:
    stage = start(name, tmp_path / "dub", shim)
    stage.reset()
    writes = stage.run().writes
    wanted = stage.made()
    step = 1 if IS_THOROUGH else max(1, (writes - PREPARING_WRITES) // REFUSED)
    assert writes > PREPARING_WRITES + REFUSED

    for number in range(1 if step == 1 else PREPARING_WRITES + step // 2, writes + 1, step):
        stage.reset()
        stopped = stage.run(refuse=number, with_error=errno.EIO)

        if stopped.code is None:  # nothing that matters: a folder that is there, a file that is gone anyway
            assert stage.made() == wanted, number
            continue
        # Where ffmpeg does not say that a write failed, it is the next one to read the file that does.
        assert stopped.code == "tool.failed" or "run again to resume" in stopped.message, stopped
        assert stopped.code in {"storage", "tool.failed"}
        assert not stage.is_whole() or stage.made().items() <= wanted.items(), number
        again = stage.run()
        assert (again.code, again.fault) == (None, None), number
        assert stage.made() == wanted, number


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", STAGES)
def test_a_full_disk_spoils_nothing_and_a_later_run_goes_on(name: StageName, start: Start, disk: Path) -> None:
    stage = start(name, disk, None)
    stage.reset()
    used_bytes = shutil.disk_usage(disk).used
    stage.run()
    wanted, added_bytes = stage.made(), shutil.disk_usage(disk).used - used_bytes

    codes = []
    for share in ROOM:
        stage.reset()
        resize(disk, shutil.disk_usage(disk).used + int(added_bytes * share))
        stopped = stage.run()
        codes.append(stopped.code)
        if stopped.code is not None:
            assert stopped.code == "storage.disk_full", stopped
            assert "free some space and run again to resume" in stopped.message
            assert not stage.is_whole()
            assert not list(disk.rglob("*.partial"))
        resize(disk, 64 * 2**20)
        assert stage.run().code is None
        assert stage.made() == wanted
    assert codes[0] is not None  # the least room is too little for every stage
