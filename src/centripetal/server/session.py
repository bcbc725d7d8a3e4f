"""How a client's connection and its session talk to each other, in either generation: PURE.

A *session* is one client in some dialect: it takes messages and answers through its `ClientConnection`, which
`listening/websocket.py` implements. A `ClientEndpoint` opens sessions and says how their connections behave.

*D* is the dialect's type of the reasons for which the server ends a connection.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Generic, NamedTuple, Protocol, TypeVar

from centripetal.server.listening.http1 import Request

__all__ = ["ClientConnection", "ClientEndpoint", "CloseFrame", "Session", "Timer"]

D = TypeVar("D")
D_contra = TypeVar("D_contra", contravariant=True)


class CloseFrame(NamedTuple):
    """The code and reason that end a WebSocket connection."""

    code: int
    reason: str


class Timer(Protocol):
    """A call that `ClientConnection.call_later` has scheduled."""

    def cancel(self) -> None: ...


class ClientConnection(Protocol[D_contra]):
    """The connection of a client, as its session sees it."""

    def send(self, payload: bytes) -> None:
        """Queue a message for the client; the same object for many clients is framed only once."""
        ...

    def end(self, disconnect: D_contra | None) -> None:
        """Close the connection after what is queued; with None, without giving a reason."""
        ...

    def call_later(self, delay: float, callback: Callable[[], object]) -> Timer:
        """Call *callback* in *delay* seconds; with 0, as soon as the work in hand is done."""
        ...


class Session(Protocol[D_contra]):
    """One client, as its connection sees it."""

    def receive(self, message: bytes, /) -> None:
        """Do what the client asks for in one message, and answer through the connection."""
        ...

    def close(self, disconnect: D_contra | None) -> None:
        """End the session and call `ClientConnection.end`; None: the client is gone. Does nothing the second time."""
        ...

    def shut_down(self) -> None:
        """End because the server stops."""
        ...


class ClientEndpoint(ABC, Generic[D]):
    """The place to which clients connect.

    Attributes:
        compresses: whether to compress messages for clients that offer it.
        max_message_size: maximum number of bytes in a client's message; 0 is no limit.
        max_queue_size: maximum number of bytes that may wait for a client; beyond it, the client is closed as slow.
        ping_interval: seconds between WebSocket pings; 0: sessions check for themselves whether clients are alive.
        slow: why a client is closed that does not read what it is sent.
    """

    compresses: bool
    max_message_size: int
    max_queue_size: int
    ping_interval: float = 0.0
    slow: D

    @abstractmethod
    def open(self, connection: ClientConnection[D], request: Request, /) -> Session[D]:
        """Return the session of a client that has just connected with *request*."""

    @abstractmethod
    def close_frame(self, disconnect: D) -> CloseFrame:
        """Return the close frame that tells a client why it is closed."""

    def subprotocol(self, _: Request, /) -> str:
        """Return the subprotocol to choose among those that the client offers; empty: choose none."""
        return ""

    def count_queued(self) -> None:
        """Count a message that waits for a client; does nothing unless the generation has such a metric."""

    def count_sent(self, messages: int, size: int) -> None:
        """Count *messages* of *size* bytes together that went to the socket, as `count_queued` does."""
