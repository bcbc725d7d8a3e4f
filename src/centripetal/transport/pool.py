"""The connections of a transport: those at work and those that wait for work.

No locks: lists, sets and dicts do each single step atomically, and every order of the steps of several threads is
fine. So neither a fork, nor a signal handler, nor a finalizer can meet a lock that is held.
"""

import os
import weakref
from typing import Any, Generic, TypeVar

from centripetal.protocol.http1 import Origin
from centripetal.transport.connection import Connection

__all__ = ["Pool"]

C = TypeVar("C", bound=Connection)


class Pool(Generic[C]):
    """Idle connections, last in, first out, so that few are kept busy and the rest can go.

    Args:
        limit: how many idle connections to keep per origin.

    Attributes:
        registry: all connections that hold a socket.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._shelves: dict[Origin, list[C]] = {}
        self.registry: set[Connection] = set()
        # Sockets that are merely dropped complain: those of a dropped client are closed in time.
        weakref.finalize(self, _close_all, self.registry)
        _pools.add(self)

    def take(self, origin: Origin) -> C | None:
        """An idle connection to *origin* that still stands, or None."""
        shelf = self._shelves.get(origin)
        while shelf:
            try:
                connection = shelf.pop()
            except IndexError:  # another thread was faster
                break
            if not connection.stale():
                return connection
            connection.close()
        return None

    def admit(self, connection: C) -> C:
        """Make a new *connection* one that can be given back, until `close_idle()`."""
        connection.generation = self._shelves
        return connection

    def give(self, connection: C) -> None:
        """Take back a connection that has done its work: keep it, if it can be used again and there is room."""
        shelves = self._shelves
        if not connection.reusable or connection.generation is not shelves:
            connection.close()
            return
        shelf = shelves.setdefault(connection.origin, [])
        shelf.append(connection)
        if shelves is not self._shelves:
            _clear(shelf, 0)  # another thread called close_idle() in between
        elif len(shelf) > self._limit:
            _clear(shelf, self._limit)

    def close_idle(self) -> None:
        """Close the idle connections now, and those at work when they are given back."""
        shelves, self._shelves = self._shelves, {}
        for shelf in list(shelves.values()):
            _clear(shelf, 0)

    def close_all(self) -> None:
        """Close all connections, at work or not."""
        self._shelves = {}
        _close_all(self.registry)

    def forget(self) -> None:
        """In a forked child: leave everything to the parent."""
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
