"""What happens to kept files while something happens to the machine that they lie on."""

from __future__ import annotations

import fcntl
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, AnyStr

from tests.security.attack.attack import Attack, Scale, Tried
from tests.security.attack.ground import Ground
from tests.uploading.site import DATABASE, ENVIRONMENT
from tests.vault.rings import written

FILES = 240
LINES_AT_MOST = 40  # that it says before it is killed
PIPE_BYTES = 4096  # some 60 lines: however late it is killed, it stands where nobody reads on
KILLS_PER_KEY = 2  # so that every kill meets some files with the current key and some without
REENCRYPT = (sys.executable, "-m", "django", "reencrypt")


def _keys_changed(ground: Ground, scale: Scale) -> Tried:
    """`manage.py reencrypt` seals files, then gives them key after key, and is killed in the middle again and again."""
    tried, chance, names = Tried(), random.Random(20), ["key0"]
    with TemporaryDirectory(prefix="dubbing-keys-") as folder, _looking(ground, Path(folder)) as site:
        for kill in range(scale.of(full=20, short=5)):
            if kill and kill % KILLS_PER_KEY == 0:
                names.insert(0, f"key{kill}")
            said = _killed(site.environment(names), chance)
            found = site.look(names)
            is_midway = 0 < found["current"] < found["files"]
            tried.note("killed midway" if is_midway else "killed")
            tried.check(is_midway, f"kill {kill + 1} after {said!r}: {found['current']} of {found['files']} were done")
            tried.check(not found["unreadable"], f"after kill {kill + 1}: {found['unreadable'][:3]}")
        done = subprocess.run(REENCRYPT, env=site.environment(names), capture_output=True, text=True)
        tried.check("no other key is needed" in done.stdout, f"the last run: {done.stdout[-300:]} {done.stderr[-600:]}")
        found = site.look(names[:1])
        expected = {"files": FILES, "unreadable": [], "current": FILES, "remembered": FILES}
        tried.check(found == expected, f"in the end: {found}")
        left = [path.name for path in site.data_dir.rglob("*.partial")]
        tried.check(not left, f"left behind: {left[:3]}")
    return tried


@dataclass(frozen=True, slots=True)
class _Site:
    """`looker` is a process of `tests.vault.kept_files`."""

    data_dir: Path
    looker: subprocess.Popen[str]

    def environment(self, names: list[str]) -> dict[str, str]:
        return _environment(self.data_dir, written(*names))

    def look(self, names: list[str]) -> Mapping[str, Any]:
        assert self.looker.stdin is not None
        self.looker.stdin.write(f"{written(*names)}\n")
        self.looker.stdin.flush()
        found: dict[str, Any] = json.loads(_line(self.looker.stdout))
        return found


@contextmanager
def _looking(ground: Ground, folder: Path) -> Iterator[_Site]:
    data_dir = folder / "var"
    data_dir.mkdir()
    shutil.copy(ground.proxied.template.database, data_dir / DATABASE)
    command = [sys.executable, "-m", "tests.vault.kept_files", str(FILES)]
    environment = _environment(data_dir, written("key0"))
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as looker:
        try:
            assert _line(looker.stdout) == "made\n"
            yield _Site(data_dir, looker)
        finally:
            looker.kill()


def _environment(data_dir: Path, keys: str) -> dict[str, str]:
    own = {"DATA_DIR": str(data_dir), "ENCRYPTION_KEYS": keys, "PYTHONUNBUFFERED": "1"}
    return os.environ | ENVIRONMENT | own


def _killed(environment: Mapping[str, str], chance: random.Random) -> str:
    """The last line that it said before it was killed, somewhere in the steps after it."""
    with subprocess.Popen(REENCRYPT, env=environment, stdout=subprocess.PIPE, bufsize=0) as process:
        assert process.stdout is not None
        fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        said = [_line(process.stdout).decode() for _ in range(chance.randint(1, LINES_AT_MOST))]
        time.sleep(chance.uniform(0, 0.02))  # not to wait for anything: the moment in a step is chance
        process.kill()
    return said[-1]


def _line(output: IO[AnyStr] | None) -> AnyStr:
    assert output is not None
    line = output.readline()
    assert line, "the process ended by itself; what it said is above"
    return line


ATTACKS = (
    Attack(
        "Killed while keys are changed",
        "every file opens after each kill, and one more run ends the change",
        _keys_changed,
    ),
)
