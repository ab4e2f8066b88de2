"""Finished dubs and their files."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from uploads.models import KeptFile
from uploads.storage import Stored


class Dub(models.Model):
    """A finished dub. `job_id` is a plain id: jobs know the library, the library does not know jobs."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="dubs")
    job_id = models.UUIDField(unique=True)
    title = models.CharField(max_length=255)
    source_language = models.CharField(max_length=35, blank=True)
    target_language = models.CharField(max_length=35)
    duration_s = models.FloatField(null=True, blank=True)
    series = models.CharField(max_length=200, blank=True)
    season = models.PositiveSmallIntegerField(null=True, blank=True)
    episode = models.PositiveSmallIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    taken_down_at = models.DateTimeField(_("taken down"), null=True, blank=True)
    taken_down_reason = models.CharField(_("why"), max_length=500, blank=True, default="")  # its owner reads it

    class Meta:
        ordering: ClassVar = ["-created_at"]
        indexes: ClassVar = [
            models.Index(fields=["owner", "-created_at"]),
            models.Index(fields=["owner", "series", "season", "episode"], name="library_dub_series"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_taken_down(self) -> bool:
        return self.taken_down_at is not None

    @property
    def folder(self) -> Path:
        return Path(settings.MEDIA_ROOT) / "dubs" / str(self.id)


class ArtifactKind(models.TextChoices):
    MP4 = "mp4", _("Video (MP4)")
    MKV = "mkv", _("Video (MKV)")
    AUDIO = "audio", _("Audio")
    MKA = "mka", _("Audio (MKA)")
    REPORT = "report", _("Quality report")
    SRT_SOURCE = "srt_source", _("Original subtitles (SRT)")
    VTT_SOURCE = "vtt_source", _("Original subtitles (VTT)")
    SRT_TARGET = "srt_target", _("Translated subtitles (SRT)")
    VTT_TARGET = "vtt_target", _("Translated subtitles (VTT)")
    ASS_SOURCE = "ass_source", _("Original subtitles (ASS)")
    ASS_TARGET = "ass_target", _("Translated subtitles (ASS)")
    TRANSCRIPT = "transcript", _("Transcript")
    QA = "qa", _("Quality figures")
    SPEAKERS = "speakers", _("Speakers")
    MANIFEST = "manifest", _("Manifest")
    SUMMARY = "summary", _("Summary")
    LOG = "log", _("Log")


class Artifact(KeptFile):
    """One file of a dub. On disk it is named `kind` and its extension; `name` is what a download is called."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dub = models.ForeignKey(Dub, on_delete=models.CASCADE, related_name="artifacts")
    kind = models.CharField(max_length=16, choices=ArtifactKind)
    name = models.CharField(max_length=255)
    file_name = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    content_type = models.CharField(max_length=100)

    class Meta:
        ordering: ClassVar = ["kind"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["dub", "kind"], name="library_artifact_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> Path:
        return self.dub.folder / self.file_name

    @property
    def stored(self) -> Stored:
        return Stored(self.path, f"dub/{self.dub_id}/{self.kind}", self.was_sealed)
