"""A request body that is still on its way: a file which the request's own thread reads straight from the socket.

Nobody reads ahead of it, so that a slow reader slows its client down (TCP does that) and memory stays bounded.
"""

from __future__ import annotations

import io
import select
import socket
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig
from twisted.web.http import _MalformedChunkedDataError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

READ_BYTES = 256 * 1024


class BodyLost(OSError):
    """The connection was lost, reset, stalled or given up before the whole body arrived.

    Django's `HttpRequest.read` turns it into UnreadablePostError.
    """


class Decoder(Protocol):
    """Twisted's: takes what the socket gave, calls back with what of it is body, and once at its end."""

    dataCallback: Callable[[bytes], None] | None
    finishCallback: Callable[[bytes], None] | None

    def dataReceived(self, data: bytes) -> None: ...


class ArrivingBody(io.RawIOBase):
    """Reads block until something is there; at the end, b"".

    A read of up to READ_BYTES returns what is there, so that it can be put away at once. A larger one is filled: who
    asks for so much at once (Django's `HttpRequest.body`) takes what it gets for all there is.

    Whatever ends it early is raised by the read after the last bytes that came: BodyLost, BadRequest when it is no body
    at all, RequestDataTooBig when one of unknown length grows beyond every upload.

    `on_wanted` is called before the first wait, `on_whole` at the end of the body with what was received beyond it;
    both in whichever thread finds out.
    """

    def __init__(
        self,
        link: socket.socket,
        decoder: Decoder,
        *,
        idle_s: float,
        max_bytes: int,
        on_wanted: Callable[[], object],
        on_whole: Callable[[bytes], object],
    ) -> None:
        self._link = link
        self._decoder = decoder
        decoder.dataCallback, decoder.finishCallback = self._decoded, self._finished
        self._idle_s = idle_s
        self._max_bytes = max_bytes
        self._on_wanted: Callable[[], object] | None = on_wanted
        self._on_whole = on_whole
        self._arrivals = select.poll()
        self._arrivals.register(link, select.POLLIN)
        self._event_loop_thread = threading.get_ident()
        self._pieces: list[bytes] = []
        self._start = 0  # in the first piece, of what is left of it
        self._received_bytes = 0
        self._silent_s = 0.0
        self._failure: Exception | None = None
        self.is_whole = False

    @property
    def is_lost(self) -> bool:
        return isinstance(self._failure, BodyLost)

    @property
    def left_bytes(self) -> int | None:
        """What the socket has yet to give; None: a chunked body does not say."""
        return getattr(self._decoder, "contentLength", None)

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """Raises what ended it: a small read after everything that did arrive was returned, a large one instead."""
        if size is None or size < 0:
            return self.readall()
        return self._filled(size) if size > READ_BYTES else self._present(size)

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)

    def readall(self) -> bytes:
        """For those who want it in memory. Raises RequestDataTooBig for more than a form may hold, and as `read`."""
        most_bytes = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        data = self._filled(most_bytes + 1)
        if len(data) > most_bytes:
            raise RequestDataTooBig("The request is too large to be held in memory.")
        return data

    def _filled(self, size: int) -> bytes:
        parts = []
        while size and (part := self._present(min(size, READ_BYTES))):
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def wait(self, timeout_s: float) -> bool:
        """Whether a read would not block: something is there, or the end, or it ended early. Raises nothing of that."""
        until_s = time.monotonic() + timeout_s
        while not self._is_settled:
            left_s = until_s - time.monotonic()
            if left_s <= 0:
                return False
            self._receive(left_s)
        return True

    def _present(self, size: int) -> bytes:
        while size and not self._is_settled:
            self._receive(self._idle_s)
        if size and self._failure is not None and not self._pieces:
            raise self._failure
        return self._taken(size)

    @property
    def _is_settled(self) -> bool:
        if self.closed:
            raise ValueError("the body is closed")
        if threading.get_ident() == self._event_loop_thread:
            raise RuntimeError("a body that is arriving would stop the event loop; read it in a thread")
        return bool(self._pieces or self.is_whole or self._failure)

    def give_up(self) -> None:
        """Ends a wait in another thread: the next read raises BodyLost."""
        self._failure = self._failure or BodyLost("the server is stopping")
        try:
            self._link.shutdown(socket.SHUT_RD)
        except OSError:
            return  # gone already, which ends the wait as well

    def close(self) -> None:
        super().close()
        self._link.close()

    def _taken(self, size: int) -> bytes:
        if not self._pieces or not size:
            return b""
        piece, start = b"".join(self._pieces), self._start
        if len(piece) - start > size:
            self._pieces, self._start = [piece], start + size
            return piece[start : self._start]
        self._pieces, self._start = [], 0
        return piece[start:] if start else piece

    def _receive(self, within_s: float) -> None:
        if self._on_wanted is not None:
            self._on_wanted()
            self._on_wanted = None
        left_bytes = self.left_bytes
        try:
            # No further than its end, if that is known: what follows is the connection's next request.
            data = self._link.recv(READ_BYTES if left_bytes is None else min(left_bytes, READ_BYTES))
        except BlockingIOError:
            self._listen(min(within_s, self._idle_s - self._silent_s))
        except OSError as error:
            self._failure = BodyLost(f"the connection was lost: {error.strerror}")
        else:
            self._silent_s = 0.0
            self._decode(data)

    def _listen(self, within_s: float) -> None:
        """Silence adds up over calls: who looks often is not kept waiting for longer."""
        if self._arrivals.poll(within_s * 1000):
            return
        self._silent_s += within_s
        if self._silent_s >= self._idle_s:
            self._failure = BodyLost(f"nothing arrived for {self._idle_s:g} s")

    def _decode(self, data: bytes) -> None:
        self._received_bytes += len(data)
        if not data:
            self._failure = self._failure or BodyLost("the connection was closed before the whole body arrived")
        elif self._received_bytes > self._max_bytes:
            self._failure = RequestDataTooBig("The body is larger than an upload may be.")
        else:
            try:
                self._decoder.dataReceived(data)
            except _MalformedChunkedDataError as error:
                self._failure = BadRequest(f"The body is malformed: {error}")

    def _decoded(self, data: bytes) -> None:
        self._pieces.append(data)

    def _finished(self, rest: bytes) -> None:
        self.is_whole = True
        self._on_whole(rest)
