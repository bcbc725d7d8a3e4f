"""The console of a running server on asyncio: its endpoints and its event stream.

The stream uses Server-Sent Events: one direction is enough, and browsers reconnect automatically and report the last
event they received. A page has no queue, only a position in the feed's ring buffer. While its socket is full, the
position does not move.
"""

import asyncio
import logging
from collections.abc import Callable
from functools import cache
from importlib.resources import files

from centripetal.server.console.endpoints import PREFIX, Endpoints, RunningServer
from centripetal.server.console.feed import Feed
from centripetal.server.console.guard import Guard
from centripetal.server.engine.events import Event
from centripetal.server.listening.connections import OpenConnections
from centripetal.server.listening.http1 import Request, Response
from centripetal.server.listening.http_server import Upgrade
from centripetal.server.service import Service
from centripetal.server.steps import Steps

__all__ = ["Answer", "Console"]

logger = logging.getLogger("centripetal.server")

Answer = Callable[[Request], Response | Steps[Response]]

_GATHER = 0.05  # seconds during which events are collected before they are sent to pages
_START = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nConnection: close\r\n"
    b"X-Content-Type-Options: nosniff\r\nCross-Origin-Resource-Policy: same-origin\r\n\r\nretry: 1000\n\n"
)
_BEAT_FRAME = b": still here\n\n"
_BYE_FRAME = b"event: bye\ndata: {}\n\n"


class Console:
    """The console of one server, from its start to its stop.

    Args:
        service: the server.
        host: the address on which it listens.
        password: the required password; "" for none.
        keep_alive: seconds between the comments that keep idle streams open.
    """

    def __init__(self, service: Service, *, host: str, password: str, keep_alive: float = 15.0) -> None:
        environment = service.node.environment
        run = environment.new_uuid()
        self.feed = Feed(run, service.console.explain, service.console.check_token)
        guard = Guard(host, token=environment.new_token(), password=password, timer=environment.timer)
        running = RunningServer(run, environment.now(), environment.now, _read)
        self._endpoints = Endpoints(service.console, self.feed, guard, running)
        self.keep_alive = keep_alive
        self.streams: OpenConnections[_Stream] = OpenConnections()
        self._loop = asyncio.get_running_loop()
        self._flushing: asyncio.TimerHandle | None = None
        self._stop_listening = service.node.events.listen(self._hear)

    def before(self, answer: Answer, upgrade: Upgrade) -> tuple[Answer, Upgrade]:
        """Wrap the two functions of an `App`: requests outside the console are passed on to *answer* and *upgrade*."""

        def answer_all(request: Request) -> Response | Steps[Response]:
            if request.target.startswith(PREFIX) and (found := self._endpoints.answer(request)) is not None:
                return found
            return answer(request)

        def upgrade_all(request: Request) -> asyncio.Protocol | None:
            if request.target.startswith(PREFIX) and self._endpoints.opens_stream(request):
                return _Stream(self, request.header("last-event-id"))
            return upgrade(request)

        return answer_all, upgrade_all

    async def stop(self, timeout: float = 2.0) -> None:
        """End all streams, and abort the streams that are not flushed after *timeout* seconds."""
        self._stop_listening()
        if self._flushing is not None:
            self._flushing.cancel()
        await self.streams.end(_Stream.end, timeout)

    def flush_later(self) -> None:
        """Schedule a flush of all streams, unless a flush is already scheduled."""
        if self._flushing is None:
            self._flushing = self._loop.call_later(_GATHER, self._flush)

    def call_later(self, delay: float, callback: Callable[[], object]) -> asyncio.TimerHandle:
        return self._loop.call_later(delay, callback)

    def _hear(self, event: Event) -> None:
        self.feed.take(event)
        if self.streams:
            self.flush_later()

    def _flush(self) -> None:
        self._flushing = None
        for stream in self.streams:
            stream.flush()


class _Stream(asyncio.Protocol):
    """The event stream to one page."""

    def __init__(self, console: Console, last: str) -> None:
        self._console = console
        self._cursor = console.feed.cursor(last)
        self._transport: asyncio.Transport | None = None
        self._writable = True
        self._beat: asyncio.TimerHandle | None = None
        console.streams.opened(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(_START)
        self._beat = self._console.call_later(self._console.keep_alive, self._say_still_here)
        self.flush()

    def pause_writing(self) -> None:
        self._writable = False

    def resume_writing(self) -> None:
        self._writable = True
        self.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        logger.debug("a page of the console disconnected: %s", exc or "closed")
        self._transport = None
        if self._beat is not None:
            self._beat.cancel()
        self._console.streams.closed(self)

    def flush(self) -> None:
        """Send the next events, unless the socket is full."""
        if self._transport is None or not self._writable or self._transport.is_closing():
            return
        frame, self._cursor = self._console.feed.read(self._cursor)
        if frame:
            self._transport.write(frame)
            if self._cursor.number < self._console.feed.count:
                self._console.flush_later()

    def end(self) -> None:
        """Tell the page that the server stops, and close the connection."""
        if self._transport is not None:
            self._transport.write(_BYE_FRAME)
            self._transport.close()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _say_still_here(self) -> None:
        self._beat = self._console.call_later(self._console.keep_alive, self._say_still_here)
        if self._transport is not None and self._writable:
            self._transport.write(_BEAT_FRAME)


@cache
def _read(name: str) -> bytes:
    return files("centripetal.server.console").joinpath("page", name).read_bytes()
