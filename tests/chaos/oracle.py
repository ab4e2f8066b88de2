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

OPEN = (JobState.QUEUED, JobState.RUNNING, JobState.PAUSED)
ASKED_AT_ONCE = 100
ENDED = (ShardState.DONE, ShardState.FAILED, ShardState.CANCELED)


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
            verdict.lost.append(f"{job_id} {job.name} is still {job.state}{_why_open(job)}")
    for job in jobs.values():
        _judge_output(job, dubs.get(job.id), verdict)
    _judge_events(verdict)
    _judge_shards(verdict)
    verdict.stale += stale_writes(entries)
    return verdict


def are_over(submitted: Sequence[UUID]) -> bool:
    """Asks for the newest first: with thousands, that tells at once for nearly all the time."""
    for end in range(len(submitted), 0, -ASKED_AT_ONCE):
        if Job.objects.filter(state__in=OPEN, id__in=submitted[max(0, end - ASKED_AT_ONCE) : end]).exists():
            return False
    return True


def stale_writes(entries: Iterable[Entry]) -> list[str]:
    """Acts of a runner after the next holder of the same work had begun: with a later token, or in a later round."""
    newest: dict[tuple[str, ...], tuple[int, int]] = {}
    found = []
    for entry in entries:
        work = (entry.job, entry.stage) if entry.kind == ShardKind.STAGE else (entry.shard,)
        right = int(entry.shard), entry.token
        if right < newest.get(work, right) and entry.did != Did.BEGAN:
            found.append(f"{entry.stage} of {entry.job}: {right} {entry.did} after {newest[work]}")
        newest[work] = max(newest.get(work, right), right)
    return found


def executions(entries: Iterable[Entry]) -> dict[tuple[str, str, str], int]:
    """How often each shard was begun, by job, stage and number."""
    counts: dict[tuple[str, str, str], int] = defaultdict(int)
    for entry in entries:
        if entry.did == Did.BEGAN:
            counts[entry.job, entry.stage, entry.shard] += 1
    return counts


def _why_open(job: Job) -> str:
    if job.is_cancel_requested:
        return ", though its end was asked for"
    has_work = job.shards.filter(state__in=(ShardState.WAITING, ShardState.RUNNING)).exists()
    return "" if has_work else ", and nothing is left to do for it"


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
    state: dict[UUID, str] = {}
    rows = JobEvent.objects.order_by("job_id", "seq").values_list("job_id", "seq", "kind", "message", "data")
    for job_id, seq, kind, message, data in rows.iterator():
        if seq != last_seq[job_id] + 1:
            verdict.lost.append(f"{job_id}: event {last_seq[job_id] + 1} is missing")
        last_seq[job_id] = seq
        if kind == EventKind.STATE:
            if data["state"] == state.get(job_id) == JobState.DONE:
                verdict.doubled.append(f"{job_id} was done twice in a row")
            state[job_id] = data["state"]
        if message.startswith("held "):
            _word, shard, token = message.split()
            if int(token) < newest[job_id, shard]:
                verdict.stale.append(f"{job_id}: event {seq} of token {token} after {newest[job_id, shard]}")
            newest[job_id, shard] = max(newest[job_id, shard], int(token))


def _judge_shards(verdict: Verdict) -> None:
    """Every stage joined once, and nothing left to do for a job that ended."""
    stages: dict[tuple[UUID, str], int] = defaultdict(int)
    rows = Shard.objects.values_list("job_id", "job__state", "stage", "kind", "state")
    for job_id, job_state, stage, kind, state in rows.iterator():
        if kind == ShardKind.STAGE:
            stages[job_id, stage] += 1
        if job_state in (JobState.DONE, JobState.FAILED, JobState.CANCELED) and state not in ENDED:
            verdict.lost.append(f"{job_id} is {job_state} and its {stage} {kind} is {state}")
    verdict.doubled += [
        f"{job_id}: {count} shards for the stage {stage}" for (job_id, stage), count in stages.items() if count > 1
    ]
