"""Jobs and their stages as people see them. States change only through `jobs.services.transition`."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from jobs.models.projects import Project
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
    """A dub asked for. Who works on it, and since when, is written on its shards."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="jobs")
    upload = models.ForeignKey(Upload, on_delete=models.PROTECT, related_name="jobs")
    name = models.CharField(max_length=255)
    settings = models.JSONField()  # pipeline.settings.DubSettings.to_json()
    state = models.CharField(max_length=16, choices=JobState, default=JobState.QUEUED)
    priority = models.SmallIntegerField(default=0)  # higher runs first
    pinned = models.BooleanField(default=False)  # retention leaves it and its files alone
    project = models.ForeignKey(Project, on_delete=models.SET_NULL, null=True, blank=True, related_name="jobs")
    series = models.CharField(max_length=200, blank=True)
    season = models.PositiveSmallIntegerField(null=True, blank=True)
    episode = models.PositiveSmallIntegerField(null=True, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
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
            models.Index(fields=["state", "owner", "created_at"], name="jobs_job_state"),
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
    def attempts(self) -> int:
        """How often the shard that gave most trouble was started."""
        return max((shard.attempts for shard in self.shards.all()), default=0)

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
