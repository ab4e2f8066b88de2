"""Shards: the units jobs are worked on in. A row is at once the outbox (it waits) and the lease (somebody holds it)."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from jobs.models.jobs import Job
from pipeline.progress import StageName


class ShardState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    CANCELED = "canceled", _("canceled")


class ShardKind(models.TextChoices):
    """A stage is one `stage` shard; where several workers help, a `split` and its `part` shards come before it."""

    SPLIT = "split", _("split")
    PART = "part", _("part")
    STAGE = "stage", _("stage")


class QueueClass(models.TextChoices):
    """What a shard keeps busy, and so which workers take it."""

    IO = "io", _("disk")
    CPU = "cpu", _("processor")
    GPU = "gpu", _("graphics card")


class Shard(models.Model):
    """One unit of work of a job. Writes made while working on it name its fencing token; a stale one is refused."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="shards")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")  # the job's
    stage = models.CharField(max_length=32, choices=[(stage.value, stage.value) for stage in StageName])
    kind = models.CharField(max_length=8, choices=ShardKind)
    part = models.PositiveIntegerField(default=0)
    parts = models.PositiveIntegerField(default=0)  # of the stage; 0 where nobody looked, 1 where it could not be split
    request = models.JSONField(default=dict, blank=True)  # what a part is about, as its split told
    queue = models.CharField(max_length=4, choices=QueueClass, default=QueueClass.CPU)
    state = models.CharField(max_length=8, choices=ShardState, default=ShardState.WAITING)
    priority = models.SmallIntegerField(default=0)  # the job's
    not_before = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)  # counted when it is claimed
    lease_owner = models.CharField(max_length=100, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    fencing_token = models.PositiveBigIntegerField(default=0)  # goes up with every claim
    rung_at = models.DateTimeField(null=True, blank=True)  # when a doorbell last said that it waits
    result = models.JSONField(default=dict, blank=True)
    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)  # of the newest attempt
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["job", "stage", "kind", "part"],
                condition=models.Q(state__in=["waiting", "running"]),
                name="jobs_shard_once",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "-priority", "owner", "id", "queue"], name="jobs_shard_claim"),
            models.Index(fields=["owner"], condition=models.Q(state="running"), name="jobs_shard_running"),
            models.Index(fields=["state", "lease_expires_at"], name="jobs_shard_lease"),
            models.Index(fields=["owner", "started_at"], name="jobs_shard_served"),
        ]

    def __str__(self) -> str:
        return f"{self.stage} {self.kind} {self.part}" if self.kind == ShardKind.PART else f"{self.stage} {self.kind}"
