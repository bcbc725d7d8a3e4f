"""A WebSocket as clients have one, blocking: messages out, messages in, and how it ended.

The protocol is that of `websockets`, without its I/O: so connections are opened, and their failures told, as those of
HTTP are; and messages need not be UTF-8, for those of Centrifugo 1.x aren't always (spec v1 §9.1). It comes with the
extras `cli` and `server`; nothing imports this module before it is needed.
"""

import select
import socket
from collections import deque
from contextlib import suppress
from time import monotonic
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
from centripetal.protocol.http1 import target_of
from centripetal.protocol.watching import websocket_url
from centripetal.transport.blocking import open_connection
from centripetal.transport.connection import LONGEST_WAIT, RECEIVE_BYTES
from centripetal.transport.settings import Settings
from centripetal.version import __version__

__all__ = ["Closed", "WebSocket"]


class Closed(NamedTuple):
    """The connection has ended: code and reason of the close frame, or None and "" if there was none."""

    code: int | None = None
    reason: str = ""


class WebSocket:
    """One connection.

    Args:
        url: where the server's API is, by http or https; clients connect beside it.
        timeout: seconds in which there must be a connection, and in which the server must take what is sent.
        settings: TLS, the largest message, and so on.

    Raises:
        ConnectError, TimeoutError, ConnectionLostError: there is no connection to be had.
        HTTPStatusError: the server does not speak WebSocket there.
        MalformedResponseError: it does not even speak HTTP.
    """

    def __init__(self, url: str, timeout: float, settings: Settings) -> None:
        self._timeout = timeout
        origin = target_of(url).origin
        self._place = settings.place(origin)
        deadline = monotonic() + timeout
        uri = parse_uri(websocket_url(url))
        self._protocol = ClientProtocol(uri, max_size=settings.max_response_bytes)
        self._received: deque[bytes | Closed] = deque()
        self._fragments: list[bytes] = []
        self._connection = open_connection(settings, origin, set(), deadline, timeout)
        try:
            request = self._protocol.connect()
            request.headers["User-Agent"] = f"centripetal/{__version__}"
            self._protocol.send_request(request)
            self._flush()
            self._shake_hands(uri.resource_name, deadline)
        except BaseException:
            self._connection.close()
            raise

    def send(self, message: bytes) -> None:
        """Send a text. If the connection has ended, `receive` says so."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_text(message)
            self._flush()

    def receive(self, seconds: float, waker: socket.socket | None = None) -> bytes | Closed | None:
        """The next message, or the end, after which nothing comes.

        Args:
            seconds: how long to wait for it.
            waker: not longer, at any rate, than until something can be read from this.

        Returns:
            None if there is none yet.

        Raises:
            MalformedResponseError: the server does not keep to the protocol, or a message is too large.
        """
        deadline = monotonic() + seconds
        while not self._received:
            if (breach := self._breach()) is not None:
                raise self._broken(breach)
            if not self._wait(deadline, waker):
                return None
            self._read()
        return self._received.popleft()

    def close(self) -> None:
        """End the connection, with a close frame if the socket takes it at once."""
        if not self._connection.closed:
            with suppress(Exception):  # the library refuses where the server has closed already
                self._protocol.send_close(1000)
            with suppress(OSError):
                self._connection.sock.send(b"".join(self._protocol.data_to_send()))
        self._connection.close()

    def _shake_hands(self, path: str, deadline: float) -> None:
        while (response := self._response()) is None:
            if not self._wait(deadline):
                raise TimeoutError(f"{self._place} did not answer within {self._timeout:g} s", executed="no")
            self._read()
        if response.status_code != 101:
            text = f"{self._place} answers {response.status_code} to GET {path}: there is no WebSocket of a Centrifugo"
            refused = response.status_code in (401, 403)
            kind = AuthenticationError if refused else HTTPStatusError
            raise kind(text, status=response.status_code, body=bytes(response.body or b""), executed="no")
        self._take()

    def _response(self) -> Response | None:
        """The answer to the handshake, if it is here."""
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
            raise ConnectionLostError(f"{self._place} hung up while the connection was being set up", executed="no")
        raise MalformedResponseError(f"{self._place} does not speak WebSocket: {failure}", executed="no")

    def _wait(self, deadline: float, waker: socket.socket | None = None) -> bool:
        """Whether there is something to read, before *deadline* or a word from *waker*."""
        sock = self._connection.sock
        # What TLS has decrypted already, the socket does not announce.
        pending = getattr(sock, "pending", None)
        if pending is not None and pending():
            return True
        seconds = max(0.0, min(deadline - monotonic(), LONGEST_WAIT))
        poller = select.poll()
        for each in (sock, waker):
            if each is not None:
                poller.register(each, select.POLLIN)
        ready = [descriptor for descriptor, _ in poller.poll(seconds * 1000)]
        return sock.fileno() in ready

    def _read(self) -> None:
        """Take what has arrived."""
        try:
            data = self._connection.sock.recv(RECEIVE_BYTES)
        except self._connection.not_yet:
            return
        except OSError:
            data = b""  # whichever way it broke, it has ended
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
        """Make messages of the frames that have come."""
        for frame in self._protocol.events_received():
            assert isinstance(frame, Frame)
            if frame.opcode is Opcode.CLOSE:
                close = Close.parse(frame.data) if frame.data else None
                self._received.append(Closed(int(close.code), close.reason) if close else Closed())
            elif frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                self._fragments.append(bytes(frame.data))
                if frame.fin:
                    self._received.append(b"".join(self._fragments))
                    self._fragments = []

    def _breach(self) -> Exception | None:
        """What the server did that the protocol does not allow."""
        error = self._protocol.parser_exc
        return None if isinstance(error, EOFError) else error

    def _broken(self, breach: Exception) -> MalformedResponseError:
        if isinstance(breach, PayloadTooBig):
            text = f"{self._place} sent a message that is too large: {breach}"
        else:
            text = f"{self._place} does not keep to the WebSocket protocol: {breach}"
        return MalformedResponseError(text, executed="no")

    def _flush(self) -> None:
        """Write what the protocol has to say."""
        deadline = monotonic() + self._timeout
        for data in self._protocol.data_to_send():
            view = memoryview(data)
            while view:
                try:
                    view = view[self._connection.sock.send(view) :]
                except self._connection.not_yet:
                    if not self._connection.wait(select.POLLOUT, deadline - monotonic()):
                        text = f"{self._place} took nothing for {self._timeout:g} s"
                        raise TimeoutError(text, executed="no") from None
                except OSError:
                    return  # reading tells how it ended, perhaps with a close frame
