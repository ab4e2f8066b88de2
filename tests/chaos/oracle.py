"""Says whether something was lost, doubled or written by somebody who no longer might: the database against the side
log and the files.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from jobs.models import EventKind, Job, JobEvent, JobState, Shard, ShardKind, ShardState
from library.models import Dub
from tests.chaos.side_log import Did, Entry
from tests.chaos.site import Site

DONE_IN_DATABASE = (ShardState.DONE, ShardState.FAILED, ShardState.CANCELED)


@dataclass(slots=True)
class Verdict:
    """Each list names what went wrong; all empty is what was promised."""

    lost: list[str] = field(default_factory=list)  # submitted, and neither ended nor there
    doubled: list[str] = field(default_factory=list)  # ended, joined or published twice
    stale: list[str] = field(default_factory=list)  # written with an old token after a newer one was given
    half: list[str] = field(default_factory=list)  # an output that is not whole, or of a job that is not done

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.doubled or self.stale or self.half)

    def __str__(self) -> str:
        kinds = {"lost": self.lost, "doubled": self.doubled, "stale writes": self.stale, "half outputs": self.half}
        return ", ".join(f"{len(found)} {kind}" for kind, found in kinds.items())

    def details(self) -> list[str]:
        return [*self.lost, *self.doubled, *self.stale, *self.half]


def judge(site: Site, submitted: Sequence[UUID]) -> Verdict:
    """Call it when everything should have ended."""
    verdict = Verdict()
    jobs = {job.id: job for job in Job.objects.all()}
    dubs = {dub.job_id: dub for dub in Dub.objects.prefetch_related("artifacts")}
    entries = site.entries()
    for job_id in submitted:
        job = jobs.get(job_id)
        if job is None:
            verdict.lost.append(f"{job_id} is not in the database")
        elif not job.is_final:
            verdict.lost.append(f"{job_id} {job.name} is still {job.state}")
    for job in jobs.values():
        _judge_output(job, dubs.get(job.id), verdict)
    _judge_events(verdict)
    _judge_shards(verdict)
    verdict.stale += stale_writes(entries)
    return verdict


def are_over(submitted: Iterable[UUID]) -> bool:
    wanted = list(submitted)
    open_states = (JobState.QUEUED, JobState.RUNNING)
    return not Job.objects.filter(state__in=open_states, id__in=wanted).exists()


def stale_writes(entries: Iterable[Entry]) -> list[str]:
    """Acts of a runner after the same shard's next holder had begun."""
    newest: dict[str, int] = {}
    found = []
    for entry in entries:
        if entry.token < newest.get(entry.shard, 0) and entry.did != Did.BEGAN:
            found.append(f"{entry.stage} of {entry.job}: token {entry.token} {entry.did} after {newest[entry.shard]}")
        newest[entry.shard] = max(newest.get(entry.shard, 0), entry.token)
    return found


def executions(entries: Iterable[Entry]) -> dict[tuple[str, str], int]:
    """How often each stage of each job was begun."""
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for entry in entries:
        if entry.did == Did.BEGAN:
            counts[entry.job, entry.stage] += 1
    return counts


def _judge_output(job: Job, dub: Dub | None, verdict: Verdict) -> None:
    if (dub is not None) != (job.state == JobState.DONE):
        verdict.half.append(f"{job.id} is {job.state} and {'has' if dub else 'has no'} dub")
        return
    if dub is None:
        return
    for artifact in dub.artifacts.all():
        if not artifact.path.is_file() or artifact.path.stat().st_size != artifact.size_bytes:
            verdict.half.append(f"{job.id}: {artifact.file_name} is not what is recorded")


def _judge_events(verdict: Verdict) -> None:
    """Numbered without gaps, ended at most once, and never told by an old holder after a newer one."""
    last_seq: dict[UUID, int] = defaultdict(int)
    newest: dict[tuple[UUID, str], int] = defaultdict(int)
    ended: dict[UUID, int] = defaultdict(int)
    rows = JobEvent.objects.order_by("job_id", "seq").values_list("job_id", "seq", "kind", "message", "data")
    for job_id, seq, kind, message, data in rows.iterator():
        if seq != last_seq[job_id] + 1:
            verdict.lost.append(f"{job_id}: event {last_seq[job_id] + 1} is missing")
        last_seq[job_id] = seq
        if kind == EventKind.STATE and data.get("state") == JobState.DONE:
            ended[job_id] += 1
        if message.startswith("held "):
            _word, shard, token = message.split()
            if int(token) < newest[job_id, shard]:
                verdict.stale.append(f"{job_id}: event {seq} of token {token} after {newest[job_id, shard]}")
            newest[job_id, shard] = max(newest[job_id, shard], int(token))
    verdict.doubled += [f"{job_id} was done {count} times" for job_id, count in ended.items() if count > 1]


def _judge_shards(verdict: Verdict) -> None:
    """Every stage joined once, and nothing left to do for a job that ended."""
    stages: dict[tuple[UUID, str], int] = defaultdict(int)
    rows = Shard.objects.values_list("job_id", "job__state", "stage", "kind", "state")
    for job_id, job_state, stage, kind, state in rows.iterator():
        if kind == ShardKind.STAGE:
            stages[job_id, stage] += 1
        if job_state in (JobState.DONE, JobState.FAILED, JobState.CANCELED) and state not in DONE_IN_DATABASE:
            verdict.lost.append(f"{job_id} is {job_state} and its {stage} {kind} is {state}")
    verdict.doubled += [
        f"{job_id}: {count} shards for the stage {stage}" for (job_id, stage), count in stages.items() if count > 1
    ]
