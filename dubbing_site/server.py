"""The web server: daphne, taught three manners.

It waits for slow readers: daphne buffers a response in memory as fast as the application makes it, so one phone
downloading a film would cost the film's size. It lets the application read a large body while it arrives, and hands
a small one over as the application asks for it: daphne would collect it first and queue all of it. And it tells
sockets that it goes away (1001) before it does. SIGTERM lets those finish whom it is answering; SIGUSR1 tells it that
it will have to go: it goes on answering, but is not ready and takes no new jobs.
"""

from __future__ import annotations

import asyncio
import contextvars
import io
import time
from collections.abc import AsyncIterator
from functools import partial
from typing import IO, Any

import daphne.server
from daphne.server import Server  # first: installs the asyncio reactor

from daphne.endpoints import build_endpoint_description_strings  # isort: skip
from daphne.http_protocol import WebRequest
from daphne.ws_protocol import WebSocketProtocol
from django.conf import settings
from twisted.internet import defer, reactor
from twisted.internet.interfaces import IPushProducer
from twisted.internet.task import deferLater
from zope.interface import implementer

from dubbing_site.web_server import ARRIVING_BODY
from dubbing_site.web_server.connections import PatientFactory, PatientRequest
from dubbing_site.web_server.leaving import Leaving
from jobs import drain

BODY_CHUNK_BYTES = 1024 * 1024
FORMS_SHARE = 4  # one in so many places of bodies that arrive
GOING_AWAY = 1001
CLOSE_FRAME_S = 0.3  # for the close frame to leave before the socket is torn down
TASKS_END_S = 0.3
UPLOADS_END_S = 1.5  # for what arrived of uploads to be recorded once they are cut

daphne.server.HTTPFactory = PatientFactory  # Server.run makes it by this name and knows no other way
# By the wall clock, as Twisted has it, one that is set back stops every timer.
reactor.seconds = time.monotonic  # type: ignore[method-assign, misc]


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


async def no_more_of_the_body() -> AsyncIterator[dict[str, Any]]:
    """What the application hears of a body that it reads by itself.

    Never that the client went away: the body says so to whoever reads it, and Django would stop waiting for a view
    that is storing what did arrive.
    """
    yield {"type": "http.request", "body": b"", "more_body": False}
    await asyncio.Future()


class PatientServer(Server):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._arriving: dict[PatientRequest, asyncio.Future[Any]] = {}
        self._is_ending = False

    def has_room_for(self, request: PatientRequest) -> bool:
        """Whether its body is not one too many of those that arrive.

        Forms get a part of the places only: Django reads them before it knows who sends them, and a stranger's slow
        ones must not stand in the way of uploads.
        """
        forms = sum(other.is_form for other in self._arriving)
        is_room_for_forms = forms < max(1, settings.UPLOADS_AT_ONCE // FORMS_SHARE)
        is_room = len(self._arriving) < settings.UPLOADS_AT_ONCE and (is_room_for_forms or not request.is_form)
        return is_room and not self._is_ending

    def is_answering(self) -> bool:
        """Whether a request has not been answered to its end; sockets do not count."""
        http = (details for protocol, details in self.connections.items() if isinstance(protocol, WebRequest))
        applications = [details.get("application_instance") for details in http]
        return any(application is not None and not application.done() for application in applications)

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> asyncio.Queue[dict[str, Any]] | None:
        if not isinstance(protocol, PatientRequest):
            messages: asyncio.Queue[dict[str, Any]] | None = super().create_application(protocol, scope)
            return messages
        messages = asyncio.Queue()
        scope["asgi"] = {"version": "3.0"}
        if (arriving := protocol.arriving) is None:
            body, protocol.content = Body(protocol.content, messages), io.BytesIO()
            self._run(protocol, scope, body.receive)
        else:
            scope["extensions"] = {ARRIVING_BODY: arriving}
            running = self._arriving[protocol] = self._run(protocol, scope, no_more_of_the_body().__anext__)
            running.add_done_callback(lambda _: self._body_is_done_with(protocol))
        return messages

    def _run(self, protocol: Any, scope: dict[str, Any], receive: Any) -> asyncio.Future[Any]:
        send = partial(self.handle_reply, protocol)
        application = self.application(scope=scope, receive=receive, send=send)
        # In no context: it may be called from one that an earlier request of the connection left behind.
        running = asyncio.get_running_loop().create_task(application, context=contextvars.Context())
        self.connections[protocol]["application_instance"] = running
        return running

    def _body_is_done_with(self, protocol: PatientRequest) -> None:
        del self._arriving[protocol]
        protocol.close_body()
        if getattr(protocol, "channel", None) is None:  # Twisted deletes it at the end of an answer
            self.protocol_disconnected(protocol)

    def protocol_disconnected(self, protocol: Any) -> None:
        """daphne ends the application some seconds after this: not while it stores what did arrive."""
        if protocol in self.connections and protocol not in self._arriving:
            super().protocol_disconnected(protocol)

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
        ended = defer.Deferred.fromFuture(asyncio.ensure_future(self._end_applications()))
        return defer.gatherResults([ended, deferLater(reactor, CLOSE_FRAME_S if sockets else 0, lambda: None)])

    async def _end_applications(self) -> None:
        self._is_ending = True
        storing = set(self._arriving.values())
        for request in self._arriving:
            request.give_up_body()
        running = [details.get("application_instance") for details in self.connections.values()]
        waiting = {application for application in running if application is not None and not application.done()}
        for application in waiting - storing:
            application.cancel()
        if storing:
            await asyncio.wait(storing, timeout=UPLOADS_END_S)
        for application in storing:
            application.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await end_tasks()


async def end_tasks() -> None:
    """Ends what Django started for requests and forgets when they are canceled: Python 3.11 may crash on it at exit."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    if left:
        await asyncio.wait(left, timeout=TASKS_END_S)


def main() -> None:
    from dubbing_site.asgi import application

    environment = settings.ENVIRONMENT
    endpoints = build_endpoint_description_strings(host=environment.host, port=environment.port)
    reactor.addSystemEventTrigger("before", "shutdown", drain.request)  # type: ignore[arg-type]  # phase, event, callable
    server = PatientServer(application, endpoints=endpoints, server_name="dubbing-pipeline")
    Leaving(server.is_answering, settings.DRAIN_SECONDS).watch()
    server.run()


if __name__ == "__main__":
    main()
