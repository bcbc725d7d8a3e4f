"""What connects a session with its 1.x client, and why the server ends connections (spec v1 §9.3): PURE."""

from collections.abc import Callable
from typing import Protocol

from centripetal.dialects.v1.realtime import Disconnect

__all__ = ["DISCONNECT", "EXPIRED", "INVALID_MESSAGE", "INVALID_TOKEN", "LIMIT_EXCEEDED", "METHOD_NOT_FOUND"]
__all__ += ["SHUTTING_DOWN", "SLOW", "STALE", "UNAUTHORIZED", "FatalError", "Link", "Timer"]

INVALID_MESSAGE = Disconnect("invalid message", False)
UNAUTHORIZED = Disconnect("unauthorized", False)
INVALID_TOKEN = Disconnect("invalid token", False)
METHOD_NOT_FOUND = Disconnect("method not found", False)
LIMIT_EXCEEDED = Disconnect("limit exceeded", False)
STALE = Disconnect("stale", False)
EXPIRED = Disconnect("expired", True)
DISCONNECT = Disconnect("disconnect", False)
SLOW = Disconnect("slow", False)
SHUTTING_DOWN = Disconnect("shutting down", True)


class FatalError(Exception):
    """The connection ends, and the replies of this frame are lost."""

    def __init__(self, disconnect: Disconnect) -> None:
        super().__init__(disconnect.reason)
        self.disconnect = disconnect


class Timer(Protocol):
    """What was asked for with `Link.call_later`."""

    def cancel(self) -> None: ...


class Link(Protocol):
    """What a session sees of the world."""

    def now(self) -> float:
        """Unix time."""
        ...

    def send(self, payload: bytes) -> None:
        """Queue a frame for the client."""
        ...

    def end(self, disconnect: Disconnect | None) -> None:
        """Close the connection after what is queued; None: without saying why."""
        ...

    def call_later(self, delay: float, callback: Callable[[], object]) -> Timer:
        """Call *callback* in *delay* seconds; 0: as soon as what is being done is done."""
        ...
