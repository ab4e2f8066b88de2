"""One user submits hundreds of jobs; others who submit one get the first free slot, and nobody more than the cap."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Min

from jobs.models import Job, Shard, ShardState
from tests.chaos import oracle
from tests.chaos.behaviours import Behaviour, Script
from tests.chaos.row import Outcome, Scale
from tests.chaos.site import Site
from tests.chaos.submitting import Submitted, submit
from tests.chaos.waiting import wait_until

SLOTS = 4
SHORT = Script(Behaviour.STEADY, "mix", 0.2)
LONG = Script(Behaviour.STEADY, "extract", 8.0)  # holds the slot that the flood may not have
IN_FLIGHT = timedelta(seconds=0.1)  # a claim that was being made when the other user's job was committed
ENDS_WITHIN_S = 1200.0


def run(site: Site, scale: Scale) -> Outcome:
    for _ in range(2):
        site.start("worker", WORKERS=str(SLOTS // 2))
    site.start("supervise")
    flood = [submit(SHORT, owner="alice").job for _ in range(scale.of(full=500, short=40))]
    wait_until(lambda: _running() == settings.MAX_RUNNING_JOBS_PER_USER, "the flood fills its cap", 60)
    bob = submit(LONG, owner="bob")
    wait_until(lambda: _has_begun(site, bob), "bob's job has begun", 60)
    carol = submit(SHORT, owner="carol")
    wait_until(lambda: _has_begun(site, carol), "carol's job has begun", 60)
    others = [bob, carol]
    jobs = [*flood, *(other.job for other in others)]
    wait_until(lambda: oracle.are_over(jobs), "every job ended", ENDS_WITHIN_S)
    return _outcome(site, jobs, others)


def _outcome(site: Site, jobs: list[UUID], others: list[Submitted]) -> Outcome:
    verdict = oracle.judge(site, jobs)
    spans = Job.objects.filter(owner__username="alice").values_list("started_at", "finished_at")
    most = most_at_once((began, ended) for began, ended in spans if began and ended)
    before = {name: _begun_before(other) for name, other in zip(("bob", "carol"), others, strict=True)}
    cap = settings.MAX_RUNNING_JOBS_PER_USER
    figure = (
        f"{len(jobs)} jobs, at most {most} of the flood at once (cap {cap}), other jobs' shards begun before "
        + " and ".join(f"{name}'s: {count}" for name, count in before.items())
        + f"; {verdict}"
    )
    return Outcome(
        most <= cap and not any(before.values()) and verdict.is_clean, figure, details=tuple(verdict.details())
    )


def most_at_once(spans: Iterable[tuple[datetime, datetime]]) -> int:
    """The most spans that overlap; one that ends when another begins does not."""
    changes = sorted(change for began, ended in spans for change in ((began, 1), (ended, -1)))
    running = most = 0
    for _at, change in changes:
        running += change
        most = max(most, running)
    return most


def _running() -> int:
    return Shard.objects.filter(state=ShardState.RUNNING).values("job").distinct().count()


def _has_begun(site: Site, submitted: Submitted) -> bool:
    return any(entry.job == str(submitted.job) for entry in site.entries())


def _begun_before(other: Submitted) -> int:
    """Shards of others that were claimed between the submission and its first; a slot's first runner starts later."""
    submitted_at = Job.objects.get(id=other.job).created_at
    first_at = Shard.objects.filter(job_id=other.job).aggregate(first=Min("started_at"))["first"]
    others = Shard.objects.exclude(job_id=other.job)
    return others.filter(started_at__gt=submitted_at + IN_FLIGHT, started_at__lt=first_at).count()
