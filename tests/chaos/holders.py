"""Who works on a shard right now: the worker's process and its runner's, found by the lease and the side log."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from jobs.models import Shard, ShardKind, ShardState
from tests.chaos.side_log import Did
from tests.chaos.site import Site
from tests.chaos.waiting import wait_until

AT_WORK_WITHIN_S = 30


@dataclass(frozen=True, slots=True)
class Holder:
    shard: int
    token: int
    worker: int  # process id
    runner: int


def wait_for_holder(site: Site, job: UUID, stage: str, within_s: float = AT_WORK_WITHIN_S) -> Holder:
    """Waits until a runner has written something for the job's stage. Raises TookTooLong."""
    found: list[Holder] = []

    def is_found() -> bool:
        found[:] = [holder] if (holder := find_holder(site, job, stage)) else []
        return bool(found)

    wait_until(is_found, f"{stage} is worked on", within_s)
    return found[0]


def find_holder(site: Site, job: UUID, stage: str) -> Holder | None:
    at_work = Shard.objects.filter(job=job, stage=stage, state=ShardState.RUNNING)
    shard = at_work.exclude(kind=ShardKind.SPLIT).first()  # to divide a stage takes tiny runners no time
    if shard is None:
        return None
    mine = [
        entry
        for entry in site.entries()
        if (entry.shard, entry.token, entry.did) == (str(shard.pk), shard.fencing_token, Did.WROTE)
    ]
    worker = process_of(shard.lease_owner)
    return Holder(shard.pk, shard.fencing_token, worker, mine[-1].pid) if mine and worker else None


def process_of(lease_owner: str) -> int | None:
    """The process id in `host:pid…`."""
    number = lease_owner.partition(":")[2].partition(":")[0]
    return int(number) if number.isdigit() else None


def is_held_by_another(holder: Holder) -> bool:
    return Shard.objects.filter(pk=holder.shard, fencing_token__gt=holder.token).exists()
