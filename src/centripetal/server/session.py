"""What stands between a client's connection and its session, in whatever dialect: PURE.

A *session* is one client in some dialect: it takes messages and says what goes back. The *link* is the connection as
the session sees it. The *realtime* of a dialect opens sessions, and says how their connections behave.

*D* is the dialect's type for why the server ends a connection.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol, TypeVar

from centripetal.server.listening.http1 import Request

__all__ = ["CloseFrame", "Link", "Realtime", "Session", "Timer"]

D = TypeVar("D")
D_contra = TypeVar("D_contra", contravariant=True)


class CloseFrame(NamedTuple):
    """What a WebSocket connection ends with."""

    code: int
    reason: str


class Timer(Protocol):
    """What was asked for with `Link.call_later`."""

    def cancel(self) -> None: ...


class Link(Protocol[D_contra]):
    """What a session sees of the world."""

    def now(self) -> float:
        """Unix time."""
        ...

    def send(self, payload: bytes) -> None:
        """Queue a message for the client; the same object for many clients is framed only once."""
        ...

    def end(self, disconnect: D_contra | None) -> None:
        """Close the connection after what is queued; None: without saying why."""
        ...

    def call_later(self, delay: float, callback: Callable[[], object]) -> Timer:
        """Call *callback* in *delay* seconds; 0: as soon as what is being done is done."""
        ...


class Session(Protocol[D_contra]):
    """One client, as its connection sees it."""

    def receive(self, message: bytes, /) -> None:
        """Do what the client asks for in one message, and answer through the link."""
        ...

    def close(self, disconnect: D_contra | None) -> None:
        """End, for whatever reason (None: the client is gone), and call `Link.end`; nothing if it has ended."""
        ...

    def shut_down(self) -> None:
        """End because the server stops."""
        ...


class Realtime(Protocol[D]):
    """The half of a server that clients connect to."""

    @property
    def compresses(self) -> bool:
        """Whether clients that offer to compress are taken at their word."""
        ...

    @property
    def max_message_size(self) -> int:
        """Bytes that a client may send in one message; 0: any number."""
        ...

    @property
    def max_queue_size(self) -> int:
        """Bytes that may wait for a client; more: it is closed as slow."""
        ...

    @property
    def ping_interval(self) -> float:
        """Seconds between the pings of WebSocket; 0: sessions see for themselves whether clients are alive."""
        ...

    @property
    def slow(self) -> D:
        """Why a client is closed that does not read what it is sent."""
        ...

    def open(self, link: Link[D], request: Request, /) -> Session[D]:
        """The session of a client that has just connected with *request*."""
        ...

    def subprotocol(self, request: Request, /) -> str:
        """Which of the protocols that the client offers is spoken; empty: nothing is said of it."""
        ...

    def close_frame(self, disconnect: D) -> CloseFrame:
        """How a client is told why it is closed."""
        ...

    def count_received(self, microseconds: int) -> None:
        """A message was handled, in that time."""
        ...

    def count_queued(self) -> None:
        """A message waits for a client."""
        ...

    def count_sent(self, messages: int, size: int) -> None:
        """So many messages of *size* bytes together went to the socket."""
        ...
