"""What happened to a job, in order."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from jobs.models.jobs import Job


class EventKind(models.TextChoices):
    STAGE_STARTED = "stage_started"
    STAGE_PROGRESS = "stage_progress"
    STAGE_FINISHED = "stage_finished"
    LOG = "log"
    STATE = "state"


class JobEvent(models.Model):
    """One thing that happened, numbered per job without gaps. Rows are only ever added."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="events")
    seq = models.PositiveBigIntegerField()
    at = models.DateTimeField()
    kind = models.CharField(max_length=32, choices=EventKind)
    stage = models.CharField(max_length=32, blank=True)
    level = models.CharField(max_length=16, default="info")
    message = models.TextField(blank=True)
    data = models.JSONField(default=dict)

    class Meta:
        ordering: ClassVar = ["job", "seq"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["job", "seq"], name="jobs_event_seq")]

    def __str__(self) -> str:
        return f"{self.seq} {self.kind}"
