"""The registry of a server's connections, by id and by user: PURE."""

from collections.abc import Iterable
from typing import Generic, Protocol, TypeVar

__all__ = ["Connection", "Hub"]


class Connection(Protocol):
    """An authenticated client of any dialect."""

    @property
    def id(self) -> str: ...

    @property
    def user(self) -> str: ...

    def push(self, payload: bytes) -> None:
        """Send *payload*, which was encoded once for all subscribers of a channel."""
        ...


C = TypeVar("C", bound=Connection)


class Hub(Generic[C]):
    """The connections of one server, by id and by user; *C* is the connection type of its dialect."""

    def __init__(self) -> None:
        self._connections: dict[str, C] = {}
        self._users: dict[str, dict[str, C]] = {}

    def add(self, connection: C) -> None:
        self._connections[connection.id] = connection
        self._users.setdefault(connection.user, {})[connection.id] = connection

    def remove(self, connection: C) -> None:
        self._connections.pop(connection.id, None)
        of_user = self._users.get(connection.user, {})
        of_user.pop(connection.id, None)
        if not of_user:
            self._users.pop(connection.user, None)

    def of_user(self, user: str) -> list[C]:
        """Return all connections of *user*, as a copy, because the caller's actions may remove some of them."""
        return list(self._users.get(user, {}).values())

    def connections(self) -> list[C]:
        """Return all connections, oldest first."""
        return list(self._connections.values())

    def find(self, ids: Iterable[str]) -> list[C]:
        """Return the connections with these ids, in this order; skip ids that are no longer connected."""
        found = (self._connections.get(id_) for id_ in ids)
        return [connection for connection in found if connection is not None]

    def send(self, payload: bytes, ids: Iterable[str]) -> None:
        """Push *payload* to the connections with these ids, in this order; skip ids that are no longer connected."""
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
