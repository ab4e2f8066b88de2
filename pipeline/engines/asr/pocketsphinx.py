"""English speech recognition with PocketSphinx and its bundled model: offline, no download, plain words.

PocketSphinx holds the interpreter while it searches, so each core gets a process of its own. They are programs
started by `pipeline.processes` rather than a multiprocessing pool: they die with us, a cancellation ends them at
once, and one that crashes is noticed by its closed pipe.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import pipeline
from pipeline.engines.base import READY, EngineKind, Readiness, Recognized, SessionOptions, Window
from pipeline.errors import EngineFailed
from pipeline.languages import primary
from pipeline.processes import end_group, start
from pipeline.transcript import Word

PACKAGE = "pocketsphinx"
WORKER = "pipeline.engines.asr.pocketsphinx_worker"
REVISION = 3  # counts changes here that change the words
SAMPLE_RATE_HZ = 16000
FRAMES_PER_S = 100
PADDING_S = 0.15  # of what surrounds a window, so that soft first and last sounds are heard
WINDOWS_AHEAD = 2  # a worker: one being recognised, one waiting
WINDOW_TIMEOUT_S = 300.0
POLL_S = 0.05  # how soon a cancellation is noticed

# How many hypotheses a frame keeps, and how many densities of a state are summed (`topn`: the library's 4 costs a
# tenth more and hears no better). A second, flat search makes more errors than it mends. Word errors and time of each
# are in docs/engines.md. CMN is over the window alone, so that its words do not depend on what its worker heard before.
_ONE_PASS: Mapping[str, int | bool | str | float] = {"fwdflat": False, "topn": 3, "cmn": "batch"}
_NARROW: Mapping[str, int | bool | str | float] = {**_ONE_PASS, "pl_window": 5, "pl_beam": 1e-8, "pl_pbeam": 1e-8}
SEARCHES: Mapping[str, Mapping[str, int | bool | str | float]] = {
    "fast": {**_NARROW, "maxhmmpf": 3000, "maxwpf": 10},
    "balanced": {**_NARROW, "maxhmmpf": 4000, "maxwpf": 20},
    "full": {**_ONE_PASS, "maxhmmpf": 8000, "maxwpf": 30},
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A window a worker has been given, and the second its samples begin at."""

    window: Window
    origin_s: float
    asked_at: float


class Worker:
    """One recognising process and what it has not answered yet."""

    def __init__(self, search: str) -> None:
        self.pending: deque[Asked] = deque()
        self._said = bytearray()
        root = str(Path(pipeline.__file__).parent.parent)
        path = os.pathsep.join(each for each in (root, os.environ.get("PYTHONPATH", "")) if each)
        env = {**os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1"}
        self.process = start([sys.executable, "-m", WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env)
        self._send({"config": SEARCHES[search]})

    def ask(self, audio: Path, window: Window) -> None:
        first = max(0, round((window.start_s - PADDING_S) * SAMPLE_RATE_HZ))
        stop = round((window.end_s + PADDING_S) * SAMPLE_RATE_HZ)
        self.pending.append(Asked(window, first / SAMPLE_RATE_HZ, time.monotonic()))
        self._send({"audio": str(audio), "start": first, "stop": stop})

    def answers(self) -> Iterator[Recognized]:
        """What has arrived; call it when the process's output is readable. Raises EngineFailed at its end."""
        assert self.process.stdout is not None  # noqa: S101 - started with a pipe
        got = os.read(self.process.stdout.fileno(), 1 << 16)
        if not got:
            raise _crashed(self.process)
        self._said += got
        *lines, rest = self._said.split(b"\n")
        self._said = bytearray(rest)
        for line in lines:
            asked = self.pending.popleft()
            yield Recognized(asked.window, tuple(_words(json.loads(line), asked.origin_s)))

    def end(self) -> None:
        end_group(self.process, grace_s=0)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()

    def _send(self, message: Mapping[str, object]) -> None:
        """At most a few short lines wait in the pipe, so that writing never blocks."""
        assert self.process.stdin is not None  # noqa: S101 - started with a pipe
        try:
            os.write(self.process.stdin.fileno(), json.dumps(message).encode() + b"\n")
        except BrokenPipeError as error:
            raise _crashed(self.process) from error


class PocketsphinxSession:
    """Its workers load the model in the background from the moment it opens."""

    def __init__(self, options: SessionOptions) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._workers: list[Worker] = []

    def recognize(self, audio: Path, windows: Iterable[Window]) -> Iterator[Recognized]:
        with self._lock:
            try:
                yield from self._recognize(audio, iter(windows))
            finally:
                if any(worker.pending for worker in self._workers):
                    self.close()  # a caller that stopped half way must not get old answers next time

    def warm(self) -> None:
        while len(self._workers) < max(1, self._options.workers):
            self._workers.append(Worker(self._options.profile.asr_search))

    def close(self) -> None:
        for worker in self._workers:
            worker.end()
        self._workers.clear()

    def _recognize(self, audio: Path, windows: Iterator[Window]) -> Iterator[Recognized]:
        self.warm()
        with selectors.DefaultSelector() as selector:
            for worker in self._workers:
                assert worker.process.stdout is not None  # noqa: S101 - started with a pipe
                selector.register(worker.process.stdout, selectors.EVENT_READ, worker)
            while True:
                self._hand_out(audio, windows)
                if not any(worker.pending for worker in self._workers):
                    return
                for key, _ in selector.select(POLL_S):
                    yield from key.data.answers()
                self._options.cancel.raise_if_canceled()
                self._raise_if_hung()

    def _hand_out(self, audio: Path, windows: Iterator[Window]) -> None:
        """Fills every worker's queue, the emptiest first."""
        while True:
            worker = min(self._workers, key=lambda each: len(each.pending))
            if len(worker.pending) >= WINDOWS_AHEAD:
                return
            window = next(windows, None)
            if window is None:
                return
            worker.ask(audio, window)

    def _raise_if_hung(self) -> None:
        latest = time.monotonic() - WINDOWS_AHEAD * WINDOW_TIMEOUT_S
        if any(worker.pending and worker.pending[0].asked_at < latest for worker in self._workers):
            raise EngineFailed("pocketsphinx has not answered for ten minutes; run again to resume")


class PocketsphinxEngine:
    name = PACKAGE
    kind = EngineKind.ASR
    quality = 30
    punctuates = False

    def readiness(self) -> Readiness:
        spec = find_spec(PACKAGE)
        if spec is None or spec.origin is None:
            return Readiness(False, "the package pocketsphinx is not installed", "pip install pocketsphinx")
        model = Path(spec.origin).parent / "model" / "en-us"
        if not model.is_dir():
            reason = f"pocketsphinx is installed without its English model ({model})"
            return Readiness(False, reason, "pip install --force-reinstall pocketsphinx")
        return READY

    def version(self) -> str:
        try:
            return f"{version(PACKAGE)}-{REVISION}"
        except PackageNotFoundError:
            return "none"

    def supports(self, language: str) -> bool:
        return primary(language) == "en"

    @contextmanager
    def open(self, language: str, options: SessionOptions) -> Iterator[PocketsphinxSession]:
        session = PocketsphinxSession(options)
        try:
            session.warm()
            yield session
        finally:
            session.close()


def _words(found: list[tuple[int, int, str, float]], origin_s: float) -> Iterator[Word]:
    for begin, end, text, probability in found:
        yield Word(origin_s + begin / FRAMES_PER_S, origin_s + end / FRAMES_PER_S, text, round(probability, 4))


def _crashed(process: subprocess.Popen[bytes]) -> EngineFailed:
    status = end_group(process, grace_s=0.5)
    how = f"killed by signal {-status}" if status < 0 else f"exit status {status}"
    return EngineFailed(f"pocketsphinx stopped in the middle of the work ({how}); run again to resume")


ENGINE = PocketsphinxEngine()
