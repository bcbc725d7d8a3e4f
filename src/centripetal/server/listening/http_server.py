"""A small HTTP/1.1 server on asyncio.

The server does not use uvicorn and Starlette for three reasons. It must control every byte that a WebSocket client sees
(close codes, pings, the moment at which a stream ends), start in well under 200 ms, and serve HTTP without an optional
dependency. The remaining code around `http1.py` is small.

A connection handles at most one request at a time, and does not read while it answers. Long answers are made in slices
(`centripetal.server.steps`), so that other connections are answered in between; they are finished even if the client
leaves, as in the real server. To stop, the server stops listening and closes each connection after its unsent data.

To switch a connection to another protocol, the server calls `Upgrade` first for each request. If it returns a protocol,
that protocol gets the transport and the bytes after the request.
"""

import asyncio
import contextlib
import email.utils
import logging
import socket
import time
from collections.abc import Callable

from centripetal.server.listening.accepting import Acceptor
from centripetal.server.listening.connections import OpenConnections
from centripetal.server.listening.http1 import (
    Request,
    RequestError,
    RequestReader,
    Response,
    encode_error,
    encode_response,
)
from centripetal.server.steps import SLICE, Steps, finished

__all__ = ["HTTPConnection", "HTTPServer", "Intercept", "Upgrade"]

logger = logging.getLogger("centripetal.server")

Upgrade = Callable[[Request], asyncio.Protocol | None]
"""Returns the protocol that takes over the connection after this request, or None for an ordinary request."""

Intercept = Callable[[Request, "HTTPConnection"], bool]
"""Called before a request is answered. If it returns True, it handles the connection, and the server stops reading."""

_FAILURE = Response(500, (("Content-Type", "text/plain; charset=utf-8"),), b"Internal Server Error\n")

_LINGER = 0.5  # seconds for a client to receive the last answer before the server closes, as in the real server


class HTTPServer:
    """The listening sockets of one server and their connections.

    Args:
        answer: returns the answer to a request, or its steps.
        upgrade: see `Upgrade`. The protocol that takes over a connection must close it.
        now: returns Unix time in seconds, for the `Date` header.

    The server needs an event loop with `add_reader`, such as `asyncio.SelectorEventLoop`.
    """

    def __init__(
        self,
        answer: Callable[[Request], Response | Steps[Response]],
        upgrade: Upgrade = lambda _: None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.answer = answer
        self.upgrade = upgrade
        self.now = now
        self.intercept: Intercept | None = None
        """Hook for tests that make requests fail."""
        self.connections: OpenConnections[HTTPConnection] = OpenConnections()
        self.closing = False
        self._acceptors: list[Acceptor] = []
        self._listeners: list[socket.socket] = []

    def run(self, request: Request) -> Response:
        """Return the answer to *request* at once, without slices."""
        answer = self.answer(request)
        return answer if isinstance(answer, Response) else finished(answer)

    def date(self) -> str:
        """Return the value of the `Date` header."""
        return email.utils.formatdate(self.now(), usegmt=True)

    async def start(self, *listeners: socket.socket) -> None:
        """Start to accept connections on *listeners*, bound sockets."""
        self._listeners = list(listeners)
        self._acceptors = [Acceptor(listener, lambda: HTTPConnection(self)) for listener in listeners]

    async def stop(self, timeout: float = 5.0) -> None:
        """Stop listening and close all connections; abort those that are still open after *timeout* seconds."""
        if self.closing:
            return
        self.closing = True
        await self._stop_listening()
        await self.connections.end(HTTPConnection.close, timeout)

    async def pause(self, spared: "HTTPConnection | None" = None) -> None:
        """Stop listening and abort all connections except *spared*, until `resume`. The address stays reserved.

        Connections that another protocol took over stay open.
        """
        # A bound socket that does not listen keeps the port reserved and refuses connections.
        reservations = [_reservation(listener) for listener in self._listeners]
        await self._stop_listening()
        self._listeners = [reserve() for reserve in reservations]
        for connection in self.connections:
            if connection is not spared:
                connection.abort()
        await asyncio.sleep(0)  # asyncio closes their sockets in the next iteration

    async def resume(self) -> None:
        """Listen again after `pause`."""
        await self.start(*self._listeners)

    async def _stop_listening(self) -> None:
        for acceptor in self._acceptors:
            await acceptor.stop()
        for listener in self._listeners:
            listener.close()  # after `pause`, these are other sockets


class HTTPConnection(asyncio.Protocol):
    """One connection, until it is closed or taken over by another protocol."""

    def __init__(self, server: HTTPServer) -> None:
        self._server = server
        self._reader = RequestReader()
        self._transport: asyncio.Transport | None = None
        self._writable = True
        self._answering = False
        self._finished = False
        self._aborted = False
        # Not in `connection_made`: a stop in between would miss this connection.
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
        # A client that has closed its sending side still gets the written answers; asyncio closes after them.
        return None

    def pause_writing(self) -> None:
        # Do not make more answers for a client that does not read them.
        self._writable = False
        self._read_if_possible()

    def resume_writing(self) -> None:
        self._writable = True
        self._read_if_possible()
        self._work()

    def connection_lost(self, exc: Exception | None) -> None:
        logger.debug("connection closed: %s", exc or "end of stream")
        self._server.connections.closed(self)
        self._transport = None

    def close(self) -> None:
        """Close the connection after the written data has been sent; finish an answer that is being made."""
        if self._transport is not None and not self._answering:
            self._transport.close()

    def abort(self) -> None:
        """Abort the connection, even if it is still being set up."""
        self._aborted = True
        if self._transport is not None:
            self._transport.abort()

    def end_with(self, response: Response, request: Request) -> None:
        """Answer *request* with *response* and close the connection; for `Intercept` hooks."""
        if self._transport is not None:
            self._transport.write(encode_response(response, request, self._server.date(), close=True))
            self._linger(self._transport)

    def _work(self) -> None:
        while self._writable and not self._answering and not self._finished and self._transport is not None:
            try:
                event = self._reader.next_event()
            except RequestError as error:
                logger.info("rejected an invalid request: %s %s", error.status, error.detail)
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
                self._answer(event)

    def _read_if_possible(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if self._writable and not self._answering:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def _answer(self, request: Request) -> None:
        try:
            answer = self._server.answer(request)
        except Exception:
            answer = _failed(request)
        if isinstance(answer, Response):
            self._send(answer, request)
        else:
            self._continue(answer, request)

    def _continue(self, steps: Steps[Response], request: Request) -> None:
        """Run a slice of *steps*. After the last step, send the answer and take up the next request."""
        end = time.monotonic() + SLICE
        try:
            while True:
                next(steps)
                if time.monotonic() > end:
                    break
        except StopIteration as result:
            response: Response = result.value
        except Exception:
            response = _failed(request)
        else:
            if not self._answering:
                self._answering = True
                self._read_if_possible()
            asyncio.get_running_loop().call_soon(self._continue, steps, request)
            return
        self._send(response, request)
        if self._answering:
            self._answering = False
            self._read_if_possible()
            self._work()

    def _send(self, response: Response, request: Request) -> None:
        transport = self._transport
        if transport is None:
            return
        if response.note:
            logger.info("%s: %s", response.status, response.note)
        close = not request.keep_alive or self._server.closing
        transport.write(encode_response(response, request, self._server.date(), close=close))
        if close:
            self._linger(transport)

    def _linger(self, transport: asyncio.Transport) -> None:
        # Closing while the client still sends would reset the connection, and the client might never see the answer.
        self._finished = True
        with contextlib.suppress(OSError):  # the client has reset the connection
            transport.write_eof()
        asyncio.get_running_loop().call_later(_LINGER, transport.close)

    def _hand_over(self, transport: asyncio.Transport, successor: asyncio.Protocol) -> None:
        self._server.connections.closed(self)
        self._transport = None
        transport.set_protocol(successor)
        successor.connection_made(transport)
        if rest := self._reader.rest:
            successor.data_received(rest)


def _failed(request: Request) -> Response:
    logger.exception("failed to answer %s %.100s", request.method, request.target.partition("?")[0])
    return _FAILURE


def _reservation(listener: socket.socket) -> Callable[[], socket.socket]:
    """Return a function that binds a new socket to the address of *listener* after that one is closed."""
    family, address = listener.family, listener.getsockname()
    ipv6_only = family == socket.AF_INET6 and listener.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)

    def reserve() -> socket.socket:
        reserved = socket.socket(family, socket.SOCK_STREAM)
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            reserved.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, ipv6_only)
        reserved.bind(address)
        return reserved

    return reserve
