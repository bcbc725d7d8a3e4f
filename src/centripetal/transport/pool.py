"""The connections of a transport, busy and idle.

The pool has no locks: single operations on lists, sets and dicts are atomic, and any interleaving of threads is safe.
Therefore a fork, a signal handler or a finalizer cannot deadlock on a lock that is held.
"""

import os
import weakref
from typing import Any, Generic, TypeVar

from centripetal.protocol.http1 import Origin
from centripetal.transport.connection import Connection

__all__ = ["Pool"]

C = TypeVar("C", bound=Connection)


class Pool(Generic[C]):
    """Idle connections, last in, first out, so that few connections are in use and the others can be closed.

    Args:
        limit: maximum number of idle connections per origin.

    Attributes:
        registry: all connections that hold a socket.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._shelves: dict[Origin, list[C]] = {}
        self.registry: set[Connection] = set()
        # Python warns about sockets that are garbage-collected open: close the sockets of a dropped client.
        weakref.finalize(self, _close_all, self.registry)
        _pools.add(self)

    def take(self, origin: Origin) -> C | None:
        """Return an idle connection to *origin* that is still open, or None."""
        shelf = self._shelves.get(origin)
        while shelf:
            try:
                connection = shelf.pop()
            except IndexError:  # another thread took the last connection
                break
            if not connection.stale():
                return connection
            connection.close()
        return None

    def admit(self, connection: C) -> C:
        """Register a new *connection*, so that `give` keeps it, until `close_idle()`."""
        connection.generation = self._shelves
        return connection

    def give(self, connection: C) -> None:
        """Return a connection to the pool: keep it if it can be reused and the limit allows it; close it otherwise."""
        shelves = self._shelves
        if not connection.reusable or connection.generation is not shelves:
            connection.close()
            return
        shelf = shelves.setdefault(connection.origin, [])
        shelf.append(connection)
        if shelves is not self._shelves:
            _clear(shelf, 0)  # another thread called close_idle() meanwhile
        elif len(shelf) > self._limit:
            _clear(shelf, self._limit)

    def close_idle(self) -> None:
        """Close the idle connections now, and busy connections when they are given back."""
        shelves, self._shelves = self._shelves, {}
        for shelf in list(shelves.values()):
            _clear(shelf, 0)

    def close_all(self) -> None:
        """Close all connections, busy and idle."""
        self._shelves = {}
        _close_all(self.registry)

    def forget(self) -> None:
        """Drop all connections in a forked child; they belong to the parent."""
        self._shelves = {}
        while self.registry:
            self.registry.pop().abandon()


def _clear(shelf: list[C], limit: int) -> None:
    while len(shelf) > limit:
        try:
            connection = shelf.pop(0)
        except IndexError:
            return
        connection.close()


def _close_all(registry: set[Connection]) -> None:
    for connection in list(registry):
        connection.close()


_pools: "weakref.WeakSet[Pool[Any]]" = weakref.WeakSet()


def _in_child() -> None:
    for pool in list(_pools):
        pool.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
