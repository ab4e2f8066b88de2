"""Working on one claimed job: a runner child does the dub, its events are recorded, the lease is kept alive."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from jobs import claims, dispatch, drain, services, workspaces
from jobs.coalescing import Coalescer, event_of
from jobs.errors import LeaseLost
from jobs.models import Job, JobState, QueueClass, Shard, ShardState
from jobs.runner_process import RUNNER, Request, RunnerProcess
from jobs.services import Claim
from library.services import FinishedDub, publish
from pipeline.errors import Canceled, WorkspaceBusy

logger = structlog.get_logger(__name__)
TICK_S = 0.1
CANCEL_CHECK_EVERY_S = 0.4
SLOWEST_HASHING_BYTES_PER_S = 20_000_000


@dataclass(frozen=True, slots=True)
class Finished:
    """The runner's result: where each artifact is, and the dub's summary."""

    artifacts: dict[str, Path]
    summary: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Refused:
    """The dub cannot be made: trying again would end the same way."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Broke:
    """The runner crashed or hung: another attempt, which reuses what is done, may succeed."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """Somebody asked for the end: the user (`canceled`) or the worker's operator (`drained`)."""

    by_user: bool


Outcome = Finished | Refused | Broke | Stopped


def run_claimed(claim: Claim, *, command: Sequence[str] = RUNNER) -> None:
    """Works on the shard until it ends, is canceled, or the worker drains. Errors of the dub become its job's state."""
    shard = Shard.objects.select_related("job__upload", "job__owner").get(id=claim.shard_id)
    job = shard.job
    attempt = workspaces.attempt_folder(claim)
    attempt.mkdir(mode=0o750, parents=True, exist_ok=True)
    with structlog.contextvars.bound_contextvars(job_id=str(job.id), user_id=str(job.owner_id)):
        logger.info("job_started", attempt=shard.attempts, upload_id=str(job.upload_id))
        try:
            with override(settings.LANGUAGE_CODE):
                outcome = _Run(job, claim, attempt, command).outcome()
                _settle(shard, claim, outcome)
        except LeaseLost:
            logger.warning("lease_lost", token=claim.token)
            return
        logger.info("job_left", outcome=type(outcome).__name__.lower())


class _Run:
    """One attempt, followed in ticks."""

    def __init__(self, job: Job, claim: Claim, attempt: Path, command: Sequence[str]) -> None:
        self._claim = claim
        self._coalescer = Coalescer()
        self._due_s: dict[str, float] = {}
        self._heard_s = time.monotonic()
        request = Request(
            id=f"{claim.shard_id}:{claim.token}",
            source=job.upload.source_path,
            settings=job.dub_settings,
            output_dir=attempt / "output",
            workspace_dir=workspaces.job_folder(job.id) / "workspace",
            name=job.upload.name,
        )
        self._runner = RunnerProcess(request, attempt / "stderr", command)

    def outcome(self) -> Outcome:
        """Raises LeaseLost; the runner has ended in any case."""
        with self._runner as runner:
            while True:
                has_ended = runner.has_ended  # asked first: what it said before the end is then in `messages`
                answer = self._hear()
                self._write()
                if answer is not None:
                    return answer
                if has_ended:
                    return self._crashed()
                stop = self._look_around()
                if stop is not None:
                    return stop
                runner.wait(TICK_S)

    def _hear(self) -> Outcome | None:
        for message in self._runner.messages():
            self._heard_s = time.monotonic()
            answer = answer_of(message)
            if answer is not None:
                return answer
            event = event_of(message)
            if event is None:
                logger.warning("runner_message_unusable", kind=str(message.get("kind"))[:40])
            else:
                self._coalescer.add(event)
        return None

    def _write(self) -> None:
        events = self._coalescer.take(time.monotonic())
        if events:
            services.record(self._claim, events)

    def _look_around(self) -> Outcome | None:
        """Heartbeat, cancellation, drain, stall."""
        if self._is_due("heartbeat", settings.HEARTBEAT_SECONDS):
            claims.renew(self._claim, now=timezone.now())
        if self._is_due("wishes", CANCEL_CHECK_EVERY_S) and claims.wishes(self._claim).is_canceled:
            return Stopped(by_user=True)
        if drain.is_requested():
            return Stopped(by_user=False)
        if time.monotonic() - self._heard_s > settings.STALL_SECONDS:
            logger.error("runner_stalled", silent_s=settings.STALL_SECONDS, stderr=self._runner.last_words())
            return Broke("jobs.stalled", _("The dubbing process stopped responding and was ended."))
        return None

    def _is_due(self, what: str, every_s: float) -> bool:
        now_s = time.monotonic()
        if now_s < self._due_s.get(what, 0.0):
            return False
        self._due_s[what] = now_s + every_s
        return True

    def _crashed(self) -> Broke:
        status = self._runner.exit_status()
        logger.error("runner_crashed", exit_status=status, stderr=self._runner.last_words())
        return Broke(
            "jobs.runner_crashed",
            _("The dubbing process ended unexpectedly (status %(status)s).") % {"status": status},
        )


def answer_of(message: dict[str, Any]) -> Outcome | None:
    """The outcome a `result` or `error` message tells; None for events."""
    data = message.get("data")
    if message["kind"] == "result":
        return _finished(data)
    if message["kind"] == "error":
        code = str(data.get("code") or "error") if isinstance(data, dict) else "error"
        text = str(message.get("message") or code)
        # A cancellation that nobody here asked for, and a workspace whose last user is about to be ended.
        return Broke(code, text) if code in (Canceled.code, WorkspaceBusy.code) else Refused(code, text)
    return None


def _finished(data: object) -> Finished | Broke:
    match data:
        case {"artifacts": dict(paths), "summary": dict(summary)}:
            artifacts = {str(kind): Path(str(path)) for kind, path in paths.items()}
            if artifacts and all(path.is_file() for path in artifacts.values()):
                return Finished(artifacts, summary)
    return Broke("jobs.result_unusable", _("The dubbing process gave no usable result."))


def _settle(shard: Shard, claim: Claim, outcome: Outcome) -> None:
    """Writes the outcome down. Raises LeaseLost."""
    match outcome:
        case Finished():
            _publish(shard.job, claim, outcome)
        case Stopped(by_user=True):
            _end(claim, JobState.CANCELED, ("", ""))
        case Stopped(by_user=False):
            claims.give_back(claim, _("The worker stops; the job waits again."))
            return
        case Broke() if shard.attempts < settings.MAX_ATTEMPTS:
            _queue_again(claim, outcome.message)
            return
        case Refused() | Broke():
            _end(claim, JobState.FAILED, (outcome.code, outcome.message))
    workspaces.remove(shard.job_id)


@transaction.atomic
def _end(claim: Claim, state: JobState, error: tuple[str, str]) -> None:
    services.held(claim)
    services.transition(claim.job_id, state, error=error)


@transaction.atomic
def _queue_again(claim: Claim, message: str) -> None:
    shard = services.held(claim)
    claims.wait_again(shard, _("%(reason)s Trying again.") % {"reason": message})
    dispatch.ring(QueueClass(shard.queue))


def _publish(job: Job, claim: Claim, finished: Finished) -> None:
    wanted = job.dub_settings

    def finish_job() -> None:
        shard = services.held(claim)
        shard.job.summary = finished.summary
        shard.job.save(update_fields=["summary"])
        shard.state, shard.finished_at = ShardState.DONE, timezone.now()
        shard.lease_owner, shard.lease_expires_at = "", None
        shard.save()
        services.transition(job.id, JobState.DONE)

    # Hashing a long film takes a while; the lease must outlast it.
    claims.renew(claim, now=timezone.now() + timedelta(seconds=_hashing_time_s(finished)))
    publish(
        FinishedDub(
            owner=job.owner,
            job_id=job.id,
            title=job.name,
            source_language=finished.summary["languages"]["source"],
            target_language=wanted.target_language,
            duration_s=job.upload.media.get("duration_s"),
            files=finished.artifacts,
        ),
        in_same_transaction=finish_job,
    )


def _hashing_time_s(finished: Finished) -> float:
    return sum(path.stat().st_size for path in finished.artifacts.values()) / SLOWEST_HASHING_BYTES_PER_S
