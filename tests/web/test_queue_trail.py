"""The audit trail tells when the queue fell back to the database, and when Redis was used again: once each."""

from __future__ import annotations

import pytest
from django.conf import LazySettings

from accounts.audit.recording import Action
from accounts.models import AuditEntry
from jobs.transport import health, state
from jobs.transport.trail import TransportTrail
from tests.servers import RedisServer
from tests.web.conftest import wait_until

pytestmark = pytest.mark.django_db


def test_falling_back_and_recovering_are_recorded(redis_server: RedisServer, settings: LazySettings) -> None:
    settings.REDIS_URL, settings.QUEUE_MODE, settings.QUEUE_CHECK_SECONDS = redis_server.url, "auto", 0.1
    settings.QUEUE_RECOVERY_CHECKS, settings.QUEUE_RECOVERY_SECONDS = 2, 0
    health.forget()
    trail = TransportTrail()
    trail.look()

    redis_server.kill()
    wait_until(lambda: state.current().is_degraded, "the loss is noticed")
    trail.look()
    trail.look()
    redis_server.start()
    wait_until(lambda: not state.current().is_degraded, "Redis is used again")
    trail.look()
    health.forget()

    told = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
    assert told == [Action.QUEUE_DEGRADED, Action.QUEUE_RECOVERED]


def test_a_site_without_redis_has_nothing_to_tell() -> None:
    TransportTrail().look()

    assert not AuditEntry.objects.exists()
