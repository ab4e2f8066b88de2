"""The bytes of a kept file on their way to a client: bounded memory, and told of when they are found altered midway."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import copy_context

from asgiref.sync import sync_to_async
from django.db import close_old_connections

from pipeline.errors import FileDamaged
from pipeline.vault.reading import StoredFile
from uploads import storage
from uploads.storage import Stored

Tell = Callable[[], None]


class Source:
    """Some bytes of an open file, a batch of parts at a time; one thread asks at a time. The first batch is read at
    once, so that what is wrong with the file can still be answered as an error. Raises FileDamaged, StorageError.
    """

    def __init__(self, stored: Stored, file: StoredFile, offset: int, length: int) -> None:
        self._stored, self._file = stored, file
        self._batches, self._left = file.batches(offset, length), length
        self.first = self.next()

    @property
    def is_read(self) -> bool:
        return self._left == 0

    def next(self) -> list[bytes]:
        """Empty at the end. Raises FileDamaged, StorageError."""
        with storage.reported(self._stored):
            batch = next(self._batches, [])
        self._left -= sum(map(len, batch))
        return batch

    def close(self) -> None:
        """Waits for a read that a vanished client left running."""
        self._file.close()


class Pieces:
    """Closed with its response, also when nobody has begun to read. `on_damage` is called before FileDamaged is raised,
    which cuts the answer short.
    """

    def __init__(self, source: Source, on_damage: Tell) -> None:
        self._source, self._on_damage = source, on_damage
        self.close = source.close

    def __iter__(self) -> Iterator[bytes]:
        batch = self._source.first
        try:
            while batch:
                yield from batch
                batch = self._source.next()
        except FileDamaged:
            self._on_damage()
            raise


class PiecesAsync:
    """The same; one batch is read, and opened where it is sealed, while the client takes the one before."""

    def __init__(self, source: Source, on_damage: Tell) -> None:
        self._source, self._on_damage = source, on_damage
        self.close = source.close

    def _tell(self) -> None:
        try:
            self._on_damage()
        finally:
            close_old_connections()  # an answer that breaks off is not closed, and its end not told

    async def __aiter__(self) -> AsyncIterator[bytes]:
        loop, context = asyncio.get_running_loop(), copy_context()  # the log's lines name the request
        ahead, batch = None, self._source.first
        try:
            while batch:
                ahead = None if self._source.is_read else loop.run_in_executor(None, context.run, self._source.next)
                for part in batch:
                    yield part
                batch = await ahead if ahead is not None else []
        except FileDamaged:
            await sync_to_async(self._tell)()
            raise
        finally:
            if ahead is not None:
                ahead.cancel()
            self.close()
