"""What the API of a 1.x server can do to a connected client: PURE."""

from typing import Protocol

from centripetal.server.engine.hub import Connection as AnyConnection

__all__ = ["Connection"]


class Connection(AnyConnection, Protocol):
    """A client that has authenticated; each method queues what the client gets."""

    def unsubscribe(self, channel: str) -> None:
        """Leave *channel*, or every channel if it is empty, because the back end says so (spec v1 §9.10)."""
        ...

    def disconnect(self) -> None:
        """Close, because the back end says so; the client is not to come back."""
        ...
