"""Places where a test can have the process killed, to see that nothing is lost there. Off unless FAILPOINT is set.

FAILPOINT=after_claim kills whoever reaches that point: after_submit_commit, after_claim, before_finish_commit or
after_finish_commit.
"""

from __future__ import annotations

import os
import signal

ARMED = os.environ.get("FAILPOINT", "")


def reach(point: str) -> None:
    if ARMED and point == ARMED:
        os.kill(os.getpid(), signal.SIGKILL)
