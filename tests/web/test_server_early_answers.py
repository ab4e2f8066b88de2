"""An answer given before a body is read to its end reaches its client, and the client need not send the rest."""

from __future__ import annotations

import http.client
import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from tests.web.conftest import RunningServer, running_server, wait_until
from tests.web.senders import MIB, answer_on, chunked, connect, head, sized_head

SIZE_BYTES = 40 * MIB


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(
        tmp_path_factory.mktemp("receiving"), "tests.web.receiving", UPLOAD_MAX_BYTES="100_000_000"
    ) as running:
        yield running


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    with path.open("wb") as file:
        file.truncate(SIZE_BYTES)
    return path


@pytest.mark.parametrize("status", [401, 404, 409, 413, 423])
@pytest.mark.parametrize("client", ["http.client", "urllib", "requests", "curl", "curl without waiting"])
def test_every_client_gets_to_read_it(server: RunningServer, film: Path, client: str, status: int) -> None:
    assert CLIENTS[client](f"http://{server.address}/unread/{status}", film) == status
    assert server.is_up()


def with_http_client(url: str, film: Path) -> int:
    link = http.client.HTTPConnection(url.split("/")[2], timeout=60)
    with film.open("rb") as body:
        link.request("POST", "/" + url.split("/", 3)[3], body=body, headers={"Content-Length": str(SIZE_BYTES)})
        answer = link.getresponse()
    assert json.loads(answer.read()) == {"status": answer.status}
    link.close()
    return answer.status


def with_urllib(url: str, film: Path) -> int:
    with film.open("rb") as body:
        request = urllib.request.Request(url, data=body, headers={"Content-Length": str(SIZE_BYTES)})  # noqa: S310
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=60)  # noqa: S310 - an address of the test's own
    with refused.value:
        return refused.value.code


def with_requests(url: str, film: Path) -> int:
    with film.open("rb") as body, requests.post(url, data=body, timeout=60) as answer:
        return answer.status_code


def with_curl(url: str, film: Path, *options: str) -> int:
    command = ["curl", "--silent", "--show-error", "--output", "/dev/null", "--write-out", "%{http_code}", *options]
    done = subprocess.run([*command, "--data-binary", f"@{film}", url], capture_output=True, text=True, check=True)
    return int(done.stdout)


CLIENTS: dict[str, Callable[[str, Path], int]] = {
    "http.client": with_http_client,
    "urllib": with_urllib,
    "requests": with_requests,
    "curl": with_curl,
    "curl without waiting": lambda url, film: with_curl(url, film, "--header", "Expect:"),
}


def test_a_client_that_asks_first_need_not_send_what_nobody_wants(server: RunningServer) -> None:
    with connect(server.port) as link:
        link.sendall(sized_head("/unread/401", SIZE_BYTES, "Expect: 100-continue"))

        assert answer_on(link).status == 401


def test_a_client_that_asks_first_is_told_to_send_what_is_wanted(server: RunningServer) -> None:
    with connect(server.port) as link:
        link.sendall(sized_head("/digest", 2 * MIB, "Expect: 100-continue"))
        assert link.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        link.sendall(bytes(2 * MIB))

        assert answer_on(link).json["bytes"] == 2 * MIB


def test_the_connection_ends_after_an_early_answer_once_all_of_the_body_is_there(server: RunningServer) -> None:
    with connect(server.port) as link:
        link.sendall(sized_head("/unread/404", 3 * MIB))
        answer = answer_on(link)
        link.sendall(bytes(3 * MIB))

        assert (answer.status, answer.headers["connection"]) == (404, "close")
        assert link.recv(1) == b""


def test_an_early_answer_to_a_body_of_unknown_length_is_read(server: RunningServer) -> None:
    with connect(server.port) as link:
        link.sendall(head("/unread/409", "Transfer-Encoding: chunked"))
        for piece in chunked(bytes(3 * MIB), 1):
            link.sendall(piece)

        assert answer_on(link).status == 409
    assert server.is_up()


def test_a_body_larger_than_an_upload_may_be_is_refused_at_once(server: RunningServer) -> None:
    with connect(server.port) as link:
        link.sendall(sized_head("/digest", 10**14) + bytes(MIB))
        answer = answer_on(link)

    assert (answer.status, answer.json["code"]) == (413, "upload.too_large")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("kind", ["Content-Length: 2000000", "Transfer-Encoding: chunked"])
def test_a_request_for_a_socket_has_no_body(server: RunningServer, kind: str) -> None:
    with connect(server.port) as link:
        link.sendall(head("/digest", "Upgrade: websocket", "Connection: Upgrade", kind) + b"10\r\n" + bytes(16))

        assert answer_on(link).status == 400


def test_a_body_is_taken_from_who_would_rather_speak_another_protocol(server: RunningServer) -> None:
    with connect(server.port) as link:
        link.sendall(sized_head("/digest", 2 * MIB, "Upgrade: h2c", "Connection: Upgrade") + bytes(2 * MIB))

        assert answer_on(link).json["bytes"] == 2 * MIB


def test_nothing_is_kept_of_requests_that_are_no_http(server: RunningServer) -> None:
    nonsense = head("/digest", "Transfer-Encoding: chunked") + b"this is no chunk\r\n"
    for _ in range(50):
        with connect(server.port) as link:
            link.sendall(nonsense)
            assert link.recv(100).startswith(b"HTTP/1.1 400 ")

    wait_until(lambda: known_requests(server) < 10, "the server has forgotten them")


def known_requests(server: RunningServer) -> int:
    with connect(server.port) as link:
        link.sendall(head("/requests", method="GET"))
        return int(answer_on(link).json["known"])


def test_a_body_of_unknown_length_is_read_no_further_than_an_upload_may_go(tmp_path: Path) -> None:
    with (
        running_server(tmp_path, "tests.web.receiving", UPLOAD_MAX_BYTES="1_000_000") as server,
        connect(server.port) as link,
    ):
        link.sendall(head("/digest", "Transfer-Encoding: chunked"))
        for piece in chunked(bytes(4 * MIB), 1):
            link.sendall(piece)
        answer = answer_on(link)

    assert answer.json["loss"] == "The body is larger than an upload may be."
    assert answer.json["bytes"] <= 1_000_000 + MIB


def test_one_upload_too_many_is_asked_to_come_again(tmp_path: Path) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(running_server(tmp_path, "tests.web.receiving", UPLOADS_AT_ONCE="2"))
        links = [stack.enter_context(connect(server.port)) for _ in range(3)]
        for number, link in enumerate(links[:2]):
            link.sendall(sized_head(f"/later/go{number}", 2 * MIB) + bytes(MIB))
            wait_until((tmp_path / f"go{number}.waiting").exists, "the view waits")

        links[2].sendall(sized_head("/digest", 3 * MIB) + bytes(3 * MIB))
        refusal = answer_on(links[2])

        assert (refusal.status, refusal.headers["retry-after"], refusal.json["code"]) == (503, "5", "server.busy")
        for number, link in enumerate(links[:2]):
            (tmp_path / f"go{number}").touch()
            link.sendall(bytes(MIB))
            assert answer_on(link).json["bytes"] == 2 * MIB
        with connect(server.port) as link:
            link.sendall(sized_head("/digest", 3 * MIB) + bytes(3 * MIB))
            assert answer_on(link).status == 200


def test_forms_leave_room_for_uploads(tmp_path: Path) -> None:
    form = "Content-Type: multipart/form-data; boundary=frontier"
    with ExitStack() as stack:
        server = stack.enter_context(running_server(tmp_path, "tests.web.receiving", UPLOADS_AT_ONCE="4"))
        links = [stack.enter_context(connect(server.port)) for _ in range(3)]
        links[0].sendall(sized_head("/later/go", 2 * MIB, form) + bytes(MIB))
        wait_until((tmp_path / "go.waiting").exists, "the view waits")

        links[1].sendall(sized_head("/digest", 2 * MIB, form) + bytes(2 * MIB))
        links[2].sendall(sized_head("/digest", 2 * MIB) + bytes(2 * MIB))

        assert [answer_on(link).status for link in links[1:]] == [503, 200]
