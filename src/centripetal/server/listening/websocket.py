"""WebSocket connections on asyncio, without the content of messages.

See protocol 1: client-transport; protocol 6: client-handshake.

`WebSockets.upgrade` returns the protocol that takes over a connection of `HTTPServer`. The package `websockets` parses
the frames of clients, but its automatic answers are discarded: this module decides which frames to send and in which
order, like the real servers. The `ClientEndpoint` of each dialect provides the differences between the dialects.

The module is made for many connections that mostly receive the same messages. A payload is framed once for all
connections. A connection needs no task: its frames wait in a queue and are written to the socket together, once per
iteration of the event loop. A client that does not read is disconnected when its queue is full.
"""

import asyncio
import contextlib
import logging
import struct
from collections import deque
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from websockets.exceptions import PayloadTooBig
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Close, CloseCode, Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from centripetal.server.listening.connections import OpenConnections
from centripetal.server.listening.handshake import accepts_deflate, switching_response
from centripetal.server.listening.http1 import Request
from centripetal.server.session import ClientEndpoint, Session, Timer

__all__ = ["WebSockets"]

logger = logging.getLogger("centripetal.server")

D = TypeVar("D")

_PING = b"\x89\x04ping"
_LINGER = 1.0  # seconds for a client to receive the close frame before the server closes, as in the real server
_CHUNK = 1 << 16  # maximum number of bytes to write at once, and to buffer in the transport outside the queue


class OutgoingFrame(NamedTuple):
    """A frame, and the size of its payload in bytes before compression."""

    frame: bytes
    size: int


class WebSockets(Generic[D]):
    """All WebSocket connections of one server.

    Args:
        endpoint: opens the sessions of clients.
        is_handshake: returns whether a request opens a connection.
    """

    def __init__(self, endpoint: ClientEndpoint[D], is_handshake: Callable[[Request], bool]) -> None:
        self.endpoint = endpoint
        self.loop = asyncio.get_running_loop()
        self._is_handshake = is_handshake
        self.connections: OpenConnections[_Connection[D]] = OpenConnections()
        self._unsent: list[_Connection[D]] = []
        # The last payload and its frames, without and with compression.
        self._latest = b""
        self._framed: list[OutgoingFrame | None] = [None, None]
        self._deflate = PerMessageDeflate(True, True, 15, 15)

    def upgrade(self, request: Request) -> asyncio.Protocol | None:
        """Return the protocol of a new connection, or None if *request* is not a handshake."""
        return _Connection(self, request) if self._is_handshake(request) else None

    async def stop(self, timeout: float = 5.0) -> None:
        """Close all connections; abort those that are still open after *timeout* seconds."""
        await self.connections.end(_Connection.shut_down, timeout)

    def outgoing(self, payload: bytes, *, deflate: bool) -> OutgoingFrame:
        """Return the frame with *payload*; consecutive calls with the same object return the same frame."""
        if payload is not self._latest:
            self._latest = payload
            self._framed = [None, None]
        found = self._framed[deflate]
        if found is None:
            frame = self._deflated(payload) if deflate else _header(len(payload)) + payload
            found = self._framed[deflate] = OutgoingFrame(frame, len(payload))
        return found

    def flush_soon(self, connection: "_Connection[D]") -> None:
        """Flush the queue of *connection* in the next iteration of the event loop."""
        if not self._unsent:
            self.loop.call_soon(self._flush)
        self._unsent.append(connection)

    def _flush(self) -> None:
        unsent, self._unsent = self._unsent, []
        for connection in unsent:
            connection.flush()

    def _deflated(self, payload: bytes) -> bytes:
        return Frame(Opcode.TEXT, payload).serialize(mask=False, extensions=[self._deflate])


def _header(size: int) -> bytes:
    if size < 126:
        return struct.pack("!BB", 0x81, size)
    return struct.pack("!BBH", 0x81, 126, size) if size < 1 << 16 else struct.pack("!BBQ", 0x81, 127, size)


class _Connection(asyncio.Protocol, Generic[D]):
    """One connection: the `ClientConnection` of its session."""

    __slots__ = (
        "_deflate",
        "_ended",
        "_endpoint",
        "_fragments",
        "_held",
        "_parser",
        "_paused",
        "_pinging",
        "_pong_wanted_by",
        "_queue",
        "_queued",
        "_request",
        "_server",
        "_session",
        "_stopping",
        "_transport",
        "_watching",
        "_writable",
    )

    def __init__(self, server: WebSockets[D], request: Request) -> None:
        self._server = server
        self._endpoint = server.endpoint
        self._request: Request | None = request
        self._deflate = self._endpoint.compresses and accepts_deflate(request)
        limit = self._endpoint.max_message_size
        self._parser = ServerProtocol(state=State.OPEN, max_size=limit if limit > 0 else None)
        if self._deflate:
            self._parser.extensions = [PerMessageDeflate(True, True, 15, 15)]
        self._transport: asyncio.Transport | None = None
        self._session: Session[D] | None = None
        self._fragments = bytearray()
        self._held: deque[Frame] = deque()
        self._paused = False
        self._queue: deque[OutgoingFrame] = deque()
        self._queued = 0
        self._writable = True
        self._ended = False
        self._stopping = False
        self._pinging: Timer | None = None
        self._watching: Timer | None = None
        self._pong_wanted_by = 0.0

    # ---- what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        assert self._request is not None
        self._transport = transport
        self._server.connections.opened(self)
        transport.set_write_buffer_limits(_CHUNK)
        request, self._request = self._request, None
        transport.write(
            switching_response(request, deflate=self._deflate, protocol=self._endpoint.subprotocol(request))
        )
        self._session = self._endpoint.open(self, request)
        if (interval := self._endpoint.ping_interval) > 0:
            self._pinging = self.call_later(interval, self._ping)
            self._want_pong()
            self._watching = self.call_later(interval * 10 / 9, self._watch)

    def data_received(self, data: bytes) -> None:
        if self._ended:
            return
        self._parser.receive_data(data)
        for event in self._parser.events_received():
            if isinstance(event, Frame) and not self._ended:
                if self._paused:
                    self._held.append(event)
                else:
                    self._take(event)
        # Discard the automatic answers of `websockets`: this class answers in the order of the frames.
        self._parser.data_to_send()
        if (error := self._parser.parser_exc) is not None and not self._ended:
            self._refuse(error)

    def eof_received(self) -> None:
        self._close(None)

    def pause_writing(self) -> None:
        self._writable = False

    def resume_writing(self) -> None:
        self._writable = True
        self.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        logger.debug("client connection closed: %s", exc or "end of stream")
        self._transport = None
        self._close(None)
        self._cancel_timers()
        self._server.connections.closed(self)

    # ---- what the session calls

    def send(self, payload: bytes) -> None:
        if self._ended:
            return
        outgoing = self._server.outgoing(payload, deflate=self._deflate)
        if not self._queue:
            self._server.flush_soon(self)
        self._queue.append(outgoing)
        self._queued += outgoing.size
        self._endpoint.count_queued()
        if self._queued > self._endpoint.max_queue_size:
            self.flush()
            if self._queued > self._endpoint.max_queue_size:
                # Not at once: the caller may be iterating over the subscribers of a channel.
                self.call_later(0, lambda: self._close(self._endpoint.slow))

    def end(self, disconnect: D | None) -> None:
        frame = None if disconnect is None else self._endpoint.close_frame(disconnect)
        self._end(None if frame is None else frame.payload)

    def call_later(self, delay: float, callback: Callable[[], object]) -> Timer:
        return self._server.loop.call_later(delay, callback) if delay else self._server.loop.call_soon(callback)

    def pause_reading(self) -> None:
        self._paused = True
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        self._paused = False
        while self._held and not self._paused and not self._ended:
            self._take(self._held.popleft())
        if not self._paused and self._transport is not None:
            self._transport.resume_reading()

    # ---- what the server calls

    def flush(self) -> None:
        """Write as much of the queue to the socket as it accepts."""
        while self._queue and self._writable and self._transport is not None:
            frames: list[bytes] = []
            size = 0
            while self._queue and size < _CHUNK:
                outgoing = self._queue.popleft()
                frames.append(outgoing.frame)
                size += outgoing.size
            self._queued -= size
            self._endpoint.count_sent(len(frames), size)
            self._transport.write(frames[0] if len(frames) == 1 else b"".join(frames))

    def shut_down(self) -> None:
        """End the connection because the server stops."""
        self._stopping = True
        if self._session is not None:
            self._session.shut_down()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    # ---- frames

    def _take(self, frame: Frame) -> None:
        match frame.opcode:
            case Opcode.TEXT | Opcode.BINARY | Opcode.CONT:
                self._fragments += frame.data
                if frame.fin:
                    message = bytes(self._fragments)
                    self._fragments.clear()
                    self._receive(message)
            case Opcode.PING:
                self._send_control(Frame(Opcode.PONG, frame.data))
            case Opcode.PONG:
                self._want_pong()
            case Opcode.CLOSE:
                # The code is echoed, the reason is not (protocol 1: client-transport).
                self._leave_with(bytes(frame.data[:2]))

    def _receive(self, message: bytes) -> None:
        assert self._session is not None
        self._session.receive(message)

    def _refuse(self, error: Exception) -> None:
        """Close because the client violated the protocol; `websockets` words the reason.

        See protocol 1: client-transport.
        """
        if isinstance(error, PayloadTooBig):
            self._leave_with(Close(CloseCode.MESSAGE_TOO_BIG, "").serialize())
        elif isinstance(error, EOFError):
            self._close(None)
        else:
            self._leave_with(Close(CloseCode.PROTOCOL_ERROR, str(error)[:120]).serialize())

    def _leave_with(self, close: bytes) -> None:
        self._end(close)
        self._close(None)

    def _close(self, disconnect: D | None) -> None:
        if self._session is not None:
            self._session.close(disconnect)

    def _end(self, close: bytes | None) -> None:
        """End the stream, after a close frame if *close* is not None; discard data that the socket does not accept."""
        if self._ended:
            return
        self.flush()
        self._ended = True
        self._queue.clear()
        self._queued = 0
        self._held.clear()
        self._cancel_timers()
        if self._transport is None:
            return
        if self._paused:
            self._transport.resume_reading()  # to notice when the client closes
        if close is not None:
            self._transport.write(Frame(Opcode.CLOSE, close).serialize(mask=False))
        if self._stopping or self._transport.is_closing():
            self._transport.close()
            return
        # Closing while the client still sends would reset the connection, and the client might miss the close frame.
        with contextlib.suppress(OSError):  # the client has reset the connection
            self._transport.write_eof()
        self._watching = self.call_later(_LINGER, self.abort)

    def _send_control(self, frame: Frame) -> None:
        # Do not answer pings of a client that does not read.
        if self._writable and self._transport is not None:
            self.flush()
            self._transport.write(frame.serialize(mask=False))

    # ---- timers

    def _cancel_timers(self) -> None:
        for timer in (self._pinging, self._watching):
            if timer is not None:
                timer.cancel()

    def _ping(self) -> None:
        if self._writable and self._transport is not None:
            self._transport.write(_PING)
        self._pinging = self.call_later(self._endpoint.ping_interval, self._ping)

    def _want_pong(self) -> None:
        self._pong_wanted_by = self._server.loop.time() + self._endpoint.ping_interval * 10 / 9

    def _watch(self) -> None:
        remaining = self._pong_wanted_by - self._server.loop.time()
        if remaining > 0:
            self._watching = self.call_later(remaining, self._watch)
        else:
            self._close(None)
