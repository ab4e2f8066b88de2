"""Live events over a real WebSocket from the real server: no gap, no repeat, no stranger."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as site
from django.db import connection
from django.test import Client
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from accounts.models import User
from jobs import services
from jobs.models import EventKind, Job, JobState
from jobs.services import NewEvent
from tests.factories import claim_of, make_job
from tests.web.conftest import RunningServer, wait_until

pytestmark = pytest.mark.django_db(transaction=True)
TIMEOUT_S = 15


@pytest.fixture
def job(server: RunningServer, alice: User) -> Job:
    return make_job(alice, state=JobState.RUNNING)


def cookie_of(user: User) -> str:
    client = Client()
    client.force_login(user)
    return f"{site.SESSION_COOKIE_NAME}={client.cookies[site.SESSION_COOKIE_NAME].value}"


def dial(server: RunningServer, path: str, user: User | None = None, origin: str | None = None) -> ClientConnection:
    headers = {"Cookie": cookie_of(user)} if user else {}
    return connect(f"ws://{server.address}{path}", additional_headers=headers, origin=origin)  # type: ignore[arg-type]


def say(job: Job, *texts: str) -> None:
    services.record(claim_of(job), [NewEvent(EventKind.LOG, message=text) for text in texts])


def read(socket: ClientConnection, count: int) -> list[dict[str, Any]]:
    """The next events, each acknowledged."""
    events = []
    for _ in range(count):
        event = json.loads(socket.recv(timeout=TIMEOUT_S))
        socket.send(json.dumps({"type": "ack", "seq": event["seq"]}))
        events.append(event)
    return events


def until_silent(socket: ClientConnection) -> Iterator[dict[str, Any]]:
    """What comes without any acknowledgement."""
    try:
        while True:
            yield json.loads(socket.recv(timeout=2.0))
    except TimeoutError:
        return


def close_code(socket: ClientConnection) -> int | None:
    """What the server closes with, after whatever it still says."""
    try:
        while True:
            socket.recv(timeout=TIMEOUT_S)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None


def test_missed_events_come_first_then_live_ones(server: RunningServer, job: Job, alice: User) -> None:
    say(job, "one", "two")

    with dial(server, f"/ws/jobs/{job.id}/", alice) as socket:
        missed = read(socket, 3)
        say(job, "three")
        live = read(socket, 1)

    assert [event["seq"] for event in missed + live] == [1, 2, 3, 4]
    assert [event["message"] for event in missed[1:] + live] == ["one", "two", "three"]
    assert {"v", "type", "seq", "at", "kind", "stage", "level", "message", "data"} == live[0].keys()


def test_a_client_that_comes_back_misses_nothing_and_sees_nothing_twice(
    server: RunningServer, job: Job, alice: User
) -> None:
    total, seen = 400, [0]

    def write() -> None:
        for number in range(total):
            say(job, str(number))
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    while len(seen) <= total + 1:
        with dial(server, f"/ws/jobs/{job.id}/?after={seen[-1]}", alice) as socket:
            events = read(socket, min(60, total + 2 - len(seen)))
            seen += [event["seq"] for event in events]
    writer.join()

    assert seen == list(range(total + 2))


def test_a_change_of_state_says_from_where_to_where(server: RunningServer, job: Job, alice: User) -> None:
    with dial(server, f"/ws/jobs/{job.id}/?after=1", alice) as socket:
        services.transition(job.id, JobState.DONE)
        [event] = read(socket, 1)

    assert (event["kind"], event["data"]) == ("state", {"state": "done", "from": "running"})


@pytest.fixture
def paths(job: Job) -> dict[str, str]:
    return {"job": f"/ws/jobs/{job.id}/", "nothing": "/ws/else/"}


def test_strangers_are_told_why_they_are_closed(
    server: RunningServer, paths: dict[str, str], alice: User, bob: User
) -> None:
    with dial(server, paths["job"]) as socket:
        assert close_code(socket) == 4401
    with dial(server, paths["job"], bob) as socket:
        assert close_code(socket) == 4404
    with dial(server, paths["nothing"], alice) as socket:
        assert close_code(socket) == 4404


def test_a_start_that_is_no_number_is_closed(server: RunningServer, paths: dict[str, str], alice: User) -> None:
    for after in ("-1", "x", "1e3", "%C2%B2", "1" * 19, "9" * 5000):
        with dial(server, f"{paths['job']}?after={after}", alice) as socket:
            assert close_code(socket) == 4400, after


def test_a_message_that_is_no_acknowledgement_is_closed(
    server: RunningServer, paths: dict[str, str], alice: User
) -> None:
    for message in ("hello", "{}", '{"type":"ack"}', '{"type":"ack","seq":true}', "[1]"):
        with dial(server, paths["job"], alice) as socket:
            socket.send(message)
            assert close_code(socket) == 4400, message


def test_pages_of_other_sites_may_not_listen(server: RunningServer, paths: dict[str, str], alice: User) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        dial(server, paths["job"], alice, origin="https://evil.example")
    with dial(server, paths["job"], alice, origin=f"http://{server.address}") as socket:
        assert len(read(socket, 1)) == 1


def test_a_client_that_never_acknowledges_gets_a_bounded_amount(server: RunningServer, job: Job, alice: User) -> None:
    say(job, *["x" * 3900] * 200)

    with dial(server, f"/ws/jobs/{job.id}/", alice) as socket:
        received = list(until_silent(socket))
        assert 60 <= len(received) <= 66  # 256 KiB of messages of about 4 kB

        socket.send(json.dumps({"type": "ack", "seq": received[-1]["seq"]}))
        assert json.loads(socket.recv(timeout=TIMEOUT_S))["seq"] == received[-1]["seq"] + 1


def test_a_server_that_stops_says_so(server: RunningServer, job: Job, alice: User) -> None:
    with dial(server, f"/ws/jobs/{job.id}/", alice) as socket:
        read(socket, 1)
        server.process.terminate()
        assert close_code(socket) == 1001
    wait_until(lambda: server.process.poll() is not None, "the server ended")
