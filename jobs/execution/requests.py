"""What a runner is asked to do for a shard."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from jobs import workspaces
from jobs.models import Shard, ShardKind
from jobs.runner_process import Request
from jobs.services import Claim
from pipeline.progress import StageName


def request_for(shard: Shard, claim: Claim, source: Path) -> Request:
    """`source` is where the upload can be read."""
    job, is_split = shard.job, shard.kind == ShardKind.SPLIT
    return Request(
        id=f"{claim.shard_id}:{claim.token}",
        kind=shard.kind,
        stage=StageName(shard.stage),
        source=source,
        settings=job.dub_settings,
        output_dir=workspaces.attempt_folder(claim) / "output",
        workspace_dir=workspaces.workspace_of(job.id),
        name=job.upload.name,
        parts=shard.request["parts"] if is_split else 0,
        part_s=shard.request["part_s"] if is_split else 0.0,
        part=shard.request if shard.kind == ShardKind.PART else None,
        lease_s=settings.LEASE_SECONDS,
        memory_mib=settings.RUNNER_MEMORY_MIB,
    )
