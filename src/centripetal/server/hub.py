"""Who is connected: PURE. Connections register here; what concerns a user reaches all of its connections from here."""

from typing import Protocol

from centripetal.server.engine import Delivery

__all__ = ["Connection", "Hub"]


class Connection(Protocol):
    """A client that has authenticated, in whatever dialect; each method queues what the client gets."""

    @property
    def id(self) -> str: ...

    @property
    def user(self) -> str: ...

    def push(self, delivery: Delivery) -> None:
        """Send a message of a channel that this connection is subscribed to."""
        ...

    def unsubscribe(self, channel: str) -> None:
        """Leave *channel*, or every channel if it is empty, because the back end says so (spec v1 §9.10)."""
        ...

    def disconnect(self) -> None:
        """Close, because the back end says so; the client is not to come back."""
        ...


class Hub:
    """The connections of one server, by id and by user."""

    def __init__(self) -> None:
        self._connections: dict[str, Connection] = {}
        self._users: dict[str, dict[str, Connection]] = {}

    def add(self, connection: Connection) -> None:
        self._connections[connection.id] = connection
        self._users.setdefault(connection.user, {})[connection.id] = connection

    def remove(self, connection: Connection) -> None:
        self._connections.pop(connection.id, None)
        of_user = self._users.get(connection.user, {})
        of_user.pop(connection.id, None)
        if not of_user:
            self._users.pop(connection.user, None)

    def of_user(self, user: str) -> list[Connection]:
        """All connections of *user*: a copy, since what is done to them may remove them."""
        return list(self._users.get(user, {}).values())

    def deliver(self, delivery: Delivery) -> None:
        """Push a message to whoever of its subscribers is still here."""
        for id_ in delivery.subscribers:
            connection = self._connections.get(id_)
            if connection is not None:
                connection.push(delivery)

    def count_connections(self) -> int:
        return len(self._connections)

    def count_users(self) -> int:
        return len(self._users)
