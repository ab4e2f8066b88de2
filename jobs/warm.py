"""The runner of this worker process: started with its first shard, kept from shard to shard with what it has loaded."""

from __future__ import annotations

import os

from django.conf import settings

from jobs.runner_process import RunnerProcess
from pipeline.egress import own_network
from pipeline.speakers import KEY_SETTING
from uploads import storage

SECRETS = frozenset(
    {
        "SECRET_KEY",
        "SECRET_KEY_FALLBACKS",
        "ENCRYPTION_KEYS",
        "ENCRYPTION_KEYS_FILE",
        "ADMIN_PASSWORD",
        "ADMIN_PASSWORD_FILE",
        "DATABASE_URL",
        "REDIS_URL",
        "EMAIL_URL",
    }
)

_runner: RunnerProcess | None = None


def runner() -> RunnerProcess:
    global _runner
    if _runner is None:
        _runner = RunnerProcess(command(), environment())
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


def environment() -> dict[str, str]:
    """This process's own without the server's secrets, of which programs that open strangers' files need none; with the
    keys of the voice memory, where there are encryption keys to derive them from.
    """
    kept = {name: value for name, value in os.environ.items() if name not in SECRETS}
    ring = storage.key_ring()
    if ring is not None:
        kept[KEY_SETTING] = " ".join([*ring.voice_keys(), kept.get(KEY_SETTING, "")]).strip()
    return kept


def _forget() -> None:
    """A forked worker starts its own: its parent's answers to the parent."""
    global _runner
    _runner = None


os.register_at_fork(after_in_child=_forget)
