"""`make bench-queue`: how long work waits for an idle worker, and how much of it gets done, beside bare django-q2.

On SQLite, on PostgreSQL and with Redis, each with no-op work: for django-q2 a task that writes a mark; for us a shard
that is claimed, writes the mark, is finished and followed by the next of its job, without a runner child.
Prints a table and writes build/bench/queue.json; the exit status is 1 where a goal is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.benchmarks.queue_no_op import MARKS
from tests.benchmarks.queue_soak import soak
from tests.servers import running_postgres, running_redis

BUILD = Path("build/bench")
SLOTS = 2
SHARE_OF_BARE = 0.8
HEAD = f"""{"":<22}{"waits, idle: p50 / p99 ms":^36}{"a second":^28}
{"":<22}{"django-q2":>17}{"ours":>17}{"django-q2":>12}{"ours":>9}{"share":>9}  goal"""


@dataclass(frozen=True, slots=True)
class Transport:
    name: str
    variables: dict[str, str]
    p50_goal_ms: float


@dataclass(frozen=True, slots=True)
class Figures:
    p50_ms: float
    p99_ms: float
    per_s: float
    cpu_ms: float


@dataclass(frozen=True, slots=True)
class Row:
    transport: str
    p50_goal_ms: float
    bare: Figures
    ours: Figures

    @property
    def share(self) -> float:
        return self.ours.per_s / self.bare.per_s

    @property
    def is_met(self) -> bool:
        return self.ours.p50_ms <= self.p50_goal_ms and self.share >= SHARE_OF_BARE


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="tasks, and shards, for the throughput")
    parser.add_argument("--rings", type=int, default=100, help="of an idle queue, for the waits")
    parser.add_argument("--soak", type=float, metavar="MINUTES", help="run for so long instead, and watch it grow")
    arguments = parser.parse_args()
    if arguments.soak:
        return soak(arguments.soak)
    print(HEAD)
    with ExitStack() as servers:
        rows = [shown(measured(transport, arguments)) for transport in transports(servers)]
    BUILD.mkdir(parents=True, exist_ok=True)
    (BUILD / "queue.json").write_text(json.dumps([asdict(row) | {"share": row.share} for row in rows], indent=1))
    return 0 if all(row.is_met for row in rows) else 1


def transports(servers: ExitStack) -> Iterator[Transport]:
    yield Transport("database, SQLite", {}, 60)
    postgres = servers.enter_context(running_postgres())
    yield Transport("database, PostgreSQL", {"DATABASE_URL": postgres.database("bench")}, 60)
    redis = servers.enter_context(running_redis())
    yield Transport("Redis, SQLite", {"REDIS_URL": redis.url}, 10)
    both = {"REDIS_URL": redis.url, "DATABASE_URL": postgres.database("bench")}
    yield Transport("Redis, PostgreSQL", both, 10)


def measured(transport: Transport, arguments: argparse.Namespace) -> Row:
    figures = [side(name, transport, arguments) for name in ("bare", "ours")]
    return Row(transport.name, transport.p50_goal_ms, *figures)


def side(name: str, transport: Transport, arguments: argparse.Namespace) -> Figures:
    with tempfile.TemporaryDirectory(prefix="dubbing-bench-") as folder:
        environment = os.environ | site_environment(Path(folder), name) | transport.variables
        counts = ["--count", str(arguments.count), "--rings", str(arguments.rings)]
        command = [sys.executable, "-m", "tests.benchmarks.queue_side", name, *counts]
        done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE)
    return Figures(**json.loads(done.stdout.splitlines()[-1]))


def site_environment(folder: Path, system: str) -> dict[str, str]:
    unlimited = dict.fromkeys(
        ["MAX_RUNNING_JOBS_PER_USER", "MAX_WAITING_JOBS_PER_USER", "MAX_JOBS_PER_DAY_PER_USER"], "0"
    )
    return unlimited | {
        "DJANGO_SETTINGS_MODULE": "tests.benchmarks.queue_settings",
        "BENCH_SYSTEM": system,
        MARKS: str(folder / "marks"),
        "ENV_FILE": "",
        "DATA_DIR": str(folder / "var"),
        "WORKERS": str(SLOTS),
        "LOG_LEVEL": "ERROR",
        "SECRET_KEY": "only for benchmarks",
        "DATABASE_URL": "",
        "REDIS_URL": "",
    }


def shown(row: Row) -> Row:
    bare, ours = (f"{each.p50_ms:.1f} / {each.p99_ms:.0f}" for each in (row.bare, row.ours))
    rates = f"{row.bare.per_s:>12.0f}{row.ours.per_s:>9.0f}{row.share:>9.2f}"
    cpu = f"{row.bare.cpu_ms:.1f} / {row.ours.cpu_ms:.1f}"
    verdict = "met" if row.is_met else f"missed (p50 {row.p50_goal_ms:.0f} ms, share {SHARE_OF_BARE})"
    print(f"{row.transport:<22}{bare:>17}{ours:>17}{rates}{cpu:>14}  {verdict}", flush=True)
    return row


if __name__ == "__main__":
    sys.exit(main())
