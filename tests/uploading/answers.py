"""One HTTP request as written, and its answer: nothing is added, followed or repeated, as clients do."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any

TIMEOUT_S = 100.0  # an answer may wait for ffprobe, which is given 60


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    def header(self, name: str) -> str | None:
        return self.headers.get(name.lower())

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def __str__(self) -> str:
        said = {
            name: value for name, value in self.headers.items() if name.startswith(("tus-", "upload-", "content-t"))
        }
        return f"{self.status} {said} {self.body[:300]!r}"


def ask(address: str, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
    """`address` is host:port. An answer that comes before the body was taken is read all the same."""
    with closing(http.client.HTTPConnection(address, timeout=TIMEOUT_S)) as link:
        link.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers.items():
            link.putheader(name, value.encode("utf-8"))
        if body is not None and not {"content-length", "transfer-encoding"} & {name.lower() for name in headers}:
            link.putheader("Content-Length", str(len(body)))
        with suppress(BrokenPipeError, ConnectionResetError):
            link.endheaders(body)
        got = link.getresponse()
        return Answer(got.status, {name.lower(): value for name, value in got.getheaders()}, got.read())
