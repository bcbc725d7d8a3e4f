"""A blocking WebSocket client: send messages, receive messages, and learn how the connection ended.

The module uses the protocol code of `websockets` without its I/O. Therefore connections are opened, and errors
reported, as in the HTTP transports, and messages may be invalid UTF-8, which Centrifugo 1.x sometimes sends
(protocol 1: client-transport). The package `websockets` is installed by the extras `cli` and `server`; this module is
imported only when it is needed.
"""

import socket
from collections import deque
from contextlib import suppress
from typing import NamedTuple

from websockets.client import ClientProtocol
from websockets.exceptions import PayloadTooBig
from websockets.frames import Close, Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.uri import parse_uri

from centripetal.errors import (
    AuthenticationError,
    ConnectionLostError,
    HTTPStatusError,
    MalformedResponseError,
    TimeoutError,
)
from centripetal.protocol.targets import target_of
from centripetal.protocol.watching import websocket_url
from centripetal.transport.blocking import open_connection
from centripetal.transport.clock import monotonic
from centripetal.transport.polling import READ, WRITE, wait_readable, wait_ready
from centripetal.transport.settings import Settings
from centripetal.version import __version__

__all__ = ["Closed", "WebSocket"]


_RECEIVE_BYTES = 16_384  # half a second may pass between two looks at the clock if 64 KiB hold 32,000 empty frames


class Closed(NamedTuple):
    """The end of a connection: code and reason of the close frame, or None and "" without a close frame."""

    code: int | None = None
    reason: str = ""


class WebSocket:
    """One WebSocket connection.

    Args:
        url: http or https URL of the server's API; the WebSocket URL is derived from it.
        timeout: time limit in seconds for opening the connection, and for sending a message.
        settings: TLS settings, maximum size of a message, and other options of the transport.
        waker: a socket; as soon as it is readable, every wait ends. None if nothing ends a wait early.

    Raises:
        ConnectError, TimeoutError, ConnectionLostError: the connection could not be opened, or *waker* ended the wait.
        HTTPStatusError: the server rejected the WebSocket handshake.
        MalformedResponseError: the server did not reply with HTTP.
    """

    def __init__(self, url: str, timeout: float, settings: Settings, waker: socket.socket | None = None) -> None:
        self._timeout = timeout
        self._waker = waker
        origin, host_header, _ = target_of(url)
        route = settings.route(origin, websocket=True)
        self._place = route.place
        deadline = monotonic() + timeout
        uri = parse_uri(websocket_url(url))
        self._protocol = ClientProtocol(uri, max_size=settings.max_response_bytes)
        self._received: deque[bytes | Closed] = deque()
        self._message = bytearray()  # the fragments so far; websockets limits their total size
        self._connection = open_connection(settings, route, set(), deadline, timeout)
        try:
            request = self._protocol.connect()
            del request.headers["Host"]  # the package would send the zone of an IPv6 address
            request.headers["Host"] = host_header
            request.headers["User-Agent"] = f"centripetal/{__version__}"
            for name, value in settings.headers:
                request.headers[name] = value  # adds a header, also if there is one with this name
            self._protocol.send_request(request)
            self._flush()
            self._shake_hands(uri.resource_name, deadline)
        except BaseException:
            self._connection.close()
            raise

    def send(self, message: bytes | memoryview) -> None:
        """Send a text message. If the connection has closed, do nothing: `receive` reports it."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_text(message)
            self._flush()

    def receive(self, seconds: float) -> bytes | Closed | None:
        """Return the next message, or `Closed` after the last message.

        Args:
            seconds: how long to wait for a message. Control frames and parts of a message do not extend this time.

        Returns:
            None if no complete message arrived in time, or if the waker ended the wait.

        Raises:
            MalformedResponseError: the server violated the protocol, or a message is too large.
            TimeoutError: the server does not read the replies to its pings.
        """
        deadline = monotonic() + seconds
        while not self._received:
            if (breach := self._breach()) is not None:
                raise self._broken(breach)
            if not self._wait(deadline):
                return None
            self._read()
            if not self._received and self._breach() is None and not monotonic() < deadline:
                return None  # checked here because a busy connection is always readable
        return self._received.popleft()

    def close(self) -> None:
        """Close the connection, with a close frame if the socket accepts it at once."""
        if not self._connection.closed:
            with suppress(Exception):  # websockets raises an error if the server has already closed the connection
                self._protocol.send_close(1000)
            with suppress(OSError):
                self._connection.sock.send(b"".join(self._protocol.data_to_send()))
        self._connection.close()

    def _shake_hands(self, path: str, deadline: float) -> None:
        while (response := self._response()) is None:
            if not self._wait(deadline) or not monotonic() < deadline:
                if self._woken():
                    raise ConnectionLostError("the connection is no longer needed", executed="no")
                raise TimeoutError(
                    f"{self._place} did not complete its reply within {self._timeout:g} s", executed="no"
                )
            self._read()
        if response.status_code != 101:
            text = f"{self._place} replied {response.status_code} to GET {path}: not a WebSocket endpoint of Centrifugo"
            refused = response.status_code in (401, 403)
            kind = AuthenticationError if refused else HTTPStatusError
            raise kind(text, status=response.status_code, body=bytes(response.body or b""), executed="no")
        self._take()

    def _response(self) -> Response | None:
        """Return the reply to the handshake, or None if it has not arrived."""
        failure = self._protocol.handshake_exc
        for index, event in enumerate(self._protocol.events):
            if isinstance(event, Response):
                del self._protocol.events[: index + 1]
                if failure is not None and event.status_code == 101:
                    break
                return event
        if failure is None:
            return None
        if isinstance(failure.__cause__, EOFError):
            raise ConnectionLostError(f"{self._place} closed the connection while it was being opened", executed="no")
        raise MalformedResponseError(f"{self._place} does not speak WebSocket: {failure}", executed="no")

    def _wait(self, deadline: float, events: int = READ) -> bool:
        """Wait until *deadline*, or until the waker is readable; return whether the connection is ready for *events*.

        A deadline in the past still reports a connection that is ready.
        """
        if self._woken():
            return False
        sock = self._connection.sock
        # The socket is not reported as readable for bytes that TLS has already decrypted.
        pending = getattr(sock, "pending", None)
        if events == READ and pending is not None and pending():
            return True
        wanted = {sock.fileno(): events}
        if self._waker is not None:
            wanted[self._waker.fileno()] = READ
        return sock.fileno() in wait_ready(wanted, deadline - monotonic())

    def _woken(self) -> bool:
        return bool(wait_readable((self._waker,), 0))

    def _read(self) -> None:
        """Read from the socket and pass the data to the protocol."""
        try:
            data = self._connection.sock.recv(_RECEIVE_BYTES)
        except self._connection.not_yet:
            return
        except OSError:
            data = b""  # a broken connection is handled like a closed connection
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        opening = self._protocol.handshake_exc is not None or any(
            isinstance(event, Response) for event in self._protocol.events
        )
        if not opening:
            self._take()
            if not data and self._breach() is None and not any(isinstance(each, Closed) for each in self._received):
                self._received.append(Closed())
        self._flush()

    def _take(self) -> None:
        """Assemble messages from the received frames."""
        for frame in self._protocol.events_received():
            assert isinstance(frame, Frame)
            if frame.opcode is Opcode.CLOSE:
                close = Close.parse(frame.data) if frame.data else None
                self._received.append(Closed(int(close.code), close.reason) if close else Closed())
            elif frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                self._message += frame.data
                if frame.fin:
                    self._received.append(bytes(self._message))
                    self._message.clear()

    def _breach(self) -> Exception | None:
        """Return the error if the server has violated the protocol, or None."""
        error = self._protocol.parser_exc
        return None if isinstance(error, EOFError) else error

    def _broken(self, breach: Exception) -> MalformedResponseError:
        if isinstance(breach, PayloadTooBig):
            text = f"{self._place} sent a message that is too large: {breach}"
        else:
            text = f"{self._place} violated the WebSocket protocol: {breach}"
        return MalformedResponseError(text, executed="no")

    def _flush(self) -> None:
        """Send the pending data of the protocol."""
        deadline = monotonic() + self._timeout
        for data in self._protocol.data_to_send():
            view = memoryview(data)
            while view:
                try:
                    view = view[self._connection.sock.send(view) :]
                except self._connection.not_yet:
                    if not self._wait(deadline, WRITE) or not monotonic() < deadline:
                        if self._woken():
                            return  # the connection is no longer needed
                        text = f"{self._place} accepted no data for {self._timeout:g} s"
                        raise TimeoutError(text, executed="no") from None
                except OSError:
                    return  # the next read finds out how it ended, perhaps with a close frame
