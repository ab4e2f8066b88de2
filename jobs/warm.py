"""The runner of this worker process: started with its first shard, kept from shard to shard with what it has loaded."""

from __future__ import annotations

import os

from django.conf import settings

from jobs.runner_process import RunnerProcess
from pipeline.egress import own_network

_runner: RunnerProcess | None = None


def runner() -> RunnerProcess:
    global _runner
    if _runner is None:
        _runner = RunnerProcess(command())
    return _runner


def end() -> None:
    """Ends it, if there is one; the next `runner` is a new one."""
    global _runner
    if _runner is not None:
        _runner.end()
    _runner = None


def command() -> tuple[str, ...]:
    """Of a program that reaches no network, where the system can see to it."""
    return (*(() if settings.ALLOW_EGRESS else own_network()), *settings.RUNNER_COMMAND)


def _forget() -> None:
    """A forked worker starts its own: its parent's answers to the parent."""
    global _runner
    _runner = None


os.register_at_fork(after_in_child=_forget)
