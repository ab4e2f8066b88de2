"""The web server hands a large body over while it arrives, whole or up to where it was lost, in bounded memory."""

from __future__ import annotations

import json
import random
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.web.conftest import RunningServer, running_server, wait_until
from tests.web.senders import (
    MIB,
    PATIENCE_S,
    answer_on,
    chunked,
    connect,
    head,
    random_bytes,
    reset,
    sha256,
    sized_head,
)

RSS_MAX_BYTES = 200 * MIB
PAGE_WITHIN_S = 5.0


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the views of the module's server keep what they saw."""
    return tmp_path_factory.mktemp("receiving")


@pytest.fixture(scope="module")
def server(places: Path) -> Iterator[RunningServer]:
    with running_server(places, "tests.web.receiving", UPLOADS_AT_ONCE="128", UPLOAD_IDLE_SECONDS="20") as running:
        yield running


@pytest.fixture(scope="module")
def quick_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One that gives up after a second of silence."""
    with running_server(tmp_path_factory.mktemp("quick"), "tests.web.receiving", UPLOAD_IDLE_SECONDS="1") as running:
        yield running


def kept(places: Path, name: str) -> Any:
    wait_until((places / name).exists, f"the view is done with {name}")
    return json.loads((places / name).read_text())


@pytest.mark.parametrize("size_bytes", [0, 1, MIB, MIB + 1, 5 * MIB + 3])
def test_a_body_arrives_whole_and_the_connection_serves_the_next(server: RunningServer, size_bytes: int) -> None:
    body = random_bytes(size_bytes, size_bytes)
    with connect(server.port) as link:
        for _ in range(3):
            link.sendall(sized_head("/digest", size_bytes) + body)

            answer = answer_on(link)

            assert (answer.status, answer.json) == (200, {"bytes": size_bytes, "sha256": sha256(body), "loss": ""})
            assert "connection" not in answer.headers


def test_a_request_knows_nothing_of_the_one_before_it_on_its_connection(server: RunningServer) -> None:
    with connect(server.port) as link:
        for _ in range(3):
            link.sendall(sized_head("/remembering", 3 * MIB) + bytes(3 * MIB))

            assert answer_on(link).json["found"] == ""


@pytest.mark.parametrize("size_bytes", [0, 10, 3 * MIB])
def test_a_body_of_unknown_length_arrives_whole(server: RunningServer, size_bytes: int) -> None:
    body = random_bytes(1, size_bytes)
    with connect(server.port) as link:
        for seed in range(3):
            link.sendall(head("/digest", "Transfer-Encoding: chunked"))
            for piece in chunked(body, seed):
                link.sendall(piece)

            assert answer_on(link).json == {"bytes": size_bytes, "sha256": sha256(body), "loss": ""}


def test_requests_sent_at_once_are_answered_in_order(server: RunningServer) -> None:
    first, second = random_bytes(1, 2 * MIB), random_bytes(2, 3 * MIB)
    parts = [
        sized_head("/digest", len(first)) + first,
        head("/healthz", method="GET"),
        head("/digest", "Transfer-Encoding: chunked") + b"".join(chunked(second, 1)),
        head("/healthz", method="GET"),
    ]
    with connect(server.port) as link, ThreadPoolExecutor(1) as sender:
        sending = sender.submit(link.sendall, b"".join(parts))

        answers = [answer_on(link) for _ in parts]

        sending.result()
    assert [answer.status for answer in answers] == [200] * 4
    assert [answers[0].json["sha256"], answers[2].json["sha256"]] == [sha256(first), sha256(second)]
    assert answers[1].body == answers[3].body == b"ok"


@pytest.mark.parametrize("size", [1000, 65536, 300_000, 2 * MIB])
def test_a_view_may_read_pieces_of_any_size(server: RunningServer, size: int) -> None:
    body = random_bytes(3, 2 * MIB + 77)
    with connect(server.port) as link:
        link.sendall(sized_head(f"/digest?size={size}", len(body)) + body)

        assert answer_on(link).json["sha256"] == sha256(body)


def test_a_form_with_a_large_file_is_understood(server: RunningServer) -> None:
    file = random_bytes(4, 3 * MIB)
    parts = [
        b'--frontier\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n',
        b'--frontier\r\nContent-Disposition: form-data; name="file"; filename="film.mp4"\r\n\r\n' + file + b"\r\n",
        b"--frontier--\r\n",
    ]
    body = b"".join(parts)
    with connect(server.port) as link:
        link.sendall(sized_head("/form", len(body), "Content-Type: multipart/form-data; boundary=frontier") + body)

        assert answer_on(link).json == {"note": "hello", "sha256": sha256(file)}


def test_a_body_that_nobody_wants_in_memory_is_not_taken_there(server: RunningServer) -> None:
    with connect(server.port) as link:
        link.sendall(head("/in-memory", "Transfer-Encoding: chunked"))
        for piece in chunked(bytes(8 * MIB), 1):
            link.sendall(piece)

        assert answer_on(link).status == 413


@pytest.mark.parametrize("how", ["FIN", "RST"])
def test_what_arrived_before_a_cut_is_read_and_no_more(server: RunningServer, places: Path, how: str) -> None:
    body, cuts = random_bytes(5, 4 * MIB), random.Random(how)

    for number in range(12):
        sent_bytes = cuts.randrange(len(body))
        link = connect(server.port)
        link.sendall(sized_head(f"/digest?name={how}{number}", len(body)) + body[:sent_bytes])
        reset(link) if how == "RST" else link.close()
        seen = kept(places, f"{how}{number}")

        assert seen["loss"]
        # A reset may overtake what is still on its way.
        assert seen["bytes"] == sent_bytes if how == "FIN" else seen["bytes"] <= sent_bytes
        assert seen["sha256"] == sha256(body[: seen["bytes"]])
    assert server.is_up()


def test_who_stopped_sending_still_hears_what_became_of_it(server: RunningServer) -> None:
    with connect(server.port) as link:
        link.sendall(sized_head("/digest", 4 * MIB) + bytes(2 * MIB))
        link.shutdown(socket.SHUT_WR)

        answer = answer_on(link)

    assert (answer.status, answer.json["bytes"]) == (400, 2 * MIB)


def test_a_malformed_chunk_is_told_as_such(server: RunningServer, places: Path) -> None:
    with connect(server.port) as link:
        link.sendall(head("/digest?name=malformed", "Transfer-Encoding: chunked") + b"5\r\nhello\r\n")
        wait_until((places / "malformed.reading").exists, "the view reads")
        link.sendall(b"this is no chunk\r\n")

        answer = answer_on(link)

    assert (answer.status, answer.json["bytes"], answer.json["loss"][:21]) == (400, 5, "The body is malformed")


def test_a_stalled_body_is_given_up(quick_server: RunningServer) -> None:
    with connect(quick_server.port) as link:
        link.sendall(sized_head("/digest", 4 * MIB) + bytes(MIB + 5))

        answer = answer_on(link)

    assert (answer.status, answer.json["bytes"], answer.json["loss"]) == (400, MIB + 5, "nothing arrived for 1 s")


@pytest.mark.parametrize("kind", ["Content-Length: 4000000", "Transfer-Encoding: chunked"])
def test_a_view_may_look_around_while_nothing_arrives(quick_server: RunningServer, kind: str) -> None:
    with connect(quick_server.port) as link:
        link.sendall(head("/awaited", kind) + b"1000\r\n" + bytes(500))

        seen = answer_on(link).json

    assert seen["vain_looks"] > 10
    assert seen["loss"] == "nothing arrived for 1 s"
    assert seen["bytes"] == (506 if "Length" in kind else 500)


def test_a_view_that_stores_what_arrived_is_let_finish(server: RunningServer, places: Path) -> None:
    link = connect(server.port)
    link.sendall(sized_head("/digest?name=lost&hold=go", 4 * MIB) + bytes(MIB))
    reset(link)
    wait_until((places / "go.waiting").exists, "the view knows that the connection is lost")
    assert server.is_up()
    already_finished = (places / "finished").read_text()

    (places / "go").touch()

    assert kept(places, "lost")["bytes"] <= MIB
    wait_until(lambda: (places / "finished").read_text() > already_finished, "Django has cleaned up after it")


def test_a_server_that_stops_cuts_its_uploads_and_lets_them_be_stored(tmp_path: Path) -> None:
    with (
        running_server(tmp_path, "tests.web.receiving", DRAIN_SECONDS="1") as server,
        connect(server.port) as link,
    ):
        link.sendall(sized_head("/digest?name=cut", 9 * MIB) + bytes(2 * MIB))
        wait_until((tmp_path / "cut.reading").exists, "the view reads")

        server.process.send_signal(signal.SIGTERM)

        assert server.process.wait(20) == 0
        seen = kept(tmp_path, "cut")
        assert (seen["sha256"], seen["loss"]) == (sha256(bytes(seen["bytes"])), "the server is stopping")


def test_a_client_waits_while_nobody_reads(server: RunningServer, places: Path) -> None:
    process = psutil.Process(server.process.pid)
    before_bytes = process.memory_info().rss
    with connect(server.port) as link:
        link.sendall(sized_head("/later/wait", 64 * MIB))
        wait_until((places / "wait.waiting").exists, "the view waits")
        taken_bytes = sent_until_nothing_moves(link, 64 * MIB)
        assert taken_bytes < 64 * MIB
        assert process.memory_info().rss - before_bytes < 8 * MIB
        (places / "wait").touch()
        link.sendall(bytes(64 * MIB - taken_bytes))

        assert answer_on(link).json["bytes"] == 64 * MIB


def sent_until_nothing_moves(link: socket.socket, most_bytes: int) -> int:
    taken_bytes = 0
    link.settimeout(0.5)
    try:
        while taken_bytes < most_bytes:
            taken_bytes += link.send(bytes(MIB))
    except TimeoutError:
        pass
    link.settimeout(PATIENCE_S)
    return taken_bytes


def test_a_hundred_bodies_at_once_all_arrive(server: RunningServer) -> None:
    def send(number: int) -> bool:
        body = random_bytes(number, MIB + 1 + number * 1000)
        with connect(server.port) as link:
            link.sendall(sized_head("/digest", len(body)) + body)
            return bool(answer_on(link).json["sha256"] == sha256(body))

    with ThreadPoolExecutor(100) as clients:
        assert all(clients.map(send, range(100)))


def test_a_gigabyte_flows_through_little_memory(server: RunningServer) -> None:
    piece, count = bytes(4 * MIB), 256
    with connect(server.port) as link:
        link.sendall(sized_head("/counted", len(piece) * count))
        for _ in range(count):
            link.sendall(piece)

        assert answer_on(link).json["bytes"] == len(piece) * count

    [line] = [line for line in Path(f"/proc/{server.process.pid}/status").read_text().splitlines() if "VmHWM" in line]
    assert int(line.split()[1]) * 1024 < RSS_MAX_BYTES


def test_slow_bodies_leave_pages_fast(server: RunningServer) -> None:
    links = [connect(server.port) for _ in range(64)]
    for link in links:
        link.sendall(sized_head("/digest", 2 * MIB) + bytes(5000))

    slowest_s = 0.0
    for round_number in range(5):
        for link in links:
            link.sendall(bytes(100 + round_number))
        before_s = time.monotonic()
        assert server.is_up()
        slowest_s = max(slowest_s, time.monotonic() - before_s)

    assert slowest_s < PAGE_WITHIN_S
    for link in links:
        link.close()
