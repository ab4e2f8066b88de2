"""A user in a process of their own who submits, looks and cancels: `python -m tests.chaos.busy_user NAME SECONDS`."""

from __future__ import annotations

import sys
import time

import django

THINKS_S = 0.1
CANCELS_EVERY = 5


def main() -> None:
    name, seconds = sys.argv[1], float(sys.argv[2])
    django.setup()
    from django.utils import timezone

    from jobs import dispatch, selectors
    from jobs.errors import JobStateError
    from jobs.models import Job
    from tests.chaos.submitting import submit, user

    until_s = time.monotonic() + seconds
    number = 0
    while time.monotonic() < until_s:
        number += 1
        job = Job.objects.get(id=submit(owner=name).job)
        for seen in selectors.visible_jobs(user(name))[:20]:
            selectors.timeline(seen, now=timezone.now())
        if number % CANCELS_EVERY == 0:
            try:
                dispatch.cancel(job, by=user(name))
            except JobStateError:
                continue  # it is done already
        time.sleep(THINKS_S)


if __name__ == "__main__":
    main()
