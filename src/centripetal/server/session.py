"""Interfaces between a client's connection and its session, common to both generations: PURE.

A *session* handles one client in one dialect: it receives messages and answers through its `ClientConnection`, which
`listening/websocket.py` implements. A `ClientEndpoint` opens sessions and defines the limits of their connections.

*D* is the dialect's type for the reasons for which the server closes a connection.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Generic, NamedTuple, Protocol, TypeVar

from centripetal.server.listening.http1 import Request

__all__ = ["ClientConnection", "ClientEndpoint", "CloseFrame", "Session", "Timer"]

_WITHOUT_CODE = 1005  # means a frame without content
_RESERVED = (1004, 1005, 1006)
_LONGEST_REASON = 123  # bytes

D = TypeVar("D")
D_contra = TypeVar("D_contra", contravariant=True)


class CloseFrame(NamedTuple):
    """The code and reason of a WebSocket close frame."""

    code: int
    reason: str

    @property
    def payload(self) -> bytes | None:
        """The content of the frame, as Go writes it; None if the real server sends no frame.

        An application can choose any code. Clients take a code that they do not accept for the end without a frame.
        """
        reason = self.reason.encode()
        if len(reason) > _LONGEST_REASON:
            return None
        return b"" if self.code == _WITHOUT_CODE else (self.code & 0xFFFF).to_bytes(2, "big") + reason

    @property
    def is_valid(self) -> bool:
        """Whether clients accept the frame (RFC 6455, section 7.4)."""
        code = self.code & 0xFFFF
        return self.payload is not None and (3000 <= code < 5000 or 1000 <= code < 1015) and code not in _RESERVED


class Timer(Protocol):
    """A call that `ClientConnection.call_later` has scheduled."""

    def cancel(self) -> None: ...


class ClientConnection(Protocol[D_contra]):
    """The connection of a client, as its session sees it."""

    def send(self, payload: bytes) -> None:
        """Queue a message for the client. If many clients get the same `bytes` object, it is framed only once."""
        ...

    def end(self, disconnect: D_contra | None) -> None:
        """Flush the queue and close the connection; with None, close it without a close frame."""
        ...

    def call_later(self, delay: float, callback: Callable[[], object]) -> Timer:
        """Call *callback* in *delay* seconds; with 0, in the next iteration of the event loop."""
        ...

    def pause_reading(self) -> None:
        """Deliver no further message to the session until `resume_reading`, and do not notice that the client leaves.

        The client's messages fill the buffers of the network, as with a real server that is busy with a command.
        """
        ...

    def resume_reading(self) -> None:
        """Deliver messages again; the first may be delivered before this method returns."""
        ...


class Session(Protocol[D_contra]):
    """One client, as its connection sees it."""

    @property
    def user(self) -> str:
        """The user's id; empty for the anonymous user and before the client has connected."""
        ...

    def receive(self, message: bytes, /) -> None:
        """Execute the commands in one message and answer through the connection."""
        ...

    def close(self, disconnect: D_contra | None) -> None:
        """End the session and call `ClientConnection.end`. None means that the client is gone. Idempotent."""
        ...

    def shut_down(self) -> None:
        """End the session because the server stops."""
        ...


class ClientEndpoint(ABC, Generic[D]):
    """Opens the sessions of clients and sets the limits of their connections.

    Attributes:
        compresses: whether to compress messages for clients that offer it.
        max_message_size: maximum number of bytes in a client's message; 0 means no limit.
        max_queue_size: maximum number of bytes queued for a client; above it, the client is closed as slow.
        ping_interval: seconds between WebSocket pings; 0 if sessions check themselves whether clients are alive.
        slow: the reason for closing a client that reads too slowly.
    """

    compresses: bool
    max_message_size: int
    max_queue_size: int
    ping_interval: float = 0.0
    slow: D

    @abstractmethod
    def open(self, connection: ClientConnection[D], request: Request, /) -> Session[D]:
        """Return a session for a client that has just connected with *request*."""

    @abstractmethod
    def close_frame(self, disconnect: D) -> CloseFrame | None:
        """Return the close frame for *disconnect*; None to close without a frame."""

    def subprotocol(self, _: Request, /) -> str:
        """Return one of the subprotocols that the client offers, or an empty string to choose none."""
        return ""

    def count_queued(self) -> None:
        """Count a message that was queued for a client. Does nothing unless the generation has such a metric."""

    def count_sent(self, messages: int, size: int) -> None:
        """Count *messages* with a total of *size* bytes that were written to the socket, like `count_queued`."""
