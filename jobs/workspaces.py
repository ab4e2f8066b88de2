"""Where jobs keep unfinished work: a workspace that outlives attempts, and a folder for each attempt's results.

The workspace stays when the job has ended, so that it can be taken up again; retention removes it.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import structlog
from django.conf import settings

from jobs.models import Job, Shard
from jobs.services import Claim
from pipeline.errors import StorageError
from pipeline.progress import StageName
from pipeline.workspace import Workspace, forget_from

logger = structlog.get_logger(__name__)


def job_folder(job_id: UUID) -> Path:
    return Path(settings.WORK_ROOT) / str(job_id)


def workspace_of(job_id: UUID) -> Path:
    return job_folder(job_id) / "workspace"


def attempt_folder(claim: Claim) -> Path:
    """Named by shard and fencing token: a worker that lost its lease cannot touch its successor's results."""
    return job_folder(claim.job_id) / f"attempt-{claim.shard_id}-{claim.token}"


def prepare(shard: Shard, claim: Claim) -> None:
    """Makes the folders, and drops the results that are to be made again. Raises WorkspaceBusy."""
    attempt_folder(claim).mkdir(mode=0o750, parents=True, exist_ok=True)
    if "forget" in shard.request:
        forget_from(workspace_of(shard.job_id), StageName(shard.request["forget"]))


def tidy(job_id: UUID) -> None:
    """Removes half-written files, unless somebody still works there or the disk refuses: the next one does it then."""
    root = workspace_of(job_id)
    with suppress(StorageError):
        if root.exists():
            with Workspace(root):
                logger.debug("workspace_tidied", job_id=str(job_id))


def remove_attempt(claim: Claim) -> None:
    shutil.rmtree(attempt_folder(claim), ignore_errors=True)


def remove(job_id: UUID) -> None:
    shutil.rmtree(job_folder(job_id), ignore_errors=True)


def remove_stale() -> int:
    """Removes the folders of jobs that are gone, left by a hard stop; the number removed."""
    folders = {folder.name: folder for folder in Path(settings.WORK_ROOT).iterdir() if folder.is_dir()}
    known = {str(job_id) for job_id in Job.objects.values_list("id", flat=True)}
    for name in folders.keys() - known:
        shutil.rmtree(folders[name], ignore_errors=True)
    return len(folders.keys() - known)
