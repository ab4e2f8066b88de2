"""Uploads as bytes on a socket, so that a test decides when each byte goes and how the connection ends."""

from __future__ import annotations

import http.client
import socket
import struct
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from tests.uploading.answers import TIMEOUT_S, Answer
from tests.uploading.tus import BYTES, VERSION, Tus


class End(StrEnum):
    FIN = "FIN"  # the client closes: what it sent still arrives
    RST = "RST"  # the connection is gone at once, as when a phone changes its network


@dataclass
class Sending:
    """A request whose head is sent; the body goes as `send` is called."""

    link: socket.socket

    @classmethod
    def begin(cls, tus: Tus, method: str, path: str, headers: Mapping[str, str], length: int) -> Sending:
        host, _, port = tus.address.partition(":")
        link = socket.create_connection((host, int(port)), timeout=TIMEOUT_S)
        said = {"Host": tus.address, **tus.who, **headers, "Content-Length": str(length)}
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in said.items())]
        link.sendall("\r\n".join([*lines, "", ""]).encode())
        return cls(link)

    @classmethod
    def patch(cls, tus: Tus, path: str, offset: int, length: int) -> Sending:
        return cls.begin(tus, "PATCH", path, {**VERSION, **BYTES, "Upload-Offset": str(offset)}, length)

    def send(self, content: bytes) -> bool:
        """Whether the connection still takes it."""
        try:
            self.link.sendall(content)
        except OSError:
            return False
        return True

    def cut(self, end: End) -> None:
        if end is End.RST:
            self.link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.link.close()

    def answer(self) -> Answer | None:
        """None when the connection ended without one."""
        response = http.client.HTTPResponse(self.link)
        with suppress(OSError, http.client.HTTPException):
            response.begin()
            headers = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, headers, response.read())
        return None

    def close(self) -> None:
        self.link.close()
