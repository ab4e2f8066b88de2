"""What jobs refuse or lose.

DubbingError
├── JobStateError           jobs.state                    the job cannot go there from where it is
├── NotAllowed              jobs.not_allowed              only administrators may ask for it
├── NameTaken               jobs.name_taken               a preset or project of that name exists
├── TooManyKept             jobs.too_many_kept            the user has enough presets or projects
├── TooManyWaiting          jobs.too_many_waiting         the user's queue is full
├── BatchRefused            jobs.batch_refused            some of a batch cannot be dubbed, so none of it is
├── IdempotencyKeyInvalid   jobs.idempotency_key          the key is empty, too long or not printable
├── IdempotencyMismatch     jobs.idempotency_mismatch     the key was used for something else
└── TryLater                                              the same again works later; says when
    ├── DailyLimitReached   jobs.daily_limit              the user's jobs of today are used up
    ├── IdempotencyInUse    jobs.idempotency_in_progress  the first request with this key has no answer yet
    ├── Draining            jobs.draining                 this server is being stopped
    └── QueueUnavailable    jobs.queue_unavailable        QUEUE_MODE=redis, and Redis is away
LeaseLost                                                 another worker has the job now; never shown to users
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.errors import DubbingError


class JobStateError(DubbingError):
    code = "jobs.state"
    exit_code = 2


class NotAllowed(DubbingError):
    code = "jobs.not_allowed"
    exit_code = 2


class NameTaken(DubbingError):
    code = "jobs.name_taken"
    exit_code = 2


class TooManyKept(DubbingError):
    code = "jobs.too_many_kept"
    exit_code = 2


class TooManyWaiting(DubbingError):
    code = "jobs.too_many_waiting"
    exit_code = 2


@dataclass(frozen=True, slots=True)
class RefusedItem:
    """What is wrong with one item of a batch; `index` counts from 0 in the order of the batch."""

    index: int
    upload: str
    target_language: str
    code: str
    detail: str


class BatchRefused(DubbingError):
    code = "jobs.batch_refused"
    exit_code = 2

    def __init__(self, message: str, items: Sequence[RefusedItem]) -> None:
        super().__init__(message)
        self.items = tuple(items)


class IdempotencyKeyInvalid(DubbingError):
    code = "jobs.idempotency_key"
    exit_code = 2


class IdempotencyMismatch(DubbingError):
    code = "jobs.idempotency_mismatch"
    exit_code = 2


class TryLater(DubbingError):
    exit_code = 2

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class DailyLimitReached(TryLater):
    code = "jobs.daily_limit"


class IdempotencyInUse(TryLater):
    code = "jobs.idempotency_in_progress"


class Draining(TryLater):
    code = "jobs.draining"


class QueueUnavailable(TryLater):
    code = "jobs.queue_unavailable"


class LeaseLost(Exception):
    """The fencing token is stale: whatever this worker still wants to write must not be written."""
