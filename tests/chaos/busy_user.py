"""A user in a process of their own who submits, looks and cancels: `python -m tests.chaos.busy_user NAME SECONDS`."""

from __future__ import annotations

import sys
import time

import django

THINKS_S = 0.3
CANCELS_EVERY = 5
OPEN_AT_MOST = 5  # more would only wait: the workers make a few jobs a second


def main() -> None:
    name, seconds = sys.argv[1], float(sys.argv[2])
    django.setup()
    from django.utils import timezone

    from jobs import dispatch, selectors
    from jobs.errors import JobStateError
    from jobs.models import Job, JobState
    from tests.chaos.submitting import submit, user

    over = (JobState.DONE, JobState.FAILED, JobState.CANCELED)
    until_s = time.monotonic() + seconds
    number = 0
    while time.monotonic() < until_s:
        for seen in selectors.visible_jobs(user(name))[:5]:
            selectors.timeline(seen, now=timezone.now())
        time.sleep(THINKS_S)
        if Job.objects.filter(owner__username=name).exclude(state__in=over).count() >= OPEN_AT_MOST:
            continue
        number += 1
        job = Job.objects.get(id=submit(owner=name).job)
        if number % CANCELS_EVERY == 0:
            try:
                dispatch.cancel(job, by=user(name))
            except JobStateError:
                continue  # it is done already


if __name__ == "__main__":
    main()
