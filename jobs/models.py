"""Jobs, their stages and their events. States change only through `jobs.services.transition`."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from pipeline.settings import DubSettings
from uploads.models import Upload


class JobState(models.TextChoices):
    QUEUED = "queued", _("queued")
    RUNNING = "running", _("running")
    PAUSED = "paused", _("paused")
    NEEDS_REVIEW = "needs_review", _("needs review")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    CANCELED = "canceled", _("canceled")


FINAL_STATES = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELED})


class Job(models.Model):
    """A dub asked for. The row is also its lease: one worker at a time holds it, by `fencing_token`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="jobs")
    upload = models.ForeignKey(Upload, on_delete=models.PROTECT, related_name="jobs")
    name = models.CharField(max_length=255)
    settings = models.JSONField()  # pipeline.settings.DubSettings.to_json()
    state = models.CharField(max_length=16, choices=JobState, default=JobState.QUEUED)
    priority = models.SmallIntegerField(default=0)  # higher runs first
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_owner = models.CharField(max_length=100, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    fencing_token = models.PositiveBigIntegerField(default=0)
    rung_at = models.DateTimeField(null=True, blank=True)  # when a doorbell last said that this job waits
    last_seq = models.PositiveBigIntegerField(default=0)
    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.TextField(blank=True)
    summary = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]
        indexes: ClassVar = [
            models.Index(fields=["owner", "-created_at"]),
            models.Index(fields=["state", "-priority", "created_at"], name="jobs_job_claim"),
            models.Index(fields=["state", "lease_expires_at"], name="jobs_job_lease"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_final(self) -> bool:
        return self.state in FINAL_STATES

    @property
    def is_cancel_requested(self) -> bool:
        return self.cancel_requested_at is not None

    @property
    def dub_settings(self) -> DubSettings:
        return DubSettings.from_json(self.settings)


class StageState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")


class Stage(models.Model):
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="stages")
    name = models.CharField(max_length=32)
    position = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=16, choices=StageState, default=StageState.WAITING)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    duration_s = models.FloatField(null=True, blank=True)
    progress = models.FloatField(default=0.0)  # 0..1
    reused = models.BooleanField(default=False)  # an earlier attempt had done it
    last_line = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["job", "name"], name="jobs_stage_once")]

    def __str__(self) -> str:
        return self.name


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
