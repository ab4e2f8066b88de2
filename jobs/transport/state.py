"""Which transport this process rings through, and whether that is less than what was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jobs.transport import health

_started = timezone.now()


class Transport(models.TextChoices):
    REDIS = "redis", _("Redis")
    DATABASE = "database", _("the database")
    NONE = "none", _("nothing")


@dataclass(frozen=True, slots=True)
class TransportState:
    mode: str  # QUEUE_MODE
    transport: Transport
    since: datetime
    is_degraded: bool  # Redis is configured, wanted and not used


def current() -> TransportState:
    """Looks at Redis when nobody in this process did yet, for at most a second."""
    if not health.is_configured():
        return TransportState(settings.QUEUE_MODE, Transport.DATABASE, _started, is_degraded=False)
    seen = health.health()
    if seen.is_good:
        return TransportState(settings.QUEUE_MODE, Transport.REDIS, seen.since, is_degraded=False)
    without = Transport.NONE if settings.QUEUE_MODE == "redis" else Transport.DATABASE
    return TransportState(settings.QUEUE_MODE, without, seen.since, is_degraded=True)
