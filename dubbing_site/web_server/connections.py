"""HTTP connections: a large body is handed to its request while it arrives, and the server waits for slow readers."""

from __future__ import annotations

import asyncio
import contextvars
import io
import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from daphne.http_protocol import HTTPFactory, WebRequest
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from twisted.internet import reactor
from twisted.internet.protocol import Protocol
from twisted.web.http import HTTPChannel

from dubbing_site.web_server.arriving import ArrivingBody

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

# Twisted describes the time of its reactor, and what of its channel is not its own, in no types.
clock: Any = reactor
Channel: Any = HTTPChannel

FORM_MAX_BYTES = 1024 * 1024  # what a form may hold beside its file
FORMS = (b"multipart/form-data", b"application/x-www-form-urlencoded")
STREAMED_ABOVE_BYTES = 1024 * 1024
RETRY_AFTER_S = 5
LINGER_S = 10.0
LINGER_IDLE_S = 3.0
LINGER_MAX_BYTES = 256 * 1024 * 1024


def body_max_bytes() -> int:
    return int(settings.UPLOAD_MAX_BYTES) + FORM_MAX_BYTES


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the server itself answers, before the application hears of a request."""

    status: HTTPStatus
    code: str
    detail: StrPromise
    headers: tuple[tuple[bytes, bytes], ...] = ()

    def body(self) -> bytes:
        problem = {"type": "about:blank", "title": self.status.phrase, "status": int(self.status)}
        return json.dumps(problem | {"detail": str(self.detail), "code": self.code}).encode()


TOO_LARGE = Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "upload.too_large", _("This is larger than an upload may be."))
NO_SOCKET = Refusal(HTTPStatus.BAD_REQUEST, "invalid", _("A request that asks for a WebSocket has no body."))
BUSY = Refusal(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "server.busy",
    _("Too many uploads arrive at this moment; try again in a few seconds."),
    ((b"Retry-After", str(RETRY_AFTER_S).encode()),),
)


class Lingering(Protocol):
    """After an early answer: drops for a while what the client still sends.

    A connection closed while something arrives is reset, and a reset takes away what the client has not read yet.
    """

    transport: Any

    def __init__(self, left_bytes: int | None) -> None:
        self._left_bytes = LINGER_MAX_BYTES if left_bytes is None else min(left_bytes, LINGER_MAX_BYTES)

    def connectionMade(self) -> None:
        self._end = clock.callLater(LINGER_S, self.transport.abortConnection)
        self._idle = clock.callLater(LINGER_IDLE_S, self.transport.loseConnection)
        self.transport.resumeProducing()

    def dataReceived(self, data: bytes) -> None:
        self._left_bytes -= len(data)
        self._idle.reset(LINGER_IDLE_S)
        if self._left_bytes <= 0:
            self.transport.loseConnection()

    def connectionLost(self, reason: Any = None) -> None:
        for call in (self._end, self._idle):
            if call.active():
                call.cancel()


class PatientChannel(Channel):
    """One client's connection. While a request reads its body itself, the event loop keeps off the socket."""

    arriving: ArrivingBody | None = None
    is_leaving = False
    _asks_first = False
    _idle_s: float | None = None

    def hand_over(self) -> ArrivingBody:
        """The body whose headers were just read. What came with the headers reaches it within this turn."""
        self._networkProducer.pauseProducing()
        self._idle_s = self.setTimeout(None)  # the body has its own
        # The context of the connection: from the thread it would be the request's, and the next request's with it.
        loop, own = asyncio.get_running_loop(), contextvars.copy_context()
        self.arriving = body = ArrivingBody(
            self.transport.getHandle().dup(),
            self._transferDecoder,
            idle_s=settings.UPLOAD_IDLE_SECONDS,
            max_bytes=body_max_bytes(),
            on_wanted=lambda: loop.call_soon_threadsafe(self._ask_for_body, context=own),
            on_whole=lambda rest: loop.call_soon_threadsafe(self._take_back, rest, context=own),
        )
        self._asks_first = self._forget_expectation()
        return body

    def keep_off(self) -> None:
        """From here on it does not read again by itself when what it wrote has left."""
        self._handlingRequest = True
        self._networkProducer.pauseProducing()  # it may just have done so: the end of an earlier, larger answer

    @property
    def is_receiving(self) -> bool:
        return self.arriving is not None

    def loseConnection(self) -> None:
        self.is_leaving = True
        body, self.arriving = self.arriving, None
        if body is None or body.is_lost:
            super().loseConnection()
            return
        self._networkProducer.unregisterProducer()
        self.transport.protocol = Lingering(body.left_bytes)
        self.transport.protocol.makeConnection(self.transport)

    def _forget_expectation(self) -> bool:
        """Twisted would ask for the body at once. An early answer spares the client sending it."""
        headers = self.requests[-1].requestHeaders
        expectation = headers.getRawHeaders(b"Expect", [b""])[0]
        headers.removeHeader(b"Expect")
        return bool(expectation.lower() == b"100-continue" and self._version == b"HTTP/1.1")

    def _ask_for_body(self) -> None:
        if self._asks_first and self.is_receiving:
            self._send100Continue()

    def _take_back(self, rest: bytes) -> None:
        """The body is whole: from here on as if it had been read here, so that a client that goes away is noticed."""
        if not self.is_receiving or not self.requests:
            return
        self.arriving = None
        self.setTimeout(self._idle_s)
        self._finishRequestBody(rest)
        self._networkProducer.resumeProducing()


class PatientRequest(WebRequest):
    """A request whose small body stays a file (Twisted would parse a form into 13 times its size in memory), and
    whose large one is read as it arrives.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options, parsePOSTFormSubmission=False)
        self.arriving: ArrivingBody | None = None
        self._length: int | None = 0

    def gotLength(self, length: int | None) -> None:
        if length is not None and length <= STREAMED_ABOVE_BYTES:
            super().gotLength(length)
            return
        self.content = io.BytesIO()
        self._length = length
        self.arriving = self.channel.hand_over()
        line = (self.channel._command, self.channel._path, self.channel._version)
        # Not before the bytes that came with the headers are in it.
        clock.callLater(0, self._begin, *line)

    def _begin(self, command: bytes, path: bytes, version: bytes) -> None:
        if self.channel is None or self.channel.is_leaving:
            self.close_body()
            self.server.protocol_disconnected(self)
            return
        self.channel.keep_off()
        super().requestReceived(command, path, version)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        if self.arriving is None:
            super().requestReceived(command, path, version)

    def process(self) -> Any:
        if self._length is not None and self._length > body_max_bytes():
            return self._refuse(TOO_LARGE)
        if self.arriving is not None and self._asks_for_a_socket:
            return self._refuse(NO_SOCKET)
        if self.arriving is not None and not self.server.has_room_for(self):
            return self._refuse(BUSY)
        return super().process()

    @property
    def is_form(self) -> bool:
        kind = self.requestHeaders.getRawHeaders(b"Content-Type", [b""])[0].partition(b";")[0].strip().lower()
        return kind in FORMS

    @property
    def _asks_for_a_socket(self) -> bool:
        return bool(self.requestHeaders.getRawHeaders(b"Upgrade", [b""])[0].lower() == b"websocket")

    def handle_reply(self, message: dict[str, Any]) -> None:
        is_start = message["type"] == "http.response.start"
        if is_start and not self.finished and self.channel is not None and self.channel.is_receiving:
            self.channel.persistent = False
            message["headers"] = [*message.get("headers", ()), (b"Connection", b"close")]
        super().handle_reply(message)

    def handle_exception(self, exception: BaseException) -> None:
        """An answer that has begun is cut, so that it is not taken for whole. daphne would begin another one, fail at
        that, and look after no request from then on.
        """
        if not self._response_started:
            super().handle_exception(exception)
        elif not self.finished and self.channel is not None:
            if self.producer is not None:
                self.unregisterProducer()
            self.channel.loseConnection()

    def finish(self) -> None:
        super().finish()
        self.close_body()

    def give_up_body(self) -> None:
        if self.arriving is not None:
            self.arriving.give_up()

    def close_body(self) -> None:
        if self.arriving is not None:
            self.arriving.close()

    def _refuse(self, refusal: Refusal) -> None:
        body = refusal.body()
        headers = [(b"Content-Type", b"application/problem+json"), (b"Content-Length", str(len(body)).encode())]
        start = {"type": "http.response.start", "status": refusal.status, "headers": [*headers, *refusal.headers]}
        self.handle_reply(start)
        self.handle_reply({"type": "http.response.body", "body": body})


class PatientFactory(HTTPFactory):
    protocol = PatientChannel  # Twisted's own chooses among protocols that only TLS offers

    def buildProtocol(self, addr: Any) -> Any:
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = PatientRequest
        return protocol
