"""Files people brought, or are about to."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from uploads import ranges
from uploads.metadata import ClientFacts
from uploads.ranges import Ranges
from uploads.storage import Stored

CHUNK_BYTES = 8 * 1024**2  # what clients are told to send at a time


class UploadState(models.TextChoices):
    RECEIVING = "receiving", _("receiving")
    READY = "ready", _("ready")
    REMOVED = "removed", _("removed")  # its file was given up; the row tells what jobs were made from


class KeptFile(models.Model):
    """A row with a file that may be sealed. `is_sealed` is set after the file was sealed and cleared before it is
    opened for good (`library.reencryption`), so that a process may end between the two.
    """

    is_sealed = models.BooleanField(default=False)

    class Meta:
        abstract = True

    def was_sealed(self) -> bool:
        """Asked anew: a row that was read a while ago may have been cleared meanwhile."""
        return self.is_sealed and type(self)._default_manager.filter(pk=self.pk, is_sealed=True).exists()


class Upload(KeptFile):
    """One media file. `name` is what its owner calls it and never becomes part of a path."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="uploads")
    name = models.CharField(max_length=255)
    size_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64, blank=True, default="")  # "" while nobody asked for it
    media = models.JSONField(default=dict)  # pipeline.media.probe.MediaFacts.to_json()
    state = models.CharField(max_length=16, choices=UploadState, default=UploadState.READY)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(default=timezone.now)  # when its bytes or its state last changed
    # While it is received
    received = models.JSONField(default=list)  # uploads.ranges.to_json()
    received_bytes = models.PositiveBigIntegerField(default=0)
    chunk_bytes = models.PositiveBigIntegerField(default=CHUNK_BYTES)
    expires_at = models.DateTimeField(null=True, blank=True)
    expected_sha256 = models.CharField(max_length=64, blank=True, default="")
    writer = models.CharField(max_length=32, blank=True, default="")  # who asked last to write; see uploads.writers
    metadata = models.JSONField(default=dict)  # uploads.metadata.ClientFacts.to_json()
    # Concatenation
    is_partial = models.BooleanField(default=False)
    made_of = models.JSONField(default=list)  # ids of the partial uploads, in order

    class Meta:
        ordering: ClassVar = ["-created_at"]
        indexes: ClassVar = [
            models.Index(fields=["owner", "-created_at"]),
            models.Index(fields=["state", "expires_at"]),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def folder(self) -> Path:
        return ready_root() / str(self.id)

    @property
    def source_path(self) -> Path:
        return self.folder / "source"

    @property
    def stored(self) -> Stored:
        """Its file, ready."""
        return Stored(self.source_path, self._object_id, self.was_sealed)

    @property
    def stored_incoming(self) -> Stored:
        """Its file while it is received."""
        return Stored(self.incoming_folder / "source", self._object_id)

    @property
    def incoming_folder(self) -> Path:
        """Where it lies while it is received."""
        return incoming_root() / str(self.id)

    @property
    def _object_id(self) -> str:
        return f"upload/{self.id}"

    @property
    def client_facts(self) -> ClientFacts:
        return ClientFacts.from_json(self.metadata)

    @property
    def ranges(self) -> Ranges:
        """The bytes that are there, or were when it was complete."""
        return ranges.from_json(self.received) if self.state == UploadState.RECEIVING else ((0, self.size_bytes),)

    @property
    def is_whole(self) -> bool:
        return self.ranges == ((0, self.size_bytes),)


class ImportedFile(models.Model):
    """The file of this machine that an upload is filled from, and how it was when that began."""

    upload = models.OneToOneField(Upload, on_delete=models.CASCADE, primary_key=True, related_name="imported")
    path = models.TextField()  # as uploads.importing_folders has it
    modified_ns = models.BigIntegerField()
    inode = models.TextField()  # of 64 bits, which no database's integers take

    def __str__(self) -> str:
        return self.path


def incoming_root() -> Path:
    return Path(settings.MEDIA_ROOT) / "incoming"


def ready_root() -> Path:
    return Path(settings.MEDIA_ROOT) / "uploads"
