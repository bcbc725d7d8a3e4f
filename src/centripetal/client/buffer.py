"""The buffer of a client: commands that wait for `send()`. Safe across threads and `fork`.

Who sends takes everything that waits, with a `Claim`; if the sending fails, giving the claim back puts the commands
where they were, in the order in which they were added, before anything added since.
"""

import threading
from typing import Any

from centripetal.client.forks import renew_after_fork
from centripetal.errors import UsageError
from centripetal.protocol.command import Prepared

__all__ = ["Buffer", "Claim"]


class Claim:
    """The commands that one send has taken, each with its place in the line."""

    __slots__ = ("items",)

    def __init__(self) -> None:
        self.items: list[tuple[int, Prepared[Any]]] = []

    @property
    def calls(self) -> list[Prepared[Any]]:
        return [call for _, call in self.items]


class Buffer:
    """Commands in line."""

    def __init__(self) -> None:
        self._renew()
        renew_after_fork(self)

    def _renew(self) -> None:
        # Also in a forked child: its commands are the parent's to send, and its lock may be held by a thread that
        # only the parent has.
        self._lock = threading.Lock()
        self._items: list[tuple[int, Prepared[Any]]] = []
        self._next = 0

    def __len__(self) -> int:
        return len(self._items)

    def add(self, call: Prepared[Any]) -> None:
        """Put *call* at the end of the line."""
        if call.command.timeout is not None:
            raise UsageError("a buffered command has no time limit of its own: send(timeout=…) limits them all")
        with self._lock:
            self._items.append((self._next, call))
            self._next += 1

    def take(self, claim: Claim) -> None:
        """Move all that waits into *claim*."""
        with self._lock:
            claim.items, self._items = self._items, []

    def give_back(self, claim: Claim) -> None:
        """Put what *claim* holds back in its old place."""
        with self._lock:
            self._items = sorted(claim.items + self._items, key=_place)

    def clear(self) -> None:
        """Forget what waits."""
        with self._lock:
            self._items = []


def _place(item: tuple[int, Prepared[Any]]) -> int:
    return item[0]
