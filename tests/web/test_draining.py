"""A server that is being stopped says so, takes no new jobs, and tells when to come again."""

from __future__ import annotations

import http.client
import json
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from django.test import Client

from accounts.models import User
from jobs import drain
from jobs.models import Job
from tests.factories import make_dub, make_upload
from tests.web.conftest import RunningServer, running_server, wait_until

LONG_BYTES = 32 * 1024**2


@pytest.mark.django_db
def test_a_submission_is_refused_with_the_time_to_come_again(as_alice: Client, alice: User) -> None:
    upload = make_upload(alice)
    drain.request()

    answer = as_alice.post(
        "/api/jobs", {"upload": str(upload.id), "target_language": "es"}, content_type="application/json"
    )

    assert (answer.status_code, answer.json()["code"]) == (503, "jobs.draining")
    assert answer["Content-Type"] == "application/problem+json"
    assert int(answer["Retry-After"]) > 0
    assert not Job.objects.exists()


@pytest.mark.django_db
def test_it_is_not_ready(client: Client) -> None:
    drain.request()

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["checks"]["draining"]) == (503, "the server is being stopped")


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_server_that_is_told_goes_on_answering_that_it_is_not_ready(server: RunningServer) -> None:
    server.process.send_signal(signal.SIGUSR1)

    wait_until(lambda: readiness(server) == (503, False), "it is not ready")
    assert server.is_up()


@pytest.fixture
def long_answer(data_dir: Path, alice: User, tmp_path: Path) -> str:
    """The path of a file that no socket's buffers hold."""
    dub = make_dub(alice, tmp_path, {"mp4.mp4": bytes(LONG_BYTES)})
    return f"/api/dubs/{dub.id}/files/mp4"


@contextmanager
def reading(server: RunningServer, path: str, user: User) -> Iterator[http.client.HTTPResponse]:
    """An answer of which only the beginning has been read."""
    client = Client()
    client.force_login(user)
    link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    with closing(link):
        link.request("GET", path, headers={"Cookie": f"sessionid={client.cookies['sessionid'].value}"})
        answer = link.getresponse()
        answer.read(1)
        yield answer


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_server_that_is_to_end_lets_those_finish_whom_it_answers(
    data_dir: Path, alice: User, long_answer: str
) -> None:
    with running_server(data_dir, DRAIN_SECONDS="600") as server, reading(server, long_answer, alice) as answer:
        server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: readiness(server) == (503, False), "it is not ready")

        assert len(answer.read()) == LONG_BYTES - 1
        assert server.process.wait(30) == 0


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_server_that_is_to_end_waits_for_nobody_beyond_its_time(
    data_dir: Path, alice: User, long_answer: str
) -> None:
    with running_server(data_dir, DRAIN_SECONDS="1") as server, reading(server, long_answer, alice) as answer:
        server.process.send_signal(signal.SIGTERM)

        assert server.process.wait(30) == 0
        with pytest.raises(http.client.IncompleteRead):
            answer.read()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGUSR1], ids=["by somebody in a hurry", "by its launcher"])
def test_a_server_that_is_told_twice_ends_at_once(
    data_dir: Path, alice: User, long_answer: str, first: signal.Signals
) -> None:
    with running_server(data_dir, DRAIN_SECONDS="600") as server, reading(server, long_answer, alice):
        server.process.send_signal(first)
        wait_until(lambda: readiness(server) == (503, False), "it is not ready")

        server.process.send_signal(signal.SIGTERM)

        assert server.process.wait(30) == 0


def readiness(server: RunningServer) -> tuple[int, bool]:
    link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    try:
        link.request("GET", "/readyz")
        answer = link.getresponse()
        return answer.status, json.load(answer)["ready"]
    finally:
        link.close()
