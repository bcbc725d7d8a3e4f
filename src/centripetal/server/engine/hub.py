"""Who is connected: PURE. Connections register here; what concerns a user reaches all of its connections from here."""

from collections.abc import Iterable
from typing import Generic, Protocol, TypeVar

__all__ = ["Connection", "Hub"]


class Connection(Protocol):
    """A client that has authenticated, in whatever dialect."""

    @property
    def id(self) -> str: ...

    @property
    def user(self) -> str: ...

    def push(self, payload: bytes) -> None:
        """Send what is the same for everybody in a channel, ready to go out: it was encoded once for all."""
        ...


C = TypeVar("C", bound=Connection)


class Hub(Generic[C]):
    """The connections of one server, by id and by user; *C* is what they are in its dialect."""

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
        """All connections of *user*: a copy, since what is done to them may remove them."""
        return list(self._users.get(user, {}).values())

    def connections(self) -> list[C]:
        """All of them, in the order in which they came."""
        return list(self._connections.values())

    def find(self, ids: Iterable[str]) -> list[C]:
        """Whoever of these is still here, in this order."""
        found = (self._connections.get(id_) for id_ in ids)
        return [connection for connection in found if connection is not None]

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
