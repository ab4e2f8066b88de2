"""Brings every kept file to what the keys now ask for: sealed under the current one, or in clear again.

Each file is one step that is whole or has not happened, so that this may be ended at any time and begun again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from django.db.models import Model, QuerySet

from library.models import Artifact
from pipeline.vault import reading, sealing
from pipeline.vault.keys import KeyRing
from uploads import storage
from uploads.models import Upload, UploadState
from uploads.storage import Stored

BATCH = 500
Row = TypeVar("Row", bound=Model)


class Step(StrEnum):
    NONE = "as it should be"
    SEAL = "to seal"
    REWRAP = "to give the current key"
    UNSEAL = "to open"
    MISSING = "missing"
    FAILED = "not done"


@dataclass(frozen=True, slots=True)
class Kept:
    """A file and how large its plaintext is."""

    stored: Stored
    size_bytes: int


def kept_files() -> Iterator[Kept]:
    """Of ready uploads and of dubs."""
    for upload in _in_batches(Upload.objects.filter(state=UploadState.READY)):
        yield Kept(upload.stored, upload.size_bytes)
    for artifact in _in_batches(Artifact.objects.select_related("dub")):
        yield Kept(artifact.stored, artifact.size_bytes)


def _in_batches(rows: QuerySet[Row]) -> Iterator[Row]:
    """Each read at once: a query kept open for hours would keep the database from tidying up."""
    batch = list(rows.order_by("pk")[:BATCH])
    while batch:
        yield from batch
        batch = list(rows.filter(pk__gt=batch[-1].pk).order_by("pk")[:BATCH])


def step_for(stored: Stored, target: KeyRing | None) -> Step:
    """What is to be done so that the file is sealed under the target's current key, or in clear where that is None.

    Raises KeyMissing, FileDamaged, StorageError.
    """
    try:
        if not storage.is_sealed(stored):
            return Step.NONE if target is None else Step.SEAL
        if target is None:
            return Step.UNSEAL
        with storage.reported(stored):
            header = reading.header_of(stored.path, stored.object_id, storage.key_ring())
    except FileNotFoundError:
        return Step.MISSING
    return Step.NONE if header.key_id == target.current.id and header.is_alone else Step.REWRAP


def carry_out(stored: Stored, target: KeyRing | None) -> Step:
    """Does it; the step that was done. Raises FileInUse, KeyMissing, FileDamaged, DiskFull, StorageError."""
    step = step_for(stored, target)
    with storage.reported(stored):
        if step is Step.SEAL and target is not None:
            sealing.seal_in_place(stored.path, stored.object_id, target)
        elif step is Step.REWRAP and target is not None:
            sealing.rewrap(stored.path, stored.object_id, target)
        elif step is Step.UNSEAL:
            sealing.unseal_in_place(stored.path, stored.object_id, storage.key_ring())
    return step
