"""Writes on the library: a finished dub's files become a dub."""

from __future__ import annotations

import math
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction

from accounts.models import User
from library.models import Artifact, ArtifactKind, Dub
from pipeline.storage import sync
from uploads import storage

logger = structlog.get_logger(__name__)
ORPHANED_AFTER = timedelta(hours=24)
CONTENT_TYPES = {
    ".mp4": "video/mp4",
    ".mkv": "video/x-matroska",
    ".m4a": "audio/mp4",
    ".mka": "audio/x-matroska",
    ".mp3": "audio/mpeg",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".wav": "audio/wav",
    ".srt": "application/x-subrip",
    ".vtt": "text/vtt",
    ".ass": "text/x-ass",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
}


@dataclass(frozen=True, slots=True)
class ReadyFile:
    """`sha256` was taken where the file was made, so that nothing long is left to do when it is moved."""

    path: Path
    sha256: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a dub stands in a series; an empty series is none."""

    series: str = ""
    season: int | None = None
    episode: int | None = None


@dataclass(frozen=True, slots=True)
class FinishedDub:
    """What a job hands over: files by kind in a folder the library may move from."""

    owner: User
    job_id: UUID
    title: str
    source_language: str
    target_language: str
    duration_s: float | None
    files: Mapping[str, ReadyFile]


def publish(finished: FinishedDub, *, in_same_transaction: Callable[[], Place]) -> Dub:
    """Moves the files into the library and records them, together with whatever the caller commits with it.

    `in_same_transaction` tells the dub's place as it is then: somebody may change it while the files are moved.
    An earlier dub of the same job is replaced. Files are moved before the transaction; when it fails, none of them
    stays in the library, and when nobody knows whether its commit succeeded, they stay until `remove_orphans` knows.
    Files of kinds the library does not know are left where they are.
    """
    dub = Dub(
        id=uuid.uuid4(),
        owner=finished.owner,
        job_id=finished.job_id,
        title=finished.title,
        source_language=finished.source_language,
        target_language=finished.target_language,
        duration_s=finished.duration_s,
    )
    dub.folder.mkdir(mode=0o750, parents=True)
    with _removed_on_failure(dub.folder):
        known = {kind: file for kind, file in finished.files.items() if kind in ArtifactKind.values}
        artifacts = [_move(dub, ArtifactKind(kind), file) for kind, file in known.items()]
        for path in (*(artifact.path for artifact in artifacts), dub.folder, dub.folder.parent):
            sync(path)  # a row that outlives a power failure must find its files
    with transaction.atomic(), _removed_on_failure(dub.folder):  # not that of the commit, which comes after it
        place = in_same_transaction()
        dub.series, dub.season, dub.episode = place.series, place.season, place.episode
        for earlier in Dub.objects.filter(job_id=dub.job_id):
            # Made again it is still what a moderator took down.
            dub.taken_down_at, dub.taken_down_reason = earlier.taken_down_at, earlier.taken_down_reason
            remove(earlier.id)
        dub.save(force_insert=True)
        Artifact.objects.bulk_create(artifacts)
    logger.info("dub_published", dub_id=str(dub.id), job_id=str(dub.job_id), files=len(artifacts))
    return dub


def refile(job_id: UUID, place: Place) -> None:
    """Gives the dub of a job, where there is one, its place in a series."""
    Dub.objects.filter(job_id=job_id).update(**asdict(place))


@transaction.atomic
def remove(dub_id: UUID) -> None:
    """Removes a dub and its files; harmless when it is gone already."""
    dub = Dub.objects.select_for_update().filter(id=dub_id).first()
    if dub is None:
        return
    folder = dub.folder
    dub.delete()
    transaction.on_commit(lambda: shutil.rmtree(folder, ignore_errors=True))
    logger.info("dub_removed", dub_id=str(dub_id), job_id=str(dub.job_id))


def remove_orphans(*, now_s: float | None = None) -> int:
    """Removes folders that a hard stop left between moving files and recording them; the number removed."""
    root = Path(settings.MEDIA_ROOT) / "dubs"
    limit_s = (time.time() if now_s is None else now_s) - ORPHANED_AFTER.total_seconds()
    if not root.exists():
        return 0
    old = {folder.name: folder for folder in root.iterdir() if _changed_at_s(folder) < limit_s}
    known = {str(dub_id) for dub_id in Dub.objects.values_list("id", flat=True)}
    for name in old.keys() - known:
        shutil.rmtree(old[name], ignore_errors=True)
    return len(old.keys() - known)


@contextmanager
def _removed_on_failure(folder: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _changed_at_s(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except FileNotFoundError:  # its dub was removed meanwhile
        return math.inf


def _move(dub: Dub, kind: ArtifactKind, file: ReadyFile) -> Artifact:
    path = file.path
    suffix = path.suffix.lower() if path.suffix.lower() in CONTENT_TYPES else ""
    artifact = Artifact(
        dub=dub,
        kind=kind,
        name=_download_name(dub, kind, suffix),
        file_name=f"{kind.value}{suffix}",
        size_bytes=path.stat().st_size,
        sha256=file.sha256,
        content_type=CONTENT_TYPES.get(suffix, "application/octet-stream"),
    )
    artifact.is_sealed = storage.keep(path, artifact.stored)
    return artifact


def _download_name(dub: Dub, kind: ArtifactKind, suffix: str) -> str:
    """`talk.es.mp4`; kinds that are not the dub itself say what they are, as in `talk.en.original.srt`."""
    stem = Path(dub.title).stem or str(dub.id)
    parts = {
        ArtifactKind.SRT_SOURCE: dub.source_language or "original",
        ArtifactKind.VTT_SOURCE: dub.source_language or "original",
        ArtifactKind.ASS_SOURCE: dub.source_language or "original",
        ArtifactKind.REPORT: f"{dub.target_language}.report",
        ArtifactKind.TRANSCRIPT: f"{dub.target_language}.transcript",
        ArtifactKind.QA: f"{dub.target_language}.qa",
        ArtifactKind.SPEAKERS: f"{dub.target_language}.speakers",
        ArtifactKind.MANIFEST: f"{dub.target_language}.manifest",
        ArtifactKind.SUMMARY: f"{dub.target_language}.summary",
        ArtifactKind.LOG: f"{dub.target_language}.log",
    }
    return f"{stem[:180]}.{parts.get(kind, dub.target_language)}{suffix}"
