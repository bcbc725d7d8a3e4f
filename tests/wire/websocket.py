"""A WebSocket client for tests that sends only what the test asks for and shows every frame, including pings.

Frames are built and parsed by `websockets` without I/O. Sockets are blocking, with a time limit for failing tests.
"""

import contextlib
import select
import socket
import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, Self
from urllib.parse import urlsplit

from websockets.client import ClientProtocol
from websockets.frames import Close, Frame, Opcode
from websockets.http11 import Response
from websockets.uri import parse_uri

__all__ = ["LIMIT", "Client", "EndOfStream"]

LIMIT = 20.0  # seconds until a test fails that waits for data


class EndOfStream:
    """End of the TCP stream, as a received item."""


class Client:
    """A WebSocket connection.

    Args:
        url: address to connect to.
        headers: additional headers of the handshake.
        extensions: extensions to offer, as factories of `websockets`.
    """

    def __init__(self, url: str, headers: Mapping[str, str] = {}, extensions: Sequence[Any] = ()) -> None:
        headers = dict(headers)
        offered: list[Any] = [name for name in headers.pop("Sec-WebSocket-Protocol", "").split(",") if name]
        self.protocol = ClientProtocol(
            parse_uri(url), extensions=extensions, subprotocols=offered or None, max_size=None
        )
        address = urlsplit(url)
        self.socket = socket.create_connection((address.hostname, address.port), timeout=LIMIT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.events: deque[Frame | EndOfStream] = deque()
        self._ended = False
        request = self.protocol.connect()
        for name, value in headers.items():
            request.headers[name] = value
        self.protocol.send_request(request)
        self.flush()
        self.response = self._handshake()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.drop()

    # ---- sending

    def send(self, data: bytes, *, binary: bool = False, fragments: Sequence[int] = ()) -> None:
        """Send a message, split into fragments at these offsets."""
        parts = [data[start:end] for start, end in zip((0, *fragments), (*fragments, len(data)), strict=True)]
        first = self.protocol.send_binary if binary else self.protocol.send_text
        first(parts[0], fin=len(parts) == 1)
        for index, part in enumerate(parts[1:], 2):
            self.protocol.send_continuation(part, fin=index == len(parts))
        self.flush()

    def send_frame(self, frame: Frame) -> None:
        """Send a frame unchanged, even if it is not allowed."""
        self.socket.sendall(frame.serialize(mask=True))

    def close(self, code: int | None = None, reason: str = "") -> None:
        """Send a close frame; the connection stays open until the server closes it."""
        self.protocol.send_close(code, reason)
        self.flush()

    def drop(self) -> None:
        """Cut the TCP connection."""
        self.socket.close()

    def flush(self) -> None:
        for data in self.protocol.data_to_send():
            if data:
                # The server may be gone when the library answers its close frame.
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    self.socket.sendall(data)

    # ---- receiving

    def receive(self) -> Frame | EndOfStream:
        """Return the next frame, or the end of the stream."""
        while not self.events:
            self._read()
        return self.events.popleft()

    def receive_text(self) -> bytes:
        """Return the data of the next frame, which must be a text frame."""
        frame = self.receive()
        assert isinstance(frame, Frame), "the stream has ended"
        assert frame.opcode is Opcode.TEXT, frame
        return bytes(frame.data)

    def receive_close(self) -> tuple[int | None, str]:
        """Return code and reason of the next frame, which must be a close frame."""
        frame = self.receive()
        assert isinstance(frame, Frame), "the stream has ended"
        assert frame.opcode is Opcode.CLOSE, frame
        if not frame.data:
            return None, ""
        close = Close.parse(frame.data)
        return int(close.code), close.reason

    def receive_end(self) -> None:
        """Check that the stream ends now."""
        assert isinstance(self.receive(), EndOfStream)

    def receive_nothing(self, seconds: float) -> None:
        """Check that nothing arrives for *seconds*."""
        end = time.monotonic() + seconds
        while not self.events and (remaining := end - time.monotonic()) > 0:
            if select.select([self.socket], [], [], remaining)[0]:
                self._read()
        assert not self.events, self.events[0]

    def _handshake(self) -> Response:
        # The response is the first event of the protocol; a refusal is an exception with the response.
        while True:
            data = self.socket.recv(1 << 16)
            if data:
                self.protocol.receive_data(data)
            else:
                self.protocol.receive_eof()
            for event in self.protocol.events_received():
                if isinstance(event, Response):
                    if event.status_code == 101:
                        self.events.extend(each for each in self.protocol.events_received() if isinstance(each, Frame))
                    return event
            assert data, "the stream ended before the handshake"

    def _read(self) -> None:
        assert not self._ended, "nothing comes after the end"
        try:
            data = self.socket.recv(1 << 16)
        except ConnectionResetError:
            data = b""
        if data:
            self.protocol.receive_data(data)
            self.events.extend(event for event in self.protocol.events_received() if isinstance(event, Frame))
            self.flush()
        else:
            self._ended = True
            self.events.append(EndOfStream())
