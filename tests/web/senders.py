"""Clients that send bodies in ways that no well-behaved client does."""

from __future__ import annotations

import hashlib
import json
import random
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Any

MIB = 1024 * 1024
PATIENCE_S = 60.0


def random_bytes(seed: int, size_bytes: int) -> bytes:
    return random.Random(seed).randbytes(size_bytes)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)


def head(target: str, *headers: str, method: str = "POST") -> bytes:
    return "\r\n".join((f"{method} {target} HTTP/1.1", "Host: localhost", *headers, "", "")).encode()


def sized_head(target: str, size_bytes: int, *headers: str) -> bytes:
    return head(target, f"Content-Length: {size_bytes}", *headers)


def chunked(data: bytes, seed: int) -> Iterator[bytes]:
    """As chunked transfer encoding wants it, in pieces of any size."""
    sizes, start = random.Random(seed), 0
    while start < len(data):
        piece = data[start : start + sizes.choice((1, 7, 1000, 65536, 200_000))]
        yield b"%x\r\n%b\r\n" % (len(piece), piece)
        start += len(piece)
    yield b"0\r\n\r\n"


def reset(link: socket.socket) -> None:
    """Closes with RST instead of FIN."""
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    link.close()


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def answer_on(link: socket.socket) -> Answer:
    response = HTTPResponse(link)
    response.begin()
    return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
