"""Jobs that kill whoever works on them are given up after MAX_ATTEMPTS, with the reason, and the others are done."""

from __future__ import annotations

from uuid import UUID

from jobs.models import Job, JobState, Shard
from tests.chaos import oracle
from tests.chaos.behaviours import Behaviour, Script
from tests.chaos.row import Outcome, Scale
from tests.chaos.site import Site
from tests.chaos.submitting import submit
from tests.chaos.waiting import wait_until

STAGE = "synthesize"
POISON = {
    Behaviour.KILL_ITSELF: "jobs.runner_crashed",
    Behaviour.OUT_OF_MEMORY: "pipeline.out_of_memory",
    Behaviour.NATIVE_HANG: "jobs.stalled",
}
MAX_ATTEMPTS = 3
ENDS_WITHIN_S = 300


def run(site: Site, scale: Scale) -> Outcome:
    site.start("worker", WORKERS="3")
    site.start("supervise")
    each = scale.of(full=3, short=1)
    poison = {submit(Script(kind, STAGE), owner="mallory").job: kind for kind in POISON for _ in range(each)}
    good = [submit().job for _ in range(10 * each)]
    wait_until(lambda: oracle.are_over([*poison, *good]), "every job ended", ENDS_WITHIN_S)
    return _outcome(site, poison, good)


def _outcome(site: Site, poison: dict[UUID, Behaviour], good: list[UUID]) -> Outcome:
    verdict = oracle.judge(site, [*poison, *good])
    runs = oracle.executions(site.entries())
    wrong = []
    for job in Job.objects.filter(id__in=poison):
        kind = poison[job.id]
        count = sum(count for (of, stage, _shard), count in runs.items() if (of, stage) == (str(job.id), STAGE))
        if (job.state, job.error_code, count) != (JobState.FAILED, POISON[kind], MAX_ATTEMPTS):
            wrong.append(f"{kind}: {job.state} {job.error_code} after {count} runs ({job.error_message})")
    affected = Shard.objects.filter(job__in=good).exclude(attempts=1).values_list("job", flat=True)
    unaffected = Job.objects.filter(id__in=good, state=JobState.DONE).exclude(id__in=affected).count()
    figure = (
        f"{len(poison) - len(wrong)} of {len(poison)} quarantined after exactly {MAX_ATTEMPTS} runs with their reason, "
        f"{unaffected} of {len(good)} others done at the first attempt; {verdict}"
    )
    return Outcome(
        not wrong and unaffected == len(good) and verdict.is_clean, figure, details=(*wrong, *verdict.details())
    )
