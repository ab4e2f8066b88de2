"""Where jobs keep unfinished work: a workspace that survives attempts, and a folder for each attempt's results."""

from __future__ import annotations

import shutil
from pathlib import Path
from uuid import UUID

from django.conf import settings

from jobs.models import FINAL_STATES, Job
from jobs.services import Claim


def attempt_folder(claim: Claim) -> Path:
    """Named by shard and fencing token, so that a worker that lost its lease cannot touch its successor's results."""
    return job_folder(claim.job_id) / f"attempt-{claim.shard_id}-{claim.token}"


def job_folder(job_id: UUID) -> Path:
    return Path(settings.WORK_ROOT) / str(job_id)


def remove(job_id: UUID) -> None:
    shutil.rmtree(job_folder(job_id), ignore_errors=True)


def remove_stale() -> int:
    """Removes the folders of jobs that ended or are gone, left by a hard stop; the number removed."""
    folders = {folder.name: folder for folder in Path(settings.WORK_ROOT).iterdir() if folder.is_dir()}
    unfinished = Job.objects.exclude(state__in=FINAL_STATES)
    live = {str(job_id) for job_id in unfinished.values_list("id", flat=True)}
    for name in folders.keys() - live:
        shutil.rmtree(folders[name], ignore_errors=True)
    return len(folders.keys() - live)
