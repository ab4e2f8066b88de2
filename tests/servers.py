"""Real Redis and PostgreSQL on loopback, each in a folder of its own that goes away with it; and ways to hurt them."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import redis
from psycopg import sql
from redis.backoff import NoBackoff
from redis.retry import Retry

UP_WITHIN_S = 30.0
DOWN_WITHIN_S = 10.0
LOOK_AGAIN_S = 0.02
POSTGRES_USER = "dubbing"
DEBIAN_POSTGRES = Path("/usr/lib/postgresql")
# Durable as in service; only small, so that several fit on a test machine.
POSTGRES_OPTIONS = ("shared_buffers=32MB", "max_connections=60", "listen_addresses=127.0.0.1")


class ServerError(Exception):
    """A server did not start, or is not installed."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class RedisServer:
    """Keeps its data over a restart only when `is_persistent`: most Redis servers used as a broker do not."""

    folder: Path
    port: int = field(default_factory=free_port)
    is_persistent: bool = False
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self) -> redis.Redis:
        return redis.Redis(port=self.port, socket_timeout=2, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0))

    def start(self) -> None:
        """Returns when it answers. Raises ServerError."""
        keeping = ["--appendonly", "yes" if self.is_persistent else "no", "--save", ""]
        where = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder)]
        log = ["--logfile", str(self.folder / "redis.log")]
        self.process = _started(["redis-server", *where, *keeping, *log], user=None)
        _wait(self.answers, self.process, self.folder / "redis.log")

    def answers(self) -> bool:
        with self.client() as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False

    def stop(self) -> None:
        """In order, as an operator would."""
        self.thaw()
        _ended(self.process, signal.SIGTERM)

    def kill(self) -> None:
        _ended(self.process, signal.SIGKILL)

    def restart(self) -> None:
        self.kill()
        self.start()

    def freeze(self) -> None:
        """Connections are accepted by the kernel still, and nothing is answered."""
        _signal(self.process, signal.SIGSTOP)

    def thaw(self) -> None:
        _signal(self.process, signal.SIGCONT)

    def flush(self) -> None:
        with self.client() as client:
            client.flushall()


@dataclass
class PostgresServer:
    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = "postgres") -> str:
        return f"postgres://{POSTGRES_USER}@127.0.0.1:{self.port}/{database}"

    def create(self) -> None:
        """The data folder; it belongs to a user who is not root, as PostgreSQL insists."""
        if user := _unprivileged():
            shutil.chown(self.folder, user)
        options = ["--username", POSTGRES_USER, "--auth", "trust", "--encoding", "UTF8", "--no-sync"]
        command = [_postgres_tool("initdb"), "--pgdata", str(self.folder / "data"), *options]
        done = subprocess.run(command, user=user, cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ServerError(done.stderr)

    def start(self) -> None:
        """Returns when it answers. Raises ServerError."""
        settings = [*POSTGRES_OPTIONS, f"port={self.port}", f"unix_socket_directories={self.folder}"]
        options = [part for setting in settings for part in ("-c", setting)]
        log = self.folder / "postgres.log"
        command = [_postgres_tool("postgres"), "-D", str(self.folder / "data"), *options]
        self.process = _started(command, user=_unprivileged(), log=log)
        _wait(self.answers, self.process, log)

    def answers(self) -> bool:
        try:
            with psycopg.connect(self.url(), connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False

    def database(self, name: str) -> str:
        """The address of a new, empty database."""
        with psycopg.connect(self.url(), autocommit=True) as link:
            link.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            link.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url(name)

    def stop(self) -> None:
        """Without waiting for its clients to go."""
        _ended(self.process, signal.SIGINT)

    def crash(self) -> None:
        """At once, all its processes; the next start recovers from its log."""
        _ended(self.process, signal.SIGQUIT)

    def restart(self) -> None:
        self.crash()
        self.start()


@contextmanager
def running_redis(*, is_persistent: bool = False) -> Iterator[RedisServer]:
    with _folder("dubbing-redis-") as folder:
        server = RedisServer(folder, is_persistent=is_persistent)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    with _folder("dubbing-postgres-") as folder:
        server = PostgresServer(folder)
        server.create()
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def _folder(prefix: str) -> Iterator[Path]:
    """Not one of pytest's: other users cannot enter those."""
    path = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _unprivileged() -> str | None:
    return "postgres" if os.geteuid() == 0 else None


def _postgres_tool(name: str) -> str:
    """Debian keeps these out of PATH."""
    versions = sorted(DEBIAN_POSTGRES.glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    found = str(versions[-1]) if versions else shutil.which(name)
    if found is None:
        raise ServerError(f"{name} is not installed; run make setup-dev")
    return found


def _started(command: Sequence[str], *, user: str | None, log: Path | None = None) -> subprocess.Popen[bytes]:
    """It ends with the process that started it, however that ends."""
    with (log or Path(os.devnull)).open("ab") as output:
        bound = ["setpriv", "--pdeathsig", "QUIT", "--", *command]
        return subprocess.Popen(bound, user=user, stdout=output, stderr=output, cwd="/", start_new_session=True)


def _wait(answers: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    deadline_s = time.monotonic() + UP_WITHIN_S
    while not answers():
        if process.poll() is not None or time.monotonic() > deadline_s:
            raise ServerError(log.read_text(encoding="utf-8") if log.exists() else "it said nothing")
        time.sleep(LOOK_AGAIN_S)


def _signal(process: subprocess.Popen[bytes] | None, number: signal.Signals) -> None:
    if process is not None and process.poll() is None:
        process.send_signal(number)


def _ended(process: subprocess.Popen[bytes] | None, number: signal.Signals) -> None:
    _signal(process, number)
    if process is None:
        return
    try:
        process.wait(DOWN_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
