"""The connections of a transport, busy and idle.

The pool has no locks: single operations on lists, sets and dicts are atomic, and any interleaving of threads is safe.
Therefore a fork, a signal handler or a finalizer cannot deadlock on a lock that is held.
"""

import math
import os
import weakref
from typing import Any, Final, Generic, TypeVar

from centripetal.errors import ConnectionLostError
from centripetal.protocol.targets import Origin
from centripetal.transport.clock import monotonic
from centripetal.transport.connection import Connection

__all__ = ["Pool"]

HOT: Final = 0.05
"""Seconds after its last use for which a connection is reused without asking the system whether it is still open.

This applies only to connections that can prove afterwards that the server had closed them before the request, and that
have been used `STEADY` times: most faults of servers, such as closing each connection without a word, show earlier.
"""

STEADY: Final = 4

PROMPT: Final = 60.0
"""Seconds within which the end of a kept connection counts as noticed at the next request, and not as a failed call.

It is far below the five minutes for which servers know an idempotency key.
"""

C = TypeVar("C", bound=Connection)


class Pool(Generic[C]):
    """Idle connections, last in, first out, so that few connections are in use and the others can be closed.

    Args:
        limit: maximum number of idle connections per origin.
        max_idle: seconds after which an idle connection is not reused; None for no limit.

    Attributes:
        registry: all connections that hold a socket.
    """

    def __init__(self, limit: int, max_idle: float | None) -> None:
        self._limit = limit
        self._max_idle = math.inf if max_idle is None else max_idle
        self._shelves: dict[Origin, list[C]] = {}
        self.registry: set[Connection] = set()
        # Python warns about sockets that are garbage-collected open: close the sockets of a dropped client.
        weakref.finalize(self, _close_all, self.registry)
        _pools.add(self)

    def take(self, origin: Origin, now: float) -> C | None:
        """Return an idle connection to *origin*, or None.

        A steady connection that was used within the last `HOT` seconds is returned without a check, because a check
        costs a system call. `lost` handles the rare case that the server has closed it since. *now* is the time of the
        monotonic clock.
        """
        shelf = self._shelves.get(origin)
        while shelf:
            try:
                connection = shelf.pop()
            except IndexError:  # another thread took the last connection
                break
            idle = now - connection.used
            if 0 <= idle < HOT and connection.uses >= STEADY and connection.certain and not connection.closed:
                return connection
            if idle < connection.lifetime(self._max_idle) and not connection.stale():
                return connection
            connection.close()
        return None

    def lost(self, connection: C, error: ConnectionLostError, now: float) -> bool:
        """Handle *error* of a request on *connection*, which `take` returned at the time *now*.

        Return whether the server certainly has not seen the request, so that it can be sent again. The other idle
        connections are checked before they are reused, because the server may have closed them too.
        """
        for other in list(self._shelves.get(connection.origin, ())):
            other.used = min(other.used, now - 2 * HOT)
        error.stale = not connection.heard and monotonic() - now < PROMPT
        return error.executed == "no"

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
        connection.used = now = monotonic()
        connection.uses += 1
        shelf = shelves.setdefault(connection.origin, [])
        shelf.append(connection)
        if shelves is not self._shelves:
            _clear(shelf, 0)  # another thread called close_idle() meanwhile
        elif (count := len(shelf)) > self._limit:
            _clear(shelf, self._limit)
        elif count > 1 and now - shelf[0].used > self._max_idle:
            _clear(shelf, count - 1)  # the first connection has been idle for the longest time

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
