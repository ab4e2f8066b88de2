"""Clients for the upload benchmark: bare tus that costs next to nothing, tus-js-client, and our own chunk protocol."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from http.client import HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.uploading.reference import JAVASCRIPT, node

TIMEOUT_S = 600.0
CHUNKS_AT_ONCE = 4
TUS = {"Tus-Resumable": "1.0.0"}
OFFSET = {"Content-Type": "application/offset+octet-stream"}


class UploadFailed(Exception):
    """What the server answered instead."""


@dataclass(frozen=True)
class Target:
    """A server to upload to, by the same client each."""

    address: str
    creation_path: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Film:
    """A file to send. Its digests are the client's work and no part of what is measured."""

    path: Path
    size_bytes: int
    sha256: str

    @cached_property
    def metadata(self) -> str:
        return f"filename {base64.b64encode(self.path.name.encode()).decode()}"

    def digest_headers(self, chunk_bytes: int) -> list[dict[str, str]]:
        headers = []
        with self.path.open("rb") as file:
            while piece := file.read(chunk_bytes):
                digest = base64.b64encode(hashlib.sha256(piece).digest()).decode()
                headers.append({"Content-Digest": f"sha-256=:{digest}:"})
        return headers


class Link:
    """A connection that sends a file's bytes without touching them."""

    def __init__(self, target: Target) -> None:
        host, port = target.address.rsplit(":", 1)
        self._target = target
        self._socket = socket.create_connection((host, int(port)), timeout=TIMEOUT_S)

    def __enter__(self) -> Link:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> tuple[HTTPResponse, bytes]:
        self._send_head(method, path, {**headers, "Content-Length": str(len(body))})
        self._socket.sendall(body)
        return self._answer()

    def ask_with_file(
        self, method: str, path: str, headers: Mapping[str, str], film: Film, start: int, count: int
    ) -> tuple[HTTPResponse, bytes]:
        self._send_head(method, path, {**headers, "Content-Length": str(count)})
        with film.path.open("rb") as file:
            self._socket.sendfile(file, start, count)
        return self._answer()

    def _send_head(self, method: str, path: str, headers: Mapping[str, str]) -> None:
        every = {"Host": self._target.address, **self._target.headers, **headers}
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in every.items()), "", ""]
        self._socket.sendall("\r\n".join(lines).encode())

    def _answer(self) -> tuple[HTTPResponse, bytes]:
        response = HTTPResponse(self._socket)
        response.begin()
        body = response.read()
        if response.status >= 300:
            raise UploadFailed(f"{response.status} {body[:500]!r}")
        return response, body


def send_by_tus(target: Target, film: Film) -> None:
    """Creation and one PATCH."""
    with Link(target) as link:
        about = {"Upload-Length": str(film.size_bytes), "Upload-Metadata": film.metadata}
        created, _ = link.ask("POST", target.creation_path, TUS | about)
        path = urlsplit(created.getheader("Location")).path
        whole = {"Upload-Offset": "0"} | TUS | OFFSET
        link.ask_with_file("PATCH", str(path), whole, film, 0, film.size_bytes)


def send_by_tus_js_client(target: Target, film: Film) -> None:
    """As anybody uses it in Node.js."""
    order = {
        "endpoint": f"http://{target.address}{target.creation_path}",
        "file": str(film.path),
        "headers": dict(target.headers),
        "metadata": {"filename": film.path.name},
    }
    command = [node(), "upload.mjs", json.dumps(order)]
    done = subprocess.run(command, cwd=JAVASCRIPT, capture_output=True, text=True, check=True, timeout=TIMEOUT_S)
    said = json.loads(done.stdout.splitlines()[-1])
    if said["error"]:
        raise UploadFailed(said["error"])


@dataclass(frozen=True)
class Chunks:
    """Our own protocol, with four chunks under way at any time, the SHA-256 of each verified by the server."""

    digests: list[dict[str, str]]
    chunk_bytes: int

    def send(self, target: Target, film: Film) -> None:
        with Link(target) as link:
            about = {"name": film.path.name, "total_bytes": film.size_bytes}
            upload = self._json(link, "/api/uploads/init", about)
            path = f"/api/uploads/{upload['id']}"
            numbers = list(range(len(self.digests)))
            with ThreadPoolExecutor(CHUNKS_AT_ONCE) as senders:
                parts = [numbers[first::CHUNKS_AT_ONCE] for first in range(CHUNKS_AT_ONCE)]
                for sent in [senders.submit(self._send_some, target, film, path, part) for part in parts]:
                    sent.result()
            self._json(link, f"{path}/complete", {})

    def _send_some(self, target: Target, film: Film, path: str, numbers: list[int]) -> None:
        with Link(target) as link:
            for number in numbers:
                start = number * self.chunk_bytes
                count = min(self.chunk_bytes, film.size_bytes - start)
                headers = {"Content-Type": "application/octet-stream"} | self.digests[number]
                link.ask_with_file("PUT", f"{path}/chunk?offset={start}", headers, film, start, count)

    @staticmethod
    def _json(link: Link, path: str, body: dict[str, Any]) -> Any:
        _, answer = link.ask("POST", path, {"Content-Type": "application/json"}, json.dumps(body).encode())
        return json.loads(answer)
