"""Noticing new events: one tailer per web process watches the jobs whose sockets are open and wakes these.

The tailer only says that there is something new; each socket reads its own next page, from where its client is.
On SQLite `PRAGMA data_version` (3 µs) tells whether anyone committed anything; elsewhere the watched jobs' last
numbers are asked for a few times a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from django.db import connection

from jobs.database_changes import SqliteChanges
from jobs.models import Job

SQLITE_POLL_S = 0.05
DATABASE_POLL_S = 0.25


class Tailer:
    """Runs while somebody watches."""

    def __init__(self) -> None:
        self._watchers: dict[UUID, set[asyncio.Event]] = {}
        self._seen: dict[UUID, int] = {}
        self._task: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def watch(self, job_id: UUID) -> AsyncIterator[asyncio.Event]:
        """An event that is set whenever the job has something new.

        Clear it, then read: what is written in between sets it again.
        """
        wake = asyncio.Event()
        self._watchers.setdefault(job_id, set()).add(wake)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        try:
            yield wake
        finally:
            self._watchers[job_id].discard(wake)
            if not self._watchers[job_id]:
                del self._watchers[job_id]
                self._seen.pop(job_id, None)

    async def _run(self) -> None:
        if connection.vendor == "sqlite":
            changes = SqliteChanges(Path(connection.settings_dict["NAME"]))
            try:
                await self._poll_sqlite(changes)
            finally:
                changes.close()
        else:
            while self._watchers:
                await self._wake_changed()
                await asyncio.sleep(DATABASE_POLL_S)

    async def _poll_sqlite(self, changes: SqliteChanges) -> None:
        watched: set[UUID] = set()
        while self._watchers:
            if changes.happened() or self._watchers.keys() - watched:
                watched = set(self._watchers)
                await self._wake_changed()
            await asyncio.sleep(SQLITE_POLL_S)

    async def _wake_changed(self) -> None:
        for job_id, last_seq in (await _last_seqs(list(self._watchers))).items():
            if self._seen.get(job_id) == last_seq:
                continue
            self._seen[job_id] = last_seq
            for wake in self._watchers.get(job_id, ()):
                wake.set()


@database_sync_to_async
def _last_seqs(job_ids: list[UUID]) -> dict[UUID, int]:
    return dict(Job.objects.filter(id__in=job_ids).values_list("id", "last_seq"))


_tailers: WeakKeyDictionary[asyncio.AbstractEventLoop, Tailer] = WeakKeyDictionary()


def tailer() -> Tailer:
    """The one of this process's event loop."""
    return _tailers.setdefault(asyncio.get_running_loop(), Tailer())
