"""The buffer of a client: commands that wait for `send()`. Safe across threads and `fork`.

`send()` moves all commands of the buffer into a `Claim`. If sending fails, it gives the claim back, and the commands
return to the front of the buffer in their original order, before commands that were added meanwhile.
"""

import threading
from typing import Any

from centripetal.client.forks import renew_after_fork
from centripetal.errors import UsageError
from centripetal.protocol.command import Prepared

__all__ = ["Buffer", "Claim"]


class Claim:
    """Commands taken from the buffer by one `send()`, each with its sequence number."""

    __slots__ = ("items",)

    def __init__(self) -> None:
        self.items: list[tuple[int, Prepared[Any]]] = []

    @property
    def calls(self) -> list[Prepared[Any]]:
        return [call for _, call in self.items]


class Buffer:
    """Commands in the order in which they were added."""

    def __init__(self) -> None:
        self._renew()
        renew_after_fork(self)

    def _renew(self) -> None:
        # Runs in a forked child too: the parent sends the buffered commands, and the lock may be held by a thread that
        # exists only in the parent.
        self._lock = threading.Lock()
        self._items: list[tuple[int, Prepared[Any]]] = []
        self._next = 0

    def __len__(self) -> int:
        return len(self._items)

    def add(self, call: Prepared[Any]) -> None:
        """Append *call*."""
        if call.command.timeout is not None:
            raise UsageError(
                "a buffered command cannot have its own timeout: pass send(timeout=…) for the whole buffer"
            )
        with self._lock:
            self._items.append((self._next, call))
            self._next += 1

    def take(self, claim: Claim) -> None:
        """Move all commands into *claim*."""
        with self._lock:
            claim.items, self._items = self._items, []

    def give_back(self, claim: Claim) -> None:
        """Put the commands of *claim* back in front of newer commands."""
        with self._lock:
            self._items = sorted(claim.items + self._items, key=_place)

    def clear(self) -> None:
        """Remove all commands."""
        with self._lock:
            self._items = []


def _place(item: tuple[int, Prepared[Any]]) -> int:
    return item[0]
