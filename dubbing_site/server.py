"""The web server: daphne, taught two manners.

It waits for slow readers: daphne buffers a response in memory as fast as the application makes it, so one phone
downloading a film would cost the film's size. And it tells sockets that it goes away (1001) before it does.
"""

from __future__ import annotations

import asyncio
from typing import Any

from daphne.server import Server  # first: installs the asyncio reactor

from daphne.endpoints import build_endpoint_description_strings  # isort: skip
from daphne.http_protocol import WebRequest
from daphne.ws_protocol import WebSocketProtocol
from django.conf import settings
from twisted.internet import defer, reactor
from twisted.internet.interfaces import IPushProducer
from twisted.internet.task import deferLater
from zope.interface import implementer

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


class PatientServer(Server):
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
    PatientServer(application, endpoints=endpoints, server_name="dubbing-pipeline").run()


if __name__ == "__main__":
    main()
