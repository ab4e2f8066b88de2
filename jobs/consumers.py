"""Job events over a WebSocket: what was missed, in order, then what happens; nothing twice, nothing lost.

The client acknowledges as it goes. daphne would buffer without end for one that does not read, so at most
CREDIT_BYTES are under way; a client that stays silent with its credit spent is closed with 4409 and comes back
with `after`.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import structlog
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from accounts.models import User
from accounts.scopes import Scope
from accounts.sockets import GuardedSocket
from jobs.models import Job, JobEvent
from jobs.selectors import events_after, get_job
from jobs.tailing import tailer

logger = structlog.get_logger(__name__)
PROTOCOL_VERSION = 1
CREDIT_BYTES = 256 * 1024
ACK_TIMEOUT_S = 30.0
SEQ_MAX_DIGITS = 18

BAD_MESSAGE = 4400
NO_SUCH_JOB = 4404
TOO_FAR_BEHIND = 4409
SERVER_ERROR = 1011


class Credit:
    """Bytes sent and not yet acknowledged."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._under_way: deque[tuple[int, int]] = deque()
        self._bytes = 0
        self._returned = asyncio.Event()

    def spend(self, seq: int, size_bytes: int) -> None:
        self._under_way.append((seq, size_bytes))
        self._bytes += size_bytes

    def acknowledge(self, seq: int) -> None:
        while self._under_way and self._under_way[0][0] <= seq:
            self._bytes -= self._under_way.popleft()[1]
        self._returned.set()

    async def wait_for(self, size_bytes: int) -> None:
        """Returns when `size_bytes` fit. One message always fits into an empty account."""
        while self._under_way and self._bytes + size_bytes > self._limit_bytes:
            self._returned.clear()
            await self._returned.wait()


class JobEvents(GuardedSocket):
    needs = Scope.JOBS_READ
    credit_bytes = CREDIT_BYTES
    ack_timeout_s = ACK_TIMEOUT_S

    async def connect(self) -> None:
        self.credit = Credit(self.credit_bytes)
        self.following: asyncio.Task[None] | None = None
        await super().connect()

    async def opened(self) -> None:
        job = await _visible_job(self.scope["user"], self.scope["url_route"]["kwargs"]["job_id"])
        if job is None:
            await self.close(NO_SUCH_JOB)
            return
        after = parse_qs(self.scope["query_string"].decode("latin1")).get("after", ["0"])[0]
        if not after.isascii() or not after.isdigit() or len(after) > SEQ_MAX_DIGITS:
            await self.close(BAD_MESSAGE)
            return
        self.following = asyncio.create_task(self._follow(job, int(after)))
        self.following.add_done_callback(_report)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        seq = acknowledged_seq(text_data)
        if seq is None:
            await self.close(BAD_MESSAGE)
            return
        self.credit.acknowledge(seq)

    async def disconnect(self, code: int) -> None:
        await super().disconnect(code)
        if self.following is not None:
            self.following.cancel()
            with suppress(asyncio.CancelledError):
                await self.following

    async def _follow(self, job: Job, after: int) -> None:
        try:
            async with tailer().watch(job.id) as wake:
                while True:
                    wake.clear()
                    while events := await _page(job, after):
                        for event in events:
                            await self._send_event(event)
                        after = events[-1].seq
                    await wake.wait()
        except TimeoutError:
            await self.close(TOO_FAR_BEHIND)

    async def _send_event(self, event: JobEvent) -> None:
        text = json.dumps(event_message(event), ensure_ascii=False, separators=(",", ":"))
        size_bytes = len(text.encode())
        async with asyncio.timeout(self.ack_timeout_s):
            await self.credit.wait_for(size_bytes)
        self.credit.spend(event.seq, size_bytes)
        await self.send(text)


class NoSuchSocket(AsyncWebsocketConsumer):
    async def connect(self) -> None:
        await self.accept()
        await self.close(NO_SUCH_JOB)


def event_message(event: JobEvent) -> dict[str, Any]:
    return {
        "v": PROTOCOL_VERSION,
        "type": "event",
        "seq": event.seq,
        "at": event.at.isoformat(),
        "kind": event.kind,
        "stage": event.stage or None,
        "level": event.level,
        "message": event.message,
        "data": event.data,
    }


def acknowledged_seq(text: str | None) -> int | None:
    """The number in an acknowledgement; None when the message is anything else."""
    try:
        message = json.loads(text or "")
    except (ValueError, RecursionError):  # the second for thousands of brackets
        return None
    if not isinstance(message, dict) or message.get("type") != "ack":
        return None
    seq = message.get("seq")
    return seq if isinstance(seq, int) and not isinstance(seq, bool) and seq >= 0 else None


@database_sync_to_async
def _visible_job(user: User, job_id: UUID) -> Job | None:
    try:
        return get_job(user, job_id)
    except Job.DoesNotExist:
        return None


@database_sync_to_async
def _page(job: Job, after: int) -> list[JobEvent]:
    return events_after(job, after)


def _report(task: asyncio.Task[None]) -> None:
    """A failure while following would otherwise be silent: nobody awaits the task until the client leaves."""
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("job_socket_failed", exc_info=error)
