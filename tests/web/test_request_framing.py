"""Requests whose length could be read in two ways are refused, so that nobody smuggles a second one past a proxy."""

from __future__ import annotations

import socket
from contextlib import suppress

import pytest

from tests.web.conftest import RunningServer

TIMEOUT_S = 60
SECOND = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
POST, CHUNKED = b"POST /accounts/login/ HTTP/1.1\r\nHost: localhost\r\n", b"Transfer-Encoding: chunked\r\n"
READ_TWO_WAYS = {
    "two lengths": POST + b"Content-Length: 0\r\nContent-Length: 64\r\n\r\n",
    "a length, then chunks": POST + b"Content-Length: 4\r\n" + CHUNKED + b"\r\n0\r\n\r\n",
    "chunks, then a length": POST + CHUNKED + b"Content-Length: 4\r\n\r\n0\r\n\r\n",
    "an unknown coding": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "two codings": POST + b"Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n",
    "a signed length": POST + b"Content-Length: +0\r\n\r\n",
    "a negative length": POST + b"Content-Length: -1\r\n\r\n",
    "a space before the colon": POST + b"Content-Length : 0\r\n\r\n",
    "a chunk of no size": POST + CHUNKED + b"\r\nx\r\n\r\n",
}


def statuses(server: RunningServer, request: bytes) -> list[bytes]:
    """Of all answers until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT_S) as link:
        link.sendall(request)
        answer = b""
        with suppress(ConnectionResetError):  # closed while something was still coming; what it said before counts
            while received := link.recv(65536):
                answer += received
    return [line.split()[1] for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.")]


@pytest.mark.django_db(transaction=True)
def test_no_second_request_hides_in_the_first(server: RunningServer) -> None:
    answers = {name: statuses(server, first + SECOND) for name, first in READ_TWO_WAYS.items()}

    assert statuses(server, SECOND) == [b"200"]
    assert set(map(tuple, answers.values())) == {(b"400",)}, answers
