"""Clusters of workers that are, or lately were, alive; for people, and for reckoning how much can run at once."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Worker(models.Model):
    """One `manage.py worker` with its slots. It signs again every HEARTBEAT_SECONDS and off when it ends in order."""

    name = models.CharField(max_length=32, unique=True)  # made anew at each start
    host = models.CharField(max_length=64)
    pid = models.PositiveIntegerField()
    queues = models.JSONField()  # QueueClass values
    slots = models.PositiveSmallIntegerField()
    busy = models.PositiveSmallIntegerField(default=0)  # slots that worked when it signed last
    transport = models.CharField(max_length=16)  # jobs.transport.state.Transport
    transport_since = models.DateTimeField()
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["host", "pid"]

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"
