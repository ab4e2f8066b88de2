"""The same request sent twice, because an answer got lost, makes one job."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import User
from jobs import idempotency
from jobs.errors import IdempotencyInUse
from jobs.models import IdempotencyKey, Job
from tests.factories import make_upload


def post(client: Client, body: dict[str, Any], key: str, route: str = "/api/jobs") -> Any:
    return client.post(route, body, content_type="application/json", headers={"Idempotency-Key": key})


@pytest.fixture
def body(alice: User) -> dict[str, Any]:
    return {"upload": str(make_upload(alice).id), "target_language": "es"}


def test_the_same_key_and_body_get_the_same_answer(as_alice: Client, body: dict[str, Any]) -> None:
    first = post(as_alice, body, '"one"')

    again = post(as_alice, dict(reversed(body.items())), '"one"')

    assert Job.objects.count() == 1
    assert (again.status_code, again.content) == (first.status_code, first.content) == (201, first.content)
    assert (first.get("Idempotency-Replayed"), again["Idempotency-Replayed"]) == (None, "true")


def test_the_answer_stays_as_it_was_when_the_job_moves_on(as_alice: Client, body: dict[str, Any]) -> None:
    first = post(as_alice, body, "one")
    as_alice.post(f"/api/jobs/{first.json()['id']}/cancel")

    assert post(as_alice, body, "one").json()["state"] == "queued"


@pytest.mark.parametrize("route", ["/api/jobs", "/api/jobs/batch"])
def test_a_key_for_another_request_is_refused(as_alice: Client, body: dict[str, Any], route: str) -> None:
    post(as_alice, body, "one")

    answer = post(as_alice, body | {"mode": "low"}, "one", route)

    assert (answer.status_code, answer.json()["code"]) == (409, "jobs.idempotency_mismatch")
    assert Job.objects.count() == 1


def test_another_users_key_is_another_key(as_alice: Client, as_bob: Client, bob: User, body: dict[str, Any]) -> None:
    post(as_alice, body, "one")

    answer = post(as_bob, {"upload": str(make_upload(bob).id), "target_language": "es"}, "one")

    assert (answer.status_code, Job.objects.count()) == (201, 2)


def test_a_refusal_leaves_the_key_free(as_alice: Client, body: dict[str, Any], settings: LazySettings) -> None:
    settings.MAX_WAITING_JOBS_PER_USER = 1
    other = post(as_alice, body, "other").json()
    assert post(as_alice, body, "one").status_code == 429
    as_alice.post(f"/api/jobs/{other['id']}/cancel")

    assert post(as_alice, body, "one").status_code == 201


@pytest.mark.parametrize("key", ["", '""', "k" * 256, "käse"])
def test_a_key_that_cannot_be_used_is_refused(as_alice: Client, body: dict[str, Any], key: str) -> None:
    answer = post(as_alice, body, key)

    assert (answer.status_code, answer.json()["code"]) == (400, "jobs.idempotency_key")
    assert not Job.objects.exists()


def test_a_key_is_forgotten_after_a_day(as_alice: Client, body: dict[str, Any]) -> None:
    post(as_alice, body, "one")
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=25))

    answer = post(as_alice, body, "one")

    assert (answer.status_code, answer.get("Idempotency-Replayed")) == (201, None)
    assert Job.objects.count() == 2
    assert idempotency.forget_old(now=timezone.now() + timedelta(hours=25)) == 1


@pytest.mark.django_db(transaction=True)
def test_requests_at_once_make_one_job(alice: User, body: dict[str, Any]) -> None:
    together = threading.Barrier(6)
    answers: list[Any] = []

    def send() -> None:
        client = Client()
        client.force_login(alice)
        together.wait()
        answers.append(post(client, body, "one"))
        connection.close()

    clients = [threading.Thread(target=send) for _ in range(6)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert Job.objects.count() == IdempotencyKey.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="on SQLite one transaction writes at a time")
def test_a_first_request_that_takes_long_is_told(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "PATIENCE_S", 1)
    begun, may_end = threading.Event(), threading.Event()

    def slow() -> idempotency.Answer:
        begun.set()
        may_end.wait(30)
        return idempotency.Answer(201, "{}")

    def first() -> None:
        idempotency.answer_once(alice, "one", "0" * 64, slow, now=timezone.now())
        connection.close()

    request = threading.Thread(target=first)
    request.start()
    begun.wait(30)

    with pytest.raises(IdempotencyInUse):
        idempotency.answer_once(alice, "one", "0" * 64, slow, now=timezone.now())

    may_end.set()
    request.join()
