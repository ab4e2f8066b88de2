"""The runner as a worker starts it, with ffmpeg and ffprobe followed by strace: what they open, how long, how much."""

from __future__ import annotations

import json
import os
import queue
import re
import resource
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.settings import DubSettings
from tests.security.fuzz import processor

LIMIT_S = 300.0  # of the clock, after which a file is said to hang, on a machine that does much else
OPENINGS = re.compile(r'(?:open|openat|openat2)\((?:AT_FDCWD, )?"((?:[^"\\]|\\.)*)"')
CALLS = re.compile(r"connect\(\d+, \{sa_family=AF_INET")
LIBRARIES = ("/usr/", "/lib", "/etc/ld.so", "/etc/gcrypt/", "/etc/gnutls/", "/etc/ssl/openssl.cnf", "/etc/localtime")
SYSTEM = (*LIBRARIES, "/proc/", "/sys/", "/dev/null", "/dev/urandom")


class Silent(Exception):
    """No answer came: the runner hangs or has died."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`code` is that of the error, or "" for a file that was taken."""

    code: str
    message: str
    took_s: float
    processor_s: float  # the runner's and its tools', which a busy machine does not make more
    opened_outside: tuple[str, ...]


class Worker:
    """Use `working`. Files are examined one after the other by the same runner process."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self._folder = folder
        self._process = process
        self._own_peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        self._said: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._number = 0
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def examine(self, source: Path, stage: str = "extract", **changes: Any) -> Outcome:
        """Raises Silent; there is no use in asking again then."""
        self._number += 1
        own = self._folder / f"work{self._number}"
        began_s, used_s = time.monotonic(), processor.used_s(self._process.pid)
        self._ask(source, stage, own, changes)
        answer = self._answer(began_s + LIMIT_S)
        took_s, used_s = time.monotonic() - began_s, processor.used_s(self._process.pid) - used_s
        allowed = (*SYSTEM, str(source), str(own), str(self._folder / "tmp"))
        outside = tuple(path for path in self._opened() if not path.startswith(allowed))
        shutil.rmtree(own, ignore_errors=True)
        code = answer["data"]["code"] if answer["kind"] == "error" else ""
        return Outcome(code, answer.get("message", ""), took_s, used_s, outside)

    def close(self) -> int:
        """The resident memory of the largest process there was, in bytes.

        Linux begins to count with what this process had when it started the runner. Below that, the runner's is told.
        """
        assert self._process.stdin is not None
        runners_bytes = self._runners_peak_bytes()
        self._process.stdin.close()
        _pid, status, used = os.wait4(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        highest_bytes = used.ru_maxrss * 1024
        return highest_bytes if highest_bytes > self._own_peak_bytes else runners_bytes

    def _runners_peak_bytes(self) -> int:
        """proc(5): VmHWM. 0 for one that has ended."""
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{self._process.pid}/status").read_text())
        return int(found[1]) * 1024 if found else 0

    def _ask(self, source: Path, stage: str, own: Path, changes: dict[str, Any]) -> None:
        request = {
            "id": str(self._number),
            "kind": "stage",
            "stage": stage,
            "source": str(source),
            "settings": DubSettings("es").to_json() | changes,
            "output_dir": str(own / "output"),
            "workspace_dir": str(own / "workspace"),
            "name": source.name,
            "lease_s": 0,
            "said_at_s": time.monotonic(),
            "memory_mib": 0,
        }
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise Silent("the runner has died") from None

    def _answer(self, until_s: float) -> dict[str, Any]:
        while True:
            try:
                message = self._said.get(timeout=max(0.0, until_s - time.monotonic()))
            except queue.Empty:
                raise Silent(f"no answer within {LIMIT_S:.0f} s") from None
            if message is None:
                raise Silent("the runner died of it")
            if message["id"] == str(self._number) and message["kind"] in ("result", "error"):
                return message

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as answers:
            for line in answers:
                self._said.put(json.loads(line))
        self._said.put(None)

    def _opened(self) -> Iterator[str]:
        for log in (self._folder / "traces").iterdir():
            text = log.read_text("utf-8", "replace")
            log.unlink()
            yield from (f"network: {call}" for call in CALLS.findall(text))
            for path in map(_unescaped, OPENINGS.findall(text)):
                yield path if path.startswith("/") else f"relative: {path}"


@contextmanager
def working(folder: Path) -> Iterator[Worker]:
    """`folder` is the worker's own, without a blank in its name."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "traces").mkdir()
    (folder / "tmp").mkdir()
    for program in ("ffmpeg", "ffprobe"):
        _follow(program, folder)
    own = {"PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}", "TMPDIR": str(folder / "tmp")}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipeline.runner"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=os.environ | own,
            start_new_session=True,
        )
    try:
        yield Worker(folder, process)
    finally:
        assert process.stdin is not None
        with suppress(BrokenPipeError):  # what a dead runner was asked last
            process.stdin.close()
        if process.poll() is None:
            os.killpg(process.pid, 9)
            process.wait()


def _unescaped(text: str) -> str:
    return (
        text.encode("latin1", "replace").decode("unicode_escape").encode("latin1", "replace").decode("utf-8", "replace")
    )


def _follow(program: str, folder: Path) -> None:
    """Puts a script of the same name before the program."""
    found, tracer = shutil.which(program), shutil.which("strace")
    assert found, f"{program} is not installed"
    assert tracer, "strace is not installed; run make setup-dev"
    script = folder / "bin" / program
    script.parent.mkdir(exist_ok=True)
    watched = "-e trace=open,openat,openat2,connect -e signal=none"
    trace = f"{tracer} -f --seccomp-bpf -qq -s 4096 {watched} -o {folder}/traces/$$"
    script.write_text(f'#!/bin/sh\nexec {trace} -- {found} "$@"\n')
    script.chmod(0o755)
