"""Doorbells with a real Redis that is killed, frozen and emptied: none is in the way, none is stranded."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.db import transaction
from django_q.models import OrmQ

from jobs import dispatch
from jobs.errors import QueueUnavailable
from jobs.transport import health, state
from jobs.transport.broker import DoorbellBroker
from jobs.transport.limits import MOST_WAITING
from jobs.transport.state import Transport
from pipeline.settings import DubSettings
from tests.factories import make_upload, make_user
from tests.servers import RedisServer
from tests.web.conftest import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
CHECK_S = 0.1
RECOVERY_S = 1.0


@pytest.fixture
def broker(redis_server: RedisServer, settings: LazySettings) -> Iterator[DoorbellBroker]:
    settings.REDIS_URL = redis_server.url
    settings.QUEUE_MODE = "auto"
    settings.QUEUE_CHECK_SECONDS = CHECK_S
    settings.QUEUE_RECOVERY_CHECKS, settings.QUEUE_RECOVERY_SECONDS = 3, RECOVERY_S
    health.forget()
    yield DoorbellBroker("cpu")
    health.forget()


def rung(broker: DoorbellBroker) -> list[str]:
    """All doorbells that wait, in either transport."""
    found: list[str] = []
    while answered := broker.dequeue() or broker.dequeue():
        found += [package for _nothing, package in answered]
    return found


def in_redis(server: RedisServer) -> int:
    with server.client() as client:
        return sum(client.llen(key) for key in client.keys("dubbing:*"))


def test_a_doorbell_goes_through_redis_when_the_transaction_commits(
    broker: DoorbellBroker, redis_server: RedisServer
) -> None:
    with transaction.atomic():
        broker.enqueue("ring")
        assert in_redis(redis_server) == 0

    assert in_redis(redis_server) == 1
    assert OrmQ.objects.count() == 0
    assert rung(broker) == ["ring"]


def test_what_is_rolled_back_rings_nowhere(broker: DoorbellBroker) -> None:
    with transaction.atomic():
        broker.enqueue("ring")
        transaction.set_rollback(True)

    assert rung(broker) == []


def test_each_queue_has_its_own_doorbells_and_a_worker_may_answer_for_several(broker: DoorbellBroker) -> None:
    broker.enqueue("cpu")
    DoorbellBroker("io").enqueue("io")

    assert rung(DoorbellBroker("gpu")) == []
    assert sorted(rung(DoorbellBroker("io+cpu"))) == ["cpu", "io"]


def test_a_killed_redis_costs_nothing_but_the_switch(broker: DoorbellBroker, redis_server: RedisServer) -> None:
    state.current()
    redis_server.kill()

    for number in range(20):
        broker.enqueue(f"ring {number}")

    assert OrmQ.objects.count() == 20
    assert (state.current().transport, state.current().is_degraded) == (Transport.DATABASE, True)
    assert len(rung(broker)) == 20


def test_a_frozen_redis_costs_one_time_limit_not_one_a_submission(
    broker: DoorbellBroker, redis_server: RedisServer
) -> None:
    state.current()
    redis_server.freeze()

    took_s = []
    for number in range(50):
        started_s = time.monotonic()
        broker.enqueue(f"ring {number}")
        took_s.append(time.monotonic() - started_s)

    assert max(took_s) < 1.0
    assert sum(took_s) - max(took_s) < 1.0
    assert OrmQ.objects.count() == 50


def test_many_rings_of_one_transaction_meet_a_frozen_redis_once(
    broker: DoorbellBroker, redis_server: RedisServer
) -> None:
    state.current()

    started_s = time.monotonic()
    with transaction.atomic():
        for number in range(20):
            broker.enqueue(f"ring {number}")
        redis_server.freeze()

    assert time.monotonic() - started_s < 2.0
    assert OrmQ.objects.count() == 20


def test_doorbells_of_both_transports_are_answered_after_a_switch(
    broker: DoorbellBroker, redis_server: RedisServer
) -> None:
    broker.enqueue("through redis")
    health.health().lost()
    broker.enqueue("through the database")

    wait_until(lambda: health.health().answers, "redis is seen again")
    assert sorted(rung(broker)) == ["through redis", "through the database"]


def test_redis_is_trusted_again_only_after_a_while(broker: DoorbellBroker, redis_server: RedisServer) -> None:
    state.current()
    redis_server.kill()
    wait_until(lambda: state.current().is_degraded, "the loss is noticed")
    redis_server.start()
    back_s = time.monotonic()

    wait_until(lambda: not state.current().is_degraded, "redis is used again")

    assert time.monotonic() - back_s >= RECOVERY_S
    broker.enqueue("ring")
    assert in_redis(redis_server) == 1


def test_a_redis_that_comes_and_goes_is_left_once(broker: DoorbellBroker, redis_server: RedisServer) -> None:
    switches = []
    seen = state.current().since
    for _ in range(5):
        redis_server.kill()
        wait_until(lambda: not health.health().answers, "the loss is seen")
        redis_server.start()
        wait_until(lambda: health.health().answers, "the return is seen")
        if state.current().since != seen:
            seen = state.current().since
            switches.append(seen)

    assert len(switches) == 1


def test_more_doorbells_than_workers_could_need_are_not_kept(broker: DoorbellBroker, redis_server: RedisServer) -> None:
    for number in range(3 * MOST_WAITING):
        broker.enqueue(f"ring {number}")

    assert in_redis(redis_server) == MOST_WAITING
    assert broker.queue_size() == MOST_WAITING


def test_without_redis_the_database_keeps_as_few(settings: LazySettings) -> None:
    broker = DoorbellBroker("cpu")

    for number in range(MOST_WAITING + 10):
        broker.enqueue(f"ring {number}")

    assert OrmQ.objects.count() == MOST_WAITING
    assert len(rung(broker)) == MOST_WAITING


def test_an_emptied_redis_goes_on(broker: DoorbellBroker, redis_server: RedisServer) -> None:
    broker.enqueue("lost")

    redis_server.flush()
    broker.enqueue("ring")

    assert rung(broker) == ["ring"]


def test_mode_redis_takes_no_jobs_while_redis_is_down(
    broker: DoorbellBroker, redis_server: RedisServer, settings: LazySettings
) -> None:
    settings.QUEUE_MODE = "redis"
    alice = make_user("alice")
    dispatch.submit(alice, make_upload(alice), DubSettings(target_language="es"))
    redis_server.kill()
    wait_until(lambda: state.current().is_degraded, "the loss is noticed")

    with pytest.raises(QueueUnavailable) as refusal:
        dispatch.submit(alice, make_upload(alice), DubSettings(target_language="es"))

    assert refusal.value.retry_after_s >= RECOVERY_S
    assert state.current().transport == Transport.NONE
    assert OrmQ.objects.count() == 0


def test_mode_fallback_never_asks_redis(
    broker: DoorbellBroker, redis_server: RedisServer, settings: LazySettings
) -> None:
    settings.QUEUE_MODE = "fallback"

    broker.enqueue("ring")

    assert in_redis(redis_server) == 0
    assert (state.current().transport, state.current().is_degraded) == (Transport.DATABASE, False)
    assert rung(broker) == ["ring"]
