"""`dubbing-web`: everything one machine needs, started by one command and stopped by one Ctrl-C.

`dubbing-web remote check` and `dubbing-web config` say how it is set up, whether it runs or not.
"""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType

from django.core.exceptions import ImproperlyConfigured

from pipeline import processes

DJANGO = (sys.executable, "-m", "django")
QUESTIONS = ("remote", "config")  # management commands that answer without starting anything
POLL_S = 0.2
READY_CHECK_TIMEOUT_S = 2.0
STOP_MARGIN_S = 5.0  # beyond DRAIN_SECONDS, for the processes around the running dubs
WEB_STOP_S = 2.0  # of that, what is left to the web server after the others
TAKE_NO_MORE_JOBS = signal.SIGUSR1
BACK_OFF_S = (1.0, 2.0, 5.0)
STEADY_AFTER_S = 30.0  # a part that ran this long starts its back-off anew


@dataclass
class Part:
    """One long-running child, leader of its own process group so that Ctrl-C reaches only the launcher.

    It ends when the launcher does, however that ends: whoever starts the launcher again must not meet a second one.
    """

    name: str
    command: Sequence[str]
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    started_s: float = 0.0
    start_again_s: float = field(default=0.0)

    def start(self) -> None:
        self.process = processes.start(self.command, env=self.environment, stdout=None, stderr=None)
        self.started_s = time.monotonic()

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def tell(self, number: signal.Signals) -> None:
        if self.process is not None and self.is_running:
            self.process.send_signal(number)

    def kill(self) -> None:
        """Ends whatever is left of the group, also after its master is gone."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        finally:
            self.process.wait()


class Launcher:
    """`web` answers until the others have stopped, so that whoever asks meanwhile is told to come again."""

    def __init__(
        self,
        web: Part,
        others: Sequence[Part],
        *,
        is_ready: Callable[[], bool],
        greet: Callable[[], None],
        stop_within_s: float,
    ) -> None:
        self.web = web
        self.others = others
        self.parts = [web, *others]
        self.is_ready = is_ready
        self.greet = greet
        self.stop_within_s = stop_within_s
        self.has_greeted = False
        self.is_stopping = False

    def run(self) -> int:
        """Starts the parts and keeps them running until a signal; the exit status."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        try:
            for part in self.parts:
                part.start()
            while not self.is_stopping:
                for part in self.parts:
                    self._keep_running(part)
                if not self.has_greeted and self.is_ready():
                    self.has_greeted = True
                    self.greet()
                time.sleep(POLL_S)
        finally:
            self._stop()
        return 0

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.is_stopping = True

    def _keep_running(self, part: Part) -> None:
        now_s = time.monotonic()
        if part.is_running:
            return
        if part.process is not None:
            status = part.process.returncode
            part.kill()
            part.process = None
            part.failures = part.failures + 1 if now_s - part.started_s < STEADY_AFTER_S else 1
            wait_s = BACK_OFF_S[min(part.failures, len(BACK_OFF_S)) - 1]
            part.start_again_s = now_s + wait_s
            say(f"{part.name} ended ({describe(status)}); starting it again in {wait_s:.0f} s")
        elif now_s >= part.start_again_s:
            part.start()

    def _stop(self) -> None:
        say("stopping …")
        deadline_s = time.monotonic() + self.stop_within_s
        self.web.tell(TAKE_NO_MORE_JOBS)
        self._end(self.others, deadline_s - WEB_STOP_S)
        self._end([self.web], deadline_s)
        say("stopped")

    def _end(self, parts: Sequence[Part], deadline_s: float) -> None:
        for part in parts:
            part.tell(signal.SIGTERM)
        while any(part.is_running for part in parts) and time.monotonic() < deadline_s:
            time.sleep(POLL_S / 4)
        for part in parts:
            if part.is_running:
                say(f"{part.name} did not stop in time and is killed")
            part.kill()


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dubbing_site.settings")
    try:
        from dubbing_site.settings import DATA_DIR, ENVIRONMENT
    except ImproperlyConfigured as error:
        return fail(str(error))
    if arguments := sys.argv[1:]:
        return answer(arguments)
    if not is_port_free(ENVIRONMENT.host, ENVIRONMENT.port):
        return fail(f"port {ENVIRONMENT.port} on {ENVIRONMENT.host} is in use; stop what uses it or set PORT")
    if subprocess.run([*DJANGO, "prepare", "--verbosity", "0"], check=False).returncode != 0:
        return fail("the database could not be prepared; the lines above say why")
    environment = os.environ | {"TMPDIR": str(DATA_DIR / "tmp")}  # uploads are spooled where there is room for them

    def greet() -> None:
        say(f"ready at {ENVIRONMENT.base_url} (Ctrl-C stops it)")
        subprocess.run([*DJANGO, "setup_link"], check=False)

    return Launcher(
        Part("web", [sys.executable, "-m", "dubbing_site.server"], environment),
        [
            Part("worker", [*DJANGO, "worker"], environment),
            Part("supervisor", [*DJANGO, "supervise"], environment),
        ],
        is_ready=lambda: answers(ENVIRONMENT.local_host, ENVIRONMENT.port),
        greet=greet,
        stop_within_s=ENVIRONMENT.drain_seconds + STOP_MARGIN_S,
    ).run()


def answer(arguments: Sequence[str]) -> int:
    """Says how the site is set up. Returns the exit status."""
    if arguments[0] not in QUESTIONS:
        return fail(f"{arguments[0]} means nothing here: alone it starts the site, or ask {' or '.join(QUESTIONS)}")
    return subprocess.run([*DJANGO, *arguments], check=False).returncode


def answers(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=READY_CHECK_TIMEOUT_S)
    try:
        connection.request("GET", "/healthz", headers={"Host": "localhost"})
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


def is_port_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def describe(status: int) -> str:
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"status {status}"


def say(text: str) -> None:
    print(f"dubbing-web: {text}", flush=True)


def fail(text: str) -> int:
    print(f"dubbing-web: {text}", file=sys.stderr, flush=True)
    return 2


if __name__ == "__main__":
    sys.exit(main())
