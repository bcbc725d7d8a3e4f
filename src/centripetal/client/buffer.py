"""The buffer of a client: commands that wait for `send()`. Safe across threads, signal handlers, interrupts and `fork`.

`send()` moves all commands of the buffer into a `Claim`. If sending fails, it gives the claim back, and the commands
return to the front of the buffer in their original order, before commands that were added meanwhile.

There is no lock: each method changes the buffer with one call of a function written in C, which neither another thread
nor a signal handler can interrupt.
"""

from contextlib import suppress
from itertools import count
from typing import Any

from centripetal.client.forks import renew_after_fork
from centripetal.errors import UsageError
from centripetal.protocol.command import Prepared

__all__ = ["Buffer", "Claim"]


class Claim:
    """Commands taken from the buffer by one `send()`, by their sequence numbers."""

    __slots__ = ("items",)

    def __init__(self) -> None:
        self.items: dict[int, Prepared[Any]] = {}

    @property
    def calls(self) -> list[Prepared[Any]]:
        return [self.items[number] for number in sorted(self.items)]


class Buffer:
    """Commands in the order in which they were added."""

    def __init__(self) -> None:
        self._renew()
        renew_after_fork(self)

    def _renew(self) -> None:
        # Runs in a forked child too: the parent sends the buffered commands.
        self._items: dict[int, Prepared[Any]] = {}
        self._numbers = count()

    def __len__(self) -> int:
        return len(self._items)

    def add(self, call: Prepared[Any]) -> None:
        """Append *call*."""
        if call.command.timeout is not None:
            raise UsageError(
                "a buffered command cannot have its own timeout: pass send(timeout=…) for the whole buffer"
            )
        self._items[next(self._numbers)] = call

    def take(self, claim: Claim) -> None:
        """Move all commands into *claim*."""
        with suppress(KeyError):  # raised at the end, when the buffer is empty
            claim.items.update(iter(self._items.popitem, None))

    def give_back(self, claim: Claim) -> None:
        """Put the commands of *claim* back in front of newer commands."""
        self._items.update(claim.items)
        claim.items = {}

    def clear(self) -> None:
        """Remove all commands."""
        self._items.clear()
