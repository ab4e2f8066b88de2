"""A process that seals files, or moves them to another key, is killed again and again: every file always opens."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.vault import copies, reading
from tests.vault.rings import ring, written

KILLS = 20
FILES = 24
# One line on stdin, one step; so the kill comes at any point of the step after those that were asked for.
WORKER = """
import sys
from pathlib import Path
from pipeline.vault import keys, reading, sealing
ring = keys.parse(sys.argv[2])
for path, line in zip(sorted(Path(sys.argv[1]).glob("file*")), sys.stdin):
    if not reading.is_sealed(path):
        sealing.seal_in_place(path, path.name, ring)
    else:
        sealing.rewrap(path, path.name, ring)
    print("done", flush=True)
"""
BORROWER = """
import sys
from pathlib import Path
from pipeline.vault import copies
with copies.lent(Path(sys.argv[1]), lambda target: target.write_bytes(b"plain")):
    print("lent", flush=True)
    sys.stdin.read()
"""


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def start(script: str, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def killed_during(folder: Path, keys: str, step: int) -> None:
    """After `step` steps were done, while the next one is or is not."""
    worker = start(WORKER, str(folder), keys)
    assert worker.stdin is not None
    assert worker.stdout is not None
    with worker:
        worker.stdin.write(b"\n" * step)
        worker.stdin.flush()
        for _ in range(step):
            assert worker.stdout.readline() == b"done\n"
        worker.stdin.write(b"\n" * FILES)
        worker.stdin.flush()
        worker.kill()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(FILES):
        (folder / f"file{number:02}").write_bytes(random.Random(number).randbytes(100_000))
    return folder


def test_sealing_and_rotating_killed_twenty_times_leave_everything_readable(folder: Path) -> None:
    before, chance = contents(folder), random.Random(8)
    names = ["a"]
    for kill in range(KILLS):
        if kill % 4 == 3:
            names.insert(0, f"key{kill}")

        killed_during(folder, written(*names), chance.randrange(6))

        files = {path for path in folder.iterdir() if not path.name.endswith(".partial")}
        assert {path.name for path in files} == before.keys()
        for path in files:
            with reading.opened(path, path.name, ring(*names)) as file:
                assert file.read(0, file.size_bytes) == before[path.name], f"{path.name} after {kill + 1} kills"


def test_plaintext_that_a_killed_process_left_is_taken_away_and_what_is_in_use_stays(tmp_path: Path) -> None:
    root = tmp_path / "plain"
    with start(BORROWER, str(root / "one")) as dying, start(BORROWER, str(root / "two")) as living:
        for process in (dying, living):
            assert process.stdout is not None
            assert process.stdout.readline() == b"lent\n"
        dying.kill()
        dying.wait()
        assert (root / "one" / "source").exists()

        removed = copies.remove_left(root)

        assert (removed, [path.name for path in root.iterdir()]) == (1, ["two"])
        living.communicate()
        assert list(root.iterdir()) == []


def test_those_who_ask_at_once_share_a_copy_that_goes_with_the_last(tmp_path: Path) -> None:
    root, made = tmp_path / "plain", []

    def make(target: Path) -> None:
        made.append(target)
        target.write_bytes(b"plain")

    with copies.lent(root / "film", make) as first:
        with copies.lent(root / "film", make) as second:
            assert first == second
        assert first.read_bytes() == b"plain"
        assert (root.stat().st_mode & 0o077, len(made)) == (0, 1)
    assert list(root.iterdir()) == []
