"""The web server: daphne, taught three manners.

It waits for slow readers: daphne buffers a response in memory as fast as the application makes it, so one phone
downloading a film would cost the film's size. It hands a request's body over as the application asks for it: daphne
queues all of it at once, so an upload would cost its size too. And it tells sockets that it goes away (1001) before
it does. SIGUSR1 tells it that it will have to: it goes on answering, but is not ready and takes no new jobs.
"""

from __future__ import annotations

import asyncio
import io
import signal
from functools import partial
from types import FrameType
from typing import IO, Any

import daphne.server
from daphne.server import Server  # first: installs the asyncio reactor

from daphne.endpoints import build_endpoint_description_strings  # isort: skip
from daphne.http_protocol import HTTPFactory, WebRequest
from daphne.ws_protocol import WebSocketProtocol
from django.conf import settings
from twisted.internet import defer, reactor
from twisted.internet.interfaces import IPushProducer
from twisted.internet.task import deferLater
from zope.interface import implementer

from jobs import drain

FORM_MAX_BYTES = 1024 * 1024  # what a form may hold beside its file
TOO_LARGE = b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
BODY_CHUNK_BYTES = 1024 * 1024
GOING_AWAY = 1001
CLOSE_FRAME_S = 0.3  # for the close frame to leave before the socket is torn down


@implementer(IPushProducer)
class Flow:
    """Open while the client keeps up. Twisted closes it when more than 64 KiB wait to be sent."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._open.set()

    async def wait(self) -> None:
        await self._open.wait()

    def pauseProducing(self) -> None:
        self._open.clear()

    def resumeProducing(self) -> None:
        self._open.set()

    def stopProducing(self) -> None:
        self._open.set()  # the client is gone; daphne drops what is still sent


class PatientRequest(WebRequest):
    """A request whose body stays a file (Twisted would parse a form into 13 times its size in memory), and ends
    when it grows beyond what an upload may have.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options, parsePOSTFormSubmission=False)
        self._is_refused = False

    def gotLength(self, length: int | None) -> None:
        super().gotLength(length)
        if length is not None and length > body_max_bytes():
            self._refuse()

    def handleContentChunk(self, data: bytes) -> None:
        if not self._is_refused and self.content.tell() + len(data) > body_max_bytes():
            self._refuse()
        if not self._is_refused:
            super().handleContentChunk(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        if not self._is_refused:
            super().requestReceived(command, path, version)

    def _refuse(self) -> None:
        self._is_refused = True
        self.channel.transport.write(TOO_LARGE)
        self.channel.loseConnection()


class PatientFactory(HTTPFactory):
    def buildProtocol(self, addr: Any) -> Any:
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = PatientRequest
        return protocol


daphne.server.HTTPFactory = PatientFactory  # Server.run makes it by this name and knows no other way


def body_max_bytes() -> int:
    return int(settings.UPLOAD_MAX_BYTES) + FORM_MAX_BYTES


class Body:
    """A received request body, read by the application piece by piece; then whatever else the server says."""

    def __init__(self, file: IO[bytes], messages: asyncio.Queue[dict[str, Any]]) -> None:
        self._file = file
        self._messages = messages
        self._is_read = False

    async def receive(self) -> dict[str, Any]:
        if not self._is_read:
            chunk = self._file.read(BODY_CHUNK_BYTES)
            self._is_read = len(chunk) < BODY_CHUNK_BYTES
            if self._is_read:
                self._file.close()
            return {"type": "http.request", "body": chunk, "more_body": not self._is_read}
        while (message := await self._messages.get())["type"] == "http.request":
            continue  # daphne's own reading of the empty file it was left with
        return message


class PatientServer(Server):
    def create_application(self, protocol: Any, scope: dict[str, Any]) -> asyncio.Queue[dict[str, Any]] | None:
        if not isinstance(protocol, WebRequest):
            messages: asyncio.Queue[dict[str, Any]] | None = super().create_application(protocol, scope)
            return messages
        messages = asyncio.Queue()
        body, protocol.content = Body(protocol.content, messages), io.BytesIO()
        scope["asgi"] = {"version": "3.0"}
        send = partial(self.handle_reply, protocol)
        running = asyncio.ensure_future(self.application(scope=scope, receive=body.receive, send=send))
        self.connections[protocol]["application_instance"] = running
        return messages

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        if not isinstance(protocol, WebRequest) or message["type"] != "http.response.body":
            await super().handle_reply(protocol, message)
            return
        if message.get("more_body", False):
            if protocol.producer is None and protocol.channel is not None:
                protocol.registerProducer(Flow(), True)
            flow = protocol.producer
            await super().handle_reply(protocol, message)
            if isinstance(flow, Flow):
                await flow.wait()
            return
        if protocol.producer is not None and protocol.channel is not None:
            protocol.unregisterProducer()
        await super().handle_reply(protocol, message)

    def kill_all_applications(self) -> defer.Deferred[Any]:
        """Called before the reactor stops. (daphne's own fails on a connection without an application.)"""
        sockets = [protocol for protocol in self.connections if isinstance(protocol, WebSocketProtocol)]
        for protocol in sockets:
            if protocol.state == protocol.STATE_OPEN:
                protocol.sendCloseFrame(code=GOING_AWAY)  # sendClose refuses the standard codes
        running = [details.get("application_instance") for details in self.connections.values()]
        waiting = [application for application in running if application is not None and not application.done()]
        for application in waiting:
            application.cancel()
        ended = defer.Deferred.fromFuture(asyncio.gather(*waiting, return_exceptions=True))
        return defer.gatherResults([ended, deferLater(reactor, CLOSE_FRAME_S if sockets else 0, lambda: None)])


def main() -> None:
    from dubbing_site.asgi import application

    environment = settings.ENVIRONMENT
    endpoints = build_endpoint_description_strings(host=environment.host, port=environment.port)
    signal.signal(signal.SIGUSR1, _take_no_more_jobs)
    reactor.addSystemEventTrigger("before", "shutdown", drain.request)  # type: ignore[arg-type]  # phase, event, callable
    PatientServer(application, endpoints=endpoints, server_name="dubbing-pipeline").run()


def _take_no_more_jobs(number: int, frame: FrameType | None) -> None:
    drain.request()


if __name__ == "__main__":
    main()
