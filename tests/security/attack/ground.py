"""The attacked site: real servers on one database, people who have something to lose, and a client without manners."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.security.people import Told
from tests.uploading.site import CSRF, DATABASE, ENVIRONMENT, Template, UploadSite

TRUSTED = {"TRUSTED_PROXIES": "127.0.0.1/32"}
TIMEOUT_S = 900.0  # of one request: late on a busy machine is no find, and who looks on is told how many came


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    def cookie(self, name: str) -> str:
        """Its value as the answer sets it; "" when it does not."""
        set_here = [value for key, value in self.headers if key.lower() == "set-cookie"]
        found = [value.split(";")[0].partition("=") for value in set_here]
        return next((value for key, _equals, value in found if key == name), "")

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Ground:
    """`direct` trust nobody's X-Forwarded-For; `proxied` believes this machine's, so that each attack may have an
    address of its own and spend no other's tries.
    """

    told: Told
    direct: tuple[UploadSite, ...]
    proxied: UploadSite
    answers: list[int] = field(default_factory=list)  # their statuses, so far; threads may append

    def session(self, name: str) -> dict[str, str]:
        return {"Cookie": f"sessionid={self.told.sessions[name]}; csrftoken={CSRF}", "X-CSRFToken": CSRF}

    def key(self, name: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.told.keys[name]}"}

    def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        *,
        at: UploadSite | None = None,
        source: str = "",
    ) -> Answer:
        """`body`: bytes as they are, anything else as JSON. `source`: the address it comes from, any of 127.0.0.0/8."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        kind = {} if isinstance(body, bytes) or body is None else {"Content-Type": "application/json"}
        bound = (source, 0) if source else None
        link = http.client.HTTPConnection((at or self.proxied).address, timeout=TIMEOUT_S, source_address=bound)
        with closing(link):
            link.request(method, path, data, kind | dict(headers or {}))
            found = link.getresponse()
            answer = Answer(found.status, tuple(found.getheaders()), found.read())
        self.answers.append(answer.status)
        return answer

    def form(self, path: str, values: Mapping[str, str], headers: Mapping[str, str], **where: Any) -> Answer:
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.ask("POST", path, kind | dict(headers), urlencode(values).encode(), **where)


def stranger(address: str = "") -> dict[str, str]:
    """A browser that is not signed in, with the form's token; `address` is what a trusted proxy would say."""
    return {"Cookie": f"csrftoken={CSRF}", "X-CSRFToken": CSRF} | ({"X-Forwarded-For": address} if address else {})


@contextmanager
def prepared(folder: Path, processes: int = 2) -> Iterator[Ground]:
    folder.mkdir(parents=True, exist_ok=True)
    told = _people(folder / "var")
    template = Template(folder / "var" / DATABASE, told.sessions)
    own = {"LOG_LEVEL": "WARNING", "API_REQUESTS_PER_MINUTE_PER_USER": "0"}
    with ExitStack() as stack:
        sites = [UploadSite(folder, template, own | more) for more in [TRUSTED, *[{}] * processes]]
        for site in sites:
            stack.callback(site.kill)
            site.start()
        yield Ground(told, tuple(sites[1:]), sites[0])


def _people(data_dir: Path) -> Told:
    environment = os.environ | ENVIRONMENT | {"DATA_DIR": str(data_dir)}
    command = [sys.executable, "-m", "tests.security.people"]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return Told(**json.loads(done.stdout.splitlines()[-1]))
