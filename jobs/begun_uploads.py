"""Uploads that no dub was made of yet, as the page for a new dub shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from uploads.metadata import ClientFacts, pairs_of
from uploads.models import Upload, UploadState
from uploads.selectors import listed_uploads


@dataclass(frozen=True, slots=True)
class UnfinishedUpload:
    """`client_name` and `modified_ms` are as the browser said, to know the file again when it is chosen again."""

    id: UUID
    name: str
    client_name: str
    size_bytes: int
    received_bytes: int
    modified_ms: int | None
    expires_at: datetime | None
    is_import: bool

    @property
    def missing_bytes(self) -> int:
        return self.size_bytes - self.received_bytes


def unfinished_uploads(user: User) -> QuerySet[Upload]:
    """What is still on its way, last touched first."""
    return listed_uploads(user).filter(state=UploadState.RECEIVING).order_by("-updated_at", "id")


def idle_uploads(user: User) -> QuerySet[Upload]:
    """Whole files that no dub was made of yet, newest first."""
    return listed_uploads(user).filter(state=UploadState.READY, jobs__isnull=True).order_by("-created_at", "id")


def described(upload: Upload) -> UnfinishedUpload:
    facts = ClientFacts.from_json(upload.metadata)
    return UnfinishedUpload(
        id=upload.id,
        name=upload.name,
        client_name=pairs_of(facts.tus_metadata).get("filename", upload.name),
        size_bytes=upload.size_bytes,
        received_bytes=upload.received_bytes,
        modified_ms=facts.last_modified_ms,
        expires_at=upload.expires_at,
        is_import=hasattr(upload, "imported"),
    )
