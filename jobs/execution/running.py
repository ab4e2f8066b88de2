"""One attempt at a shard, followed in ticks: its events are written, its lease is kept alive."""

from __future__ import annotations

import shutil
import signal
import time
from dataclasses import dataclass
from itertools import islice

import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError, close_old_connections
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from jobs import claims, drain, failpoints, services, workspaces
from jobs.claims import Taker
from jobs.coalescing import Coalescer
from jobs.errors import LeaseLost
from jobs.execution.outcomes import Broke, Finished, Outcome, Stopped, StopReason, answer_of, no_space, outcome_of
from jobs.execution.requests import request_for
from jobs.execution.settling import settle
from jobs.execution.telling import Telling
from jobs.models import Shard
from jobs.runner_process import RunnerProcess
from jobs.services import Claim, NewEvent
from uploads import storage

logger = structlog.get_logger(__name__)
TICK_S = 0.1
MESSAGES_A_TICK = 500
DATABASE_AGAIN_S = 0.5
LEASE_SHARE = 0.8
WISHES_EVERY_S = 0.4


def run_claimed(claim: Claim, runner: RunnerProcess, taker: Taker | None = None) -> Claim | None:
    """Works on the shard until it ends, is stopped, or the worker drains; what the taker goes on with, if it is known.

    Errors of the dub become its job's state.
    """
    failpoints.reach("after_claim")
    shard = claim.shard or Shard.objects.select_related("job__upload").filter(id=claim.shard_id).first()
    if shard is None:
        logger.warning("shard_gone", shard_id=claim.shard_id)
        return None
    known = {"job_id": str(shard.job_id), "shard": str(shard), "user_id": str(shard.owner_id)}
    with structlog.contextvars.bound_contextvars(**known), override(settings.LANGUAGE_CODE):
        logger.info("shard_started", attempt=shard.attempts)
        try:
            outcome, next_claim = _attempted(shard, claim, runner, taker)
        except LeaseLost:
            runner.end()
            logger.warning("lease_lost", token=claim.token)
            return None
        except BaseException:
            runner.end()
            raise
        finally:
            workspaces.remove_attempt(claim)
        logger.info("shard_left", outcome=type(outcome).__name__.lower())
        if isinstance(outcome, Broke):
            runner.end()  # whatever broke may have left it in a state that breaks the next one, too
        elif isinstance(outcome, Stopped):
            workspaces.tidy(shard.job_id)
        return next_claim


def _attempted(shard: Shard, claim: Claim, runner: RunnerProcess, taker: Taker | None) -> tuple[Outcome, Claim | None]:
    """Raises LeaseLost, or a DatabaseError when the database is away: then the lease decides."""
    try:
        worked = _Attempt(shard, claim, runner).work()
        return worked.outcome, _settle_patiently(shard, claim, worked, taker)
    except (LeaseLost, DatabaseError):
        raise
    except Exception as error:
        # A refusing disk, or a fault: no error of the worker's own may leave the shard in its hands.
        logger.exception("attempt_failed")
        runner.end()
        outcome = outcome_of(error)
        settle(shard, claim, outcome, [])
        return outcome, None


def _settle_patiently(shard: Shard, claim: Claim, worked: Worked, taker: Taker | None) -> Claim | None:
    """Lets a database restart meanwhile. A finished dub's files are moved only once, so that is not tried again."""
    while True:
        try:
            return settle(shard, claim, worked.outcome, worked.events, taker)
        except (OperationalError, InterfaceError):
            is_publishing = isinstance(worked.outcome, Finished) and worked.outcome.dub is not None
            if is_publishing or time.monotonic() > worked.good_until_s:
                raise
            logger.warning("database_away", exc_info=True)
            close_old_connections()
            time.sleep(DATABASE_AGAIN_S)


@dataclass(frozen=True, slots=True)
class Worked:
    """How it ended, and the events not written yet."""

    outcome: Outcome
    events: list[NewEvent]
    good_until_s: float  # by the monotonic clock: so long the lease surely holds


class _Ended(Exception):
    """The work is over before it began."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome


class _Attempt:
    def __init__(self, shard: Shard, claim: Claim, runner: RunnerProcess) -> None:
        self._shard = shard
        self._claim = claim
        self._runner = runner
        self._telling = Telling(shard)
        self._coalescer = Coalescer()
        self._due_s: dict[str, float] = {}
        self._heard_s = self._renewed_s = time.monotonic()
        self._unwritten: list[NewEvent] = []

    def work(self) -> Worked:
        """Raises LeaseLost. The runner has answered and may be used again, or has ended."""
        outcome = self._hindrance() or self._done()
        return Worked(outcome, self._unwritten + self._coalescer.take(time.monotonic()), self._good_until_s)

    def _done(self) -> Outcome:
        self._due_s["renewal"] = time.monotonic() + settings.HEARTBEAT_SECONDS
        self._due_s["wishes"] = time.monotonic() + WISHES_EVERY_S
        try:
            with storage.plaintext(self._shard.job.upload.stored, self._look_up) as source:
                for event in self._telling.at_start():
                    self._coalescer.add(event)
                self._heard_s = time.monotonic()
                self._runner.begin(request_for(self._shard, self._claim, source))
                return self._followed()
        except _Ended as ended:
            return ended.outcome

    def _look_up(self) -> None:
        """While a sealed source is opened for the runner. Raises _Ended, LeaseLost, a DatabaseError."""
        stop = self._look_around()
        if stop is not None:
            raise _Ended(stop)

    @property
    def _good_until_s(self) -> float:
        return self._renewed_s + LEASE_SHARE * float(settings.LEASE_SECONDS)

    def _hindrance(self) -> Outcome | None:
        """Why the work cannot begin now."""
        if shutil.disk_usage(settings.WORK_ROOT).free < settings.FREE_SPACE_RESERVE_BYTES:
            return no_space()
        workspaces.prepare(self._shard, self._claim)
        return None

    def _followed(self) -> Outcome:
        while True:
            has_ended = self._runner.has_ended  # asked first: what it said before the end is then in `messages`
            answer = self._hear()
            if answer is not None:
                return answer
            if has_ended:
                return self._crashed()
            try:
                self._write()
                stop = self._look_around()
            except (OperationalError, InterfaceError) as error:
                stop = None
                self._database_away(error)
            if stop is not None:
                self._runner.end()
                return stop
            self._runner.wait(TICK_S)

    def _hear(self) -> Outcome | None:
        for message in islice(self._runner.messages(), MESSAGES_A_TICK):
            if message["kind"] == "heartbeat":  # says that the process lives, not that the work goes on
                continue
            self._heard_s = time.monotonic()
            answer = answer_of(message, self._shard)
            if answer is not None:
                return answer
            for event in self._telling.events_of(message):
                self._coalescer.add(event)
        return None

    def _write(self) -> None:
        self._unwritten += self._coalescer.take(time.monotonic())
        if self._unwritten:
            services.record(self._claim, self._unwritten)
            self._unwritten = []

    def _database_away(self, error: Exception) -> None:
        """It may come back while the lease still holds. Raises LeaseLost when that is over."""
        if time.monotonic() > self._good_until_s:
            raise LeaseLost(str(error)) from error
        logger.warning("database_away", error=str(error))
        close_old_connections()
        self._due_s.clear()

    def _look_around(self) -> Outcome | None:
        """Lease, cancellation, pause, drain, stall."""
        if self._is_due("renewal", settings.HEARTBEAT_SECONDS):
            said_s = time.monotonic()
            claims.renew(self._claim, now=timezone.now())
            self._renewed_s = said_s
            self._runner.alive()
        if drain.is_requested():
            return Stopped(StopReason.DRAINED)
        if self._is_due("wishes", WISHES_EVERY_S):
            wishes = claims.wishes(self._claim)
            if wishes.is_canceled:
                return Stopped(StopReason.CANCELED)
            if wishes.is_paused:
                return Stopped(StopReason.PAUSED)
        if time.monotonic() - self._heard_s > settings.STALL_SECONDS:
            return self._stalled()
        return None

    def _is_due(self, what: str, every_s: float) -> bool:
        now_s = time.monotonic()
        if now_s < self._due_s.get(what, 0.0):
            return False
        self._due_s[what] = now_s + every_s
        return True

    def _stalled(self) -> Broke:
        logger.error("runner_stalled", silent_s=time.monotonic() - self._heard_s, stderr=self._runner.last_words())
        return Broke("jobs.stalled", _("The dubbing process stopped responding and was ended."))

    def _crashed(self) -> Broke:
        status = self._runner.exit_status()
        logger.error("runner_crashed", exit_status=status, stderr=self._runner.last_words())
        self._runner.end()
        if status == -signal.SIGALRM:  # its own watch: native code let no thread of it run (`pipeline.watch`)
            return self._stalled()
        return Broke(
            "jobs.runner_crashed",
            _("The dubbing process ended unexpectedly (status %(status)s).") % {"status": status},
        )
