"""The table of faults. Each row is carried out by a module here."""

from __future__ import annotations

from tests.chaos.row import CAREFUL, LARGE, SMALL, SMALL_WITH_REDIS, Row

_ALL = (
    Row(
        1,
        "kill -9 in every stage",
        "20 a stage: 0 lost, 0 published twice, taken over within the lease + 5 s",
        "killed_in_a_stage",
        (SMALL, LARGE),
    ),
    Row(
        2,
        "5,000 tiny jobs under a mix of faults",
        "all ended, 0 stale writes, within 600 s",
        "mix",
        (LARGE, SMALL),
        within_s=2400,
    ),
    Row(
        3,
        "kill -9 of an idle worker, of the master, of the supervisor",
        "20 each: claiming again within 20 s, orphans gone within 5 s, never two clusters",
        "healing",
        (SMALL, LARGE),
    ),
    Row(
        4,
        "SIGTERM to the master and to the group, under load",
        "out within the grace + 5 s, 0 lost, attempts unchanged, 503 with Retry-After meanwhile",
        "draining",
        (SMALL, LARGE),
    ),
    Row(
        5,
        "jobs that kill their runner, eat all memory, hang in native code",
        "exactly MAX_ATTEMPTS runs, failed with the reason, others unaffected",
        "poison",
        (SMALL,),
        settings=CAREFUL | {"RUNNER_MEMORY_MIB": "1024", "LEASE_SECONDS": "8"},
    ),
    Row(
        6,
        "Redis absent, killed, frozen, flapping, emptied",
        "200 submissions each: p99 within 1 s, 0 lost or doubled, at most 1 switch a window",
        "redis_faults",
        (SMALL_WITH_REDIS, LARGE),
        short_settings={"QUEUE_CHECK_SECONDS": "1", "QUEUE_RECOVERY_CHECKS": "2", "QUEUE_RECOVERY_SECONDS": "3"},
    ),
    Row(
        7,
        "killed between the commit and the doorbell",
        "50 of 50 started within 5 s",
        "lost_doorbells",
        (LARGE, SMALL),
    ),
    Row(
        8,
        "a worker that sleeps past its lease and wakes",
        "20 times: 0 stale writes",
        "sleepers",
        (SMALL, LARGE),
        settings=CAREFUL,
    ),
    Row(
        9,
        "canceled while it waits, in ffmpeg, in native code",
        "20 each: within 2 s, no child left, no half output",
        "canceling",
        (SMALL,),
        settings=CAREFUL,
    ),
    Row(
        10,
        "one user floods 500 jobs, another submits one",
        "the cap never exceeded, the other's is the next to start",
        "flood",
        (SMALL, LARGE),
        settings={"MAX_RUNNING_JOBS_PER_USER": "3"},
    ),
    Row(
        11,
        "12 processes on SQLite for 5 minutes",
        "0 lock errors, transactions p99 within 250 ms",
        "many_on_sqlite",
        (SMALL,),
    ),
    Row(
        12,
        "ENOSPC and EIO at each write",
        "clean failures, resumable, nothing corrupt recorded as complete",
        "full_disks",
        (SMALL,),
        within_s=3 * 3600,
    ),
)
ROWS = {row.number: row for row in _ALL}
