"""The queue at a glance, and putting a job back into it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from jobs import dispatch
from jobs.errors import JobStateError
from jobs.models import Job, Worker
from jobs.transport.overview import Overview, overview
from jobs.transport.state import TransportState


class Command(BaseCommand):
    help = "Show the queue (status), or take an unfinished job from its worker and queue it again (requeue JOB)."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("status", help="what waits, what runs, who works, and what wakes them")
        requeue = actions.add_parser(
            "requeue", help="take an unfinished job from its worker and queue it again, on its owner's behalf"
        )
        requeue.add_argument("job", type=UUID)

    def handle(self, *, action: str, job: UUID | None = None, **options: Any) -> None:
        if action == "status":
            self.stdout.write(report(overview(now=timezone.now())))
        elif job is not None:
            self._requeue(job)

    def _requeue(self, job_id: UUID) -> None:
        try:
            found = Job.objects.select_related("owner").get(id=job_id)
            job = dispatch.requeue(found, by=found.owner)
        except Job.DoesNotExist as error:
            raise CommandError(f"there is no job {job_id}") from error
        except JobStateError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{job.name}: {job.state}")


def report(seen: Overview) -> str:
    lines = [_transport(seen.transport), f"doorbells not answered yet: {seen.doorbells}"]
    if seen.oldest_waiting_s is not None:
        lines.append(f"longest waiting: {seen.oldest_waiting_s:.0f} s")
    lines += ["", f"{'queue':<8}{'waiting':>9}{'running':>9}{'slots':>9}"]
    lines += [f"{each.queue:<8}{each.waiting:>9}{each.running:>9}{each.slots:>9}" for each in seen.queues]
    lines += ["", "workers:" if seen.workers else "workers: none; start one with manage.py worker"]
    return "\n".join([*lines, *map(_worker, seen.workers)])


def _transport(state: TransportState) -> str:
    degraded = ", degraded: Redis is not used" if state.is_degraded else ""
    return f"mode {state.mode}, woken through {state.transport.label}{degraded}"


def _worker(worker: Worker) -> str:
    queues = ", ".join(worker.queues)
    return (
        f"  {worker}  {queues}  {worker.busy} of {worker.slots} busy  "
        f"woken through {worker.transport} since {worker.transport_since:%Y-%m-%d %H:%M:%S}  "
        f"up since {worker.started_at:%Y-%m-%d %H:%M:%S}"
    )
