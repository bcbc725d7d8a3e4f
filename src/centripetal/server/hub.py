"""Who is connected: PURE. Connections register here; what concerns a user reaches all of its connections from here."""

from collections.abc import Iterable
from typing import Protocol

__all__ = ["Connection", "Hub"]


class Connection(Protocol):
    """A client that has authenticated, in whatever dialect; each method queues what the client gets."""

    @property
    def id(self) -> str: ...

    @property
    def user(self) -> str: ...

    def push(self, payload: bytes) -> None:
        """Send what is the same for everybody in a channel, ready to go out: it was encoded once for all."""
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

    def get(self, id_: str) -> Connection | None:
        """The connection with that id, if it is still here."""
        return self._connections.get(id_)

    def connections(self) -> list[Connection]:
        """All of them, in the order in which they came."""
        return list(self._connections.values())

    def send(self, payload: bytes, ids: Iterable[str]) -> None:
        """Push *payload* to whoever of these is still here, in this order."""
        for id_ in ids:
            connection = self._connections.get(id_)
            if connection is not None:
                connection.push(payload)

    def count_of_user(self, user: str) -> int:
        return len(self._users.get(user, ()))

    def count_connections(self) -> int:
        return len(self._connections)

    def count_users(self) -> int:
        return len(self._users)
