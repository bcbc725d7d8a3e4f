"""A WebSocket client for tests that does what it is told and nothing else: it sees every frame, pings included.

Frames are made and read by `websockets` without I/O; sockets block, with a time limit that only a failure meets.
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

LIMIT = 20.0  # seconds until a test fails that waits for what does not come


class EndOfStream:
    """What is received when the TCP stream has ended."""


class Client:
    """One connection.

    Args:
        url: where to connect to.
        headers: of the handshake, besides those that make it one.
        extensions: what to offer, as factories of `websockets`.
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
        """Send a message, split at these offsets."""
        parts = [data[start:end] for start, end in zip((0, *fragments), (*fragments, len(data)), strict=True)]
        first = self.protocol.send_binary if binary else self.protocol.send_text
        first(parts[0], fin=len(parts) == 1)
        for index, part in enumerate(parts[1:], 2):
            self.protocol.send_continuation(part, fin=index == len(parts))
        self.flush()

    def send_frame(self, frame: Frame) -> None:
        """Send a frame as it is, whether it is allowed or not."""
        self.socket.sendall(frame.serialize(mask=True))

    def close(self, code: int | None = None, reason: str = "") -> None:
        """Send a close frame; the connection stays until the server ends it."""
        self.protocol.send_close(code, reason)
        self.flush()

    def drop(self) -> None:
        """Cut the TCP connection."""
        self.socket.close()

    def flush(self) -> None:
        for data in self.protocol.data_to_send():
            if data:
                # The server may have gone while the library answers its close frame.
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    self.socket.sendall(data)

    # ---- receiving

    def receive(self) -> Frame | EndOfStream:
        """The next frame, or the end."""
        while not self.events:
            self._read()
        return self.events.popleft()

    def receive_text(self) -> bytes:
        """The next frame, which is a text."""
        frame = self.receive()
        assert isinstance(frame, Frame), "the stream has ended"
        assert frame.opcode is Opcode.TEXT, frame
        return bytes(frame.data)

    def receive_close(self) -> tuple[int | None, str]:
        """Code and reason of the next frame, which is a close frame."""
        frame = self.receive()
        assert isinstance(frame, Frame), "the stream has ended"
        assert frame.opcode is Opcode.CLOSE, frame
        if not frame.data:
            return None, ""
        close = Close.parse(frame.data)
        return int(close.code), close.reason

    def receive_end(self) -> None:
        """Make sure that the stream ends now."""
        assert isinstance(self.receive(), EndOfStream)

    def receive_nothing(self, seconds: float) -> None:
        """Make sure that nothing comes in that time."""
        end = time.monotonic() + seconds
        while not self.events and (remaining := end - time.monotonic()) > 0:
            if select.select([self.socket], [], [], remaining)[0]:
                self._read()
        assert not self.events, self.events[0]

    def _handshake(self) -> Response:
        # The response is the first event of the protocol; a refusal is an exception that holds it.
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
