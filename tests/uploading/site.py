"""The real web server in its own process on a data folder and a database of its own, which a test may look into, kill
and start again.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers import free_port
from tests.uploading.tus import Tus

UP_WITHIN_S = 60.0
DOWN_WITHIN_S = 20.0
LOOK_AGAIN_S = 0.02
DATABASE = "database.sqlite3"
CREATION_PATH = "/files/"
CSRF = "c" * 32
ENVIRONMENT = {
    "DJANGO_SETTINGS_MODULE": "dubbing_site.settings",
    "ENV_FILE": "",
    "DATABASE_URL": "",
    "SECRET_KEY": "only for tests of uploads",
    "FREE_SPACE_RESERVE_BYTES": "0",
    "MAX_UNFINISHED_UPLOADS_PER_USER": "100000",
    "UPLOAD_MAX_BYTES": str(4 * 1024**3),
    "UPLOADS_PER_MINUTE_PER_USER": "0",  # a fast machine tries more than a person may
    "API_REQUESTS_PER_MINUTE_PER_USER": "0",
    "LOG_FORMAT": "json",
    "DRAIN_SECONDS": "1",
}


class SiteError(Exception):
    """The server did not start or ended by itself; the end of its log."""


@dataclass(frozen=True, slots=True)
class Template:
    """A database that every site starts from: migrating takes longer than most tests."""

    database: Path
    sessions: Mapping[str, str]  # key by user name

    @classmethod
    def prepare(cls, folder: Path) -> Template:
        environment = os.environ | ENVIRONMENT | {"DATA_DIR": str(folder)}
        command = [sys.executable, "-m", "tests.uploading.people"]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
        return cls(folder / DATABASE, json.loads(done.stdout.splitlines()[-1]))


@dataclass(frozen=True, slots=True)
class Row:
    """An upload as the database has it."""

    id: str
    owner: str
    name: str
    state: str
    size_bytes: int
    received_bytes: int


@dataclass
class UploadSite:
    """Use `running_site`. `wrapper` is a command that the server is started with, such as one that limits it."""

    folder: Path
    template: Template
    settings: Mapping[str, str] = field(default_factory=dict)
    wrapper: Sequence[str] = ()
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def data_dir(self) -> Path:
        return self.folder / "var"

    @property
    def media(self) -> Path:
        return self.data_dir / "media"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        own = {"DATA_DIR": str(self.data_dir), "PORT": str(self.port)}
        return os.environ | ENVIRONMENT | own | dict(self.settings)

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def headers(self, user: str) -> dict[str, str]:
        """What a signed-in browser sends along."""
        cookie = f"sessionid={self.template.sessions[user]}; csrftoken={CSRF}"
        return {"Cookie": cookie, "X-CSRFToken": CSRF}

    def tus(self, user: str = "alice") -> Tus:
        return Tus(self.address, CREATION_PATH, self.headers(user))

    def start(self) -> None:
        """Returns when it answers. Raises SiteError."""
        if not self.data_dir.exists():
            self.data_dir.mkdir(parents=True)
            shutil.copy(self.template.database, self.data_dir / DATABASE)
        command = [*self.wrapper, sys.executable, "-m", "dubbing_site.server"]
        bound = ["setpriv", "--pdeathsig", "KILL", "--", *command]  # it does not outlive the tests
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                bound, env=self.environment, stdout=output, stderr=output, start_new_session=True
            )
        self.wait(self.is_up, "the web server answers", UP_WITHIN_S)

    def is_up(self) -> bool:
        if self.process is not None and self.process.poll() is not None:
            raise SiteError(f"status {self.process.returncode}:\n{self.log.read_text()[-2000:]}")
        with closing(http.client.HTTPConnection(self.address, timeout=5)) as link:
            try:
                link.request("GET", "/healthz")
                return link.getresponse().status == 200
            except (OSError, http.client.HTTPException):
                return False

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def rows(self) -> dict[str, Row]:
        """Every upload there is, by its id with dashes."""
        query = (
            "SELECT upload.id, username, name, state, size_bytes, received_bytes"
            " FROM uploads_upload AS upload JOIN accounts_user AS owner ON owner.id = owner_id"
        )
        with closing(self._database()) as database:
            found = [Row(_dashed(row[0]), *row[1:]) for row in database.execute(query)]
        return {row.id: row for row in found}

    def received_bytes(self, upload_id: str) -> int:
        """As the database has it; unlike HEAD, asking makes no writer let go."""
        return self.rows()[upload_id].received_bytes

    def expire(self, upload_id: str) -> None:
        """Makes its time be over."""
        with closing(self._database()) as database, database:
            past = "2020-01-01 00:00:00"
            database.execute(
                "UPDATE uploads_upload SET expires_at = ? WHERE id = ?", (past, upload_id.replace("-", ""))
            )

    def manage(self, *command: str) -> None:
        """`manage.py COMMAND` on this site."""
        subprocess.run(
            [sys.executable, "-m", "django", *command], env=self.environment, check=True, capture_output=True
        )

    def wait(self, condition: Callable[[], object], what: str, within_s: float = 30.0) -> None:
        """Raises SiteError when it does not come true."""
        deadline_s = time.monotonic() + within_s
        while not condition():
            if time.monotonic() > deadline_s:
                raise SiteError(f"not within {within_s:.0f} s: {what}")
            time.sleep(LOOK_AGAIN_S)

    def _database(self) -> sqlite3.Connection:
        return sqlite3.connect(self.data_dir / DATABASE, timeout=30)

    def _end(self, number: signal.Signals) -> None:
        if self.process is None:
            return
        self.process.send_signal(number)
        try:
            self.process.wait(DOWN_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise SiteError(f"not ended by {number.name} within {DOWN_WITHIN_S:.0f} s") from None
        finally:
            self.process = None


@contextmanager
def running_site(
    folder: Path, template: Template, *, wrapper: Sequence[str] = (), **settings: str
) -> Iterator[UploadSite]:
    folder.mkdir(parents=True, exist_ok=True)
    site = UploadSite(folder, template, settings, wrapper)
    try:
        site.start()
        yield site
    finally:
        site.kill()


def _dashed(identifier: str) -> str:
    """SQLite keeps 32 digits."""
    parts = identifier[:8], identifier[8:12], identifier[12:16], identifier[16:20], identifier[20:]
    return "-".join(parts)
