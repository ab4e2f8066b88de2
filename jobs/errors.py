"""What jobs refuse or lose.

DubbingError
├── JobStateError       jobs.state              the job cannot go there from where it is
└── TooManyWaiting      jobs.too_many_waiting   the user's queue is full
LeaseLost                                       another worker has the job now; never shown to users
"""

from pipeline.errors import DubbingError


class JobStateError(DubbingError):
    code = "jobs.state"
    exit_code = 2


class TooManyWaiting(DubbingError):
    code = "jobs.too_many_waiting"
    exit_code = 2


class LeaseLost(Exception):
    """The fencing token is stale: whatever this worker still wants to write must not be written."""
