"""Working on one claimed shard: what a runner child does is recorded, its outcome is settled."""

from jobs.execution.running import run_claimed

__all__ = ["run_claimed"]
