"""Files people brought."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class UploadState(models.TextChoices):
    READY = "ready", _("ready")
    REMOVED = "removed", _("removed")  # its file was given up; the row tells what jobs were made from


class Upload(models.Model):
    """One received media file. `name` is what its owner calls it and never becomes part of a path."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="uploads")
    name = models.CharField(max_length=255)
    size_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    media = models.JSONField(default=dict)  # pipeline.media.probe.MediaFacts.to_json()
    state = models.CharField(max_length=16, choices=UploadState, default=UploadState.READY)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]
        indexes: ClassVar = [models.Index(fields=["owner", "-created_at"])]

    def __str__(self) -> str:
        return self.name

    @property
    def folder(self) -> Path:
        return Path(settings.MEDIA_ROOT) / "uploads" / str(self.id)

    @property
    def source_path(self) -> Path:
        return self.folder / "source"
