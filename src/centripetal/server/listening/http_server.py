"""Listens, reads requests, sends answers, stops: a small HTTP/1.1 server on asyncio.

Why not uvicorn and Starlette: what a WebSocket client sees (close codes, pings, the moment a stream ends) must be
decided here byte by byte; the server must start in well under 200 ms; and the HTTP half must need no extra. What is
left to do then is these few lines around `http1.py`.

An answer is made without waiting, so a connection has at most one request in hand and nothing needs cancelling:
stopping means to stop listening and to end each connection after what it has been sent.

To change a connection to another protocol, `Upgrade` is asked first for each request: it returns the protocol that
takes over, and gets the transport and the bytes that followed the request.
"""

import asyncio
import email.utils
import logging
import socket
import time
from collections.abc import Callable

from centripetal.server.listening.connections import OpenConnections
from centripetal.server.listening.http1 import (
    Request,
    RequestError,
    RequestReader,
    Response,
    encode_error,
    encode_response,
)

__all__ = ["HTTPConnection", "HTTPServer", "Intercept", "Upgrade"]

logger = logging.getLogger("centripetal.server")

Upgrade = Callable[[Request], asyncio.Protocol | None]
"""The protocol that takes the connection over after this request; None: it is an ordinary one."""

Intercept = Callable[[Request, "HTTPConnection"], bool]
"""Asked before a request is answered. True: it sees to that connection itself, and no further request is read there."""

_FAILURE = Response(500, (("Content-Type", "text/plain; charset=utf-8"),), b"Internal Server Error\n")

_BACKLOG = 1024  # connections that may wait to be accepted, when many clients come at once
_LINGER = 0.5  # seconds that a client has to take an answer that ends the connection, as in the real server


class HTTPServer:
    """One listening socket and its connections.

    Args:
        answer: makes the answer to a request.
        upgrade: see `Upgrade`. A connection that was taken over is its own protocol's to end.
        now: returns Unix time, for the `Date` header.

    It needs an event loop with readers, `asyncio.SelectorEventLoop`.
    """

    def __init__(
        self,
        answer: Callable[[Request], Response],
        upgrade: Upgrade = lambda _: None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.answer = answer
        self.upgrade = upgrade
        self.now = now
        self.intercept: Intercept | None = None
        """For tests: makes requests fail."""
        self.connections: OpenConnections[HTTPConnection] = OpenConnections()
        self.closing = False
        self._server: asyncio.Server | None = None
        self._listener: socket.socket | None = None

    def date(self) -> str:
        """Return the value of the `Date` header."""
        return email.utils.formatdate(self.now(), usegmt=True)

    async def start(self, listener: socket.socket) -> None:
        """Begin to accept connections on *listener*, which is bound."""
        self._listener = listener
        # It calls `listen` itself, with a backlog of only 100 unless told otherwise.
        self._server = await asyncio.get_running_loop().create_server(
            lambda: HTTPConnection(self), sock=listener, backlog=_BACKLOG
        )

    async def stop(self, timeout: float = 5.0) -> None:
        """Stop listening and end all connections; what takes longer than *timeout* seconds to send is cut off."""
        if self.closing:
            return
        self.closing = True
        await self._stop_listening()
        await self.connections.end(HTTPConnection.close, timeout)

    async def pause(self, spared: "HTTPConnection | None" = None) -> None:
        """Have nothing listen and cut all connections but *spared*, until `resume`. The address stays reserved.

        Connections that were taken over are not touched.
        """
        assert self._listener is not None
        family, address = self._listener.family, self._listener.getsockname()
        await self._stop_listening()
        # To a socket that is bound and does not listen nobody can connect, and nobody else gets its port.
        self._listener = socket.socket(family, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(address)
        for connection in self.connections:
            if connection is not spared:
                connection.abort()
        await asyncio.sleep(0)  # that is when asyncio closes their sockets

    async def resume(self) -> None:
        """Listen again after `pause`."""
        assert self._listener is not None
        await self.start(self._listener)

    async def _stop_listening(self) -> None:
        assert self._server is not None
        assert self._listener is not None
        # First accept no more, then let those in that were accepted a moment ago: asyncio fails on a connection that
        # it has accepted when its server is closed before it gets round to it.
        asyncio.get_running_loop().remove_reader(self._listener)
        await asyncio.sleep(0)
        self._server.close()
        self._listener.close()  # after `pause` it is not the server's


class HTTPConnection(asyncio.Protocol):
    """One connection, until it is closed or taken over by another protocol."""

    def __init__(self, server: HTTPServer) -> None:
        self._server = server
        self._reader = RequestReader()
        self._transport: asyncio.Transport | None = None
        self._writable = True
        self._finished = False
        self._aborted = False
        # Not only in connection_made: a stop in between would miss this one.
        server.connections.opened(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self._aborted:
            transport.abort()
        elif self._server.closing:
            transport.close()

    def data_received(self, data: bytes) -> None:
        if not self._finished:
            self._reader.feed(data)
            self._work()

    def eof_received(self) -> None:
        # A client that sends no more still gets its answers: they are written, and asyncio closes after them.
        return None

    def pause_writing(self) -> None:
        # A client that does not read its answers gets no more of them made.
        self._writable = False
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._writable = True
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()
            self._work()

    def connection_lost(self, exc: Exception | None) -> None:
        logger.debug("a connection is gone: %s", exc or "ended")
        self._server.connections.closed(self)
        self._transport = None

    def close(self) -> None:
        """End after what was written has been sent."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Cut the connection, also one that is only being made."""
        self._aborted = True
        if self._transport is not None:
            self._transport.abort()

    def end_with(self, response: Response, request: Request) -> None:
        """Answer *request* with *response* and end the connection; for who intercepts."""
        if self._transport is not None:
            self._transport.write(encode_response(response, request, self._server.date(), close=True))
            self._linger(self._transport)

    def _work(self) -> None:
        while self._writable and not self._finished and self._transport is not None:
            try:
                event = self._reader.next_event()
            except RequestError as error:
                logger.info("refused a connection: %s %s", error.status, error.detail)
                self._transport.write(encode_error(error))
                self._linger(self._transport)
                return
            if event is None:
                return
            if isinstance(event, bytes):
                self._transport.write(event)
            elif (successor := self._server.upgrade(event)) is not None:
                self._hand_over(self._transport, successor)
                return
            elif self._server.intercept is not None and self._server.intercept(event, self):
                self._finished = True
            else:
                self._answer(self._transport, event)

    def _answer(self, transport: asyncio.Transport, request: Request) -> None:
        try:
            response = self._server.answer(request)
        except Exception:
            logger.exception("failed to answer %s %s", request.method, request.target.partition("?")[0])
            response = _FAILURE
        if response.note:
            logger.info("%s: %s", response.status, response.note)
        close = not request.keep_alive or self._server.closing
        transport.write(encode_response(response, request, self._server.date(), close=close))
        if close:
            self._linger(transport)

    def _linger(self, transport: asyncio.Transport) -> None:
        # To close while the client still sends would reset the connection, and it might never see the answer.
        self._finished = True
        transport.write_eof()
        asyncio.get_running_loop().call_later(_LINGER, transport.close)

    def _hand_over(self, transport: asyncio.Transport, successor: asyncio.Protocol) -> None:
        self._server.connections.closed(self)
        self._transport = None
        transport.set_protocol(successor)
        successor.connection_made(transport)
        if rest := self._reader.rest:
            successor.data_received(rest)
