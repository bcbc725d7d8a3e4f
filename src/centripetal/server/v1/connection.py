"""The interface of a connected client for the API of a 1.x server: PURE."""

from typing import Protocol

from centripetal.server.engine.hub import Connection as AnyConnection

__all__ = ["Connection"]


class Connection(AnyConnection, Protocol):
    """An authenticated client; each method queues the message for the client."""

    def unsubscribe(self, channel: str) -> None:
        """End the subscription to *channel*, or all subscriptions if it is empty, for the API.

        See protocol 1: client-api-effects.
        """
        ...

    def disconnect(self) -> None:
        """Close the connection for the API; the client is told not to reconnect."""
        ...
