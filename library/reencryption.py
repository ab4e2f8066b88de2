"""Brings every kept file to what the keys now ask for: sealed under the current one, or in clear again.

Each file is one step that is whole or has not happened, so that this may be ended at any time and begun again.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from django.db import connection
from django.db.models import Model, QuerySet

from library.models import Artifact
from pipeline.errors import FileDamaged, FileInUse
from pipeline.storage import remove_partial
from pipeline.vault import reading, sealing
from pipeline.vault.keys import KeyRing
from uploads import storage
from uploads.models import KeptFile, Upload, UploadState
from uploads.storage import Stored

BATCH = 500
LOCK_NAME = "reencrypt.lock"
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
    """A file, how large its plaintext is, and the row that remembers it."""

    stored: Stored
    size_bytes: int
    row: KeptFile


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Two at once might seal and open the same file, and forget which came last. Raises FileInUse, OSError."""
    lock = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise FileInUse("another `manage.py reencrypt` is running; wait until it has ended") from error
        yield
    finally:
        os.close(lock)


def kept_files() -> Iterator[Kept]:
    """Of ready uploads and of dubs."""
    for upload in _in_batches(Upload.objects.filter(state=UploadState.READY)):
        yield Kept(upload.stored, upload.size_bytes, upload)
    for artifact in _in_batches(Artifact.objects.select_related("dub")):
        yield Kept(artifact.stored, artifact.size_bytes, artifact)


def _in_batches(rows: QuerySet[Row]) -> Iterator[Row]:
    """Each read at once: a query kept open for hours would keep the database from tidying up."""
    batch = list(rows.order_by("pk")[:BATCH])
    while batch:
        yield from batch
        batch = list(rows.filter(pk__gt=batch[-1].pk).order_by("pk")[:BATCH])


def forget_what_was_sealed() -> None:
    """Before files are opened for good: from now on one in clear is as good as a sealed one."""
    if connection.vendor == "sqlite":  # whose commits a power failure may undo, while the opened files stay
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous=FULL")
    for model in (Upload, Artifact):
        model._default_manager.filter(is_sealed=True).update(is_sealed=False)


def step_for(kept: Kept, target: KeyRing | None) -> Step:
    """What is to be done so that the file is sealed under the target's current key, or in clear where that is None.

    Raises KeyMissing, FileDamaged, StorageError.
    """
    stored = kept.stored
    try:
        if not storage.is_sealed(stored):
            return Step.NONE if target is None else _step_for_plain(stored)
        if target is None:
            return Step.UNSEAL
        with storage.reported(stored):
            header = reading.header_of(stored.path, stored.object_id, storage.key_ring())
    except FileNotFoundError:
        return Step.MISSING
    return Step.NONE if header.key_id == target.current.id and header.is_alone else Step.REWRAP


def _step_for_plain(stored: Stored) -> Step:
    """Raises FileDamaged: to seal what somebody put there would make it ours."""
    with storage.reported(stored):
        if stored.was_sealed():
            raise FileDamaged(storage.NOT_SEALED)
    return Step.SEAL


def carry_out(kept: Kept, target: KeyRing | None) -> Step:
    """Does it; the step that was done. Raises FileInUse, KeyMissing, FileDamaged, DiskFull, StorageError."""
    step, stored = step_for(kept, target), kept.stored
    with storage.reported(stored):
        remove_partial(stored.path)  # what one that was killed left: of a ready file nobody else writes any
        if step is Step.SEAL and target is not None:
            sealing.seal_in_place(stored.path, stored.object_id, target)
        elif step is Step.REWRAP and target is not None:
            sealing.rewrap(stored.path, stored.object_id, target)
        elif step is Step.UNSEAL:
            _remember(kept.row, is_sealed=False)  # kept since all the marks were taken away
            sealing.unseal_in_place(stored.path, stored.object_id, storage.key_ring())
    if target is not None and step is not Step.MISSING:
        _remember(kept.row, is_sealed=True)
    return step


def _remember(row: KeptFile, *, is_sealed: bool) -> None:
    if row.is_sealed != is_sealed:
        type(row)._default_manager.filter(pk=row.pk).update(is_sealed=is_sealed)
