"""A server that is being stopped says so, takes no new jobs, and tells when to come again."""

from __future__ import annotations

import http.client
import json
import signal

import pytest
from django.test import Client

from accounts.models import User
from jobs import drain
from jobs.models import Job
from tests.factories import make_upload
from tests.web.conftest import RunningServer, wait_until


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


def readiness(server: RunningServer) -> tuple[int, bool]:
    link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    try:
        link.request("GET", "/readyz")
        answer = link.getresponse()
        return answer.status, json.load(answer)["ready"]
    finally:
        link.close()
