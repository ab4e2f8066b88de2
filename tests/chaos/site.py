"""A whole site of its own: a folder, a database, perhaps a Redis, and the real processes that work on it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import django
from django.core.management import call_command

from tests.chaos import processes, side_log, template
from tests.servers import PostgresServer, RedisServer

POLL_S = 0.1
STOP_WITHIN_S = 30.0
# Short enough that a row with twenty lost workers ends in minutes; the promises are relative to the lease.
LEASE_S = 3
DEFAULTS = {
    "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
    "ENV_FILE": "",
    "SECRET_KEY": "only for chaos",
    "CHAOS_RUNNER": "tests.chaos.runner",
    "LOG_LEVEL": "INFO",
    "LOG_FORMAT": "json",
    "LEASE_SECONDS": str(LEASE_S),
    "HEARTBEAT_SECONDS": "1",
    "STALL_SECONDS": "20",
    "SPLIT_FROM_SECONDS": "100",
    "FREE_SPACE_RESERVE_BYTES": "0",
    "MAX_RUNNING_JOBS_PER_USER": "100000",
    "MAX_WAITING_JOBS_PER_USER": "100000",
    "MAX_JOBS_PER_DAY_PER_USER": "100000",
    "API_REQUESTS_PER_MINUTE_PER_USER": "0",
    "SUBMISSIONS_PER_MINUTE_PER_USER": "0",
}


@dataclass
class Part:
    """One long-running command of the site, in a session of its own as an init system would start it."""

    command: tuple[str, ...]
    environment: dict[str, str]
    log: Path
    is_kept: bool  # whether it is started again when it ends
    process: subprocess.Popen[bytes] = field(init=False)
    starts: int = 0

    def start(self) -> None:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command, env=self.environment, stdout=output, stderr=output, start_new_session=True
            )
        self.starts += 1

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def kill(self) -> None:
        processes.send_to_group(self.pid, signal.SIGKILL)
        self.process.wait()


class Site:
    """Use `Site.open`. Django is set up for this site in this process too, so that a row asks and submits itself."""

    def __init__(self, folder: Path, redis: RedisServer | None, postgres: PostgresServer | None) -> None:
        self.folder = folder
        self.redis = redis
        self.postgres = postgres
        self.side_log = folder / "side.log"
        self.parts: list[Part] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._entries = side_log.Reader(self.side_log)
        self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)

    @classmethod
    @contextmanager
    def open(
        cls, folder: Path, *, redis: RedisServer | None, postgres: PostgresServer | None, **settings: str
    ) -> Iterator[Site]:
        site = cls(folder, redis, postgres)
        site._prepare(settings)
        site._keeper.start()
        try:
            yield site
        finally:
            site.close()

    def start(self, *command: str, is_kept: bool = False, **environment: str) -> Part:
        """`manage.py COMMAND`; with `is_kept` it is started again whenever it ends, as systemd would."""
        return self.run([sys.executable, "-m", "django", *command], is_kept=is_kept, **environment)

    def run(self, command: list[str], *, is_kept: bool = False, **environment: str) -> Part:
        log = self.folder / f"{len(self.parts):02}-{Path(command[-1]).name}.log"
        part = Part(tuple(command), os.environ | environment, log, is_kept)
        with self._lock:
            part.start()
            self.parts.append(part)
        return part

    def stop(self, part: Part) -> int:
        """In order; its exit status. Raises TimeoutExpired."""
        self.forget(part)
        part.process.terminate()
        return part.process.wait(STOP_WITHIN_S)

    def forget(self, part: Part) -> None:
        """It is not started again."""
        with self._lock:
            part.is_kept = False

    def entries(self) -> list[side_log.Entry]:
        """What runners did so far."""
        return self._entries.entries()

    def log_text(self) -> str:
        return "".join(part.log.read_text("utf-8", "replace") for part in self.parts)

    def close(self) -> None:
        self._closing.set()
        if self._keeper.is_alive():
            self._keeper.join()
        for part in self.parts:
            part.kill()
        for process in processes.of_site(os.environ["DATA_DIR"]):  # what they started in sessions of their own
            if process.pid != os.getpid():
                processes.send(process.pid, signal.SIGKILL)

    def _prepare(self, settings: dict[str, str]) -> None:
        data_dir = self.folder / "var"
        database = self.postgres.database("chaos") if self.postgres else ""
        os.environ |= DEFAULTS | {
            "DATA_DIR": str(data_dir),
            "DATABASE_URL": database,
            "REDIS_URL": self.redis.url if self.redis else "",
            side_log.PATH_VARIABLE: str(self.side_log),
            **settings,
        }
        made = os.environ.get(template.PATH_VARIABLE)
        if made and not database:
            data_dir.mkdir()
            shutil.copy(made, data_dir / template.NAME)
        django.setup()
        if not made or database:
            call_command("prepare", verbosity=0)

    def _keep(self) -> None:
        while not self._closing.wait(POLL_S):
            with self._lock:
                for part in self.parts:
                    if part.is_kept and part.has_ended:
                        part.kill()  # what is left of its group
                        part.start()
