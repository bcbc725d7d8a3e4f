"""The kinds of classes that have commands as methods: clients, which run a command, and batches, which collect it.

The methods themselves are in `client/methods/`, written by `scripts/methods`: ordinary functions, each of which makes
its command and hands it to `call` or `add`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from types import FunctionType
from typing import Any, Protocol, TypeVar

from centripetal.protocol.command import Command, R

__all__ = ["Awaiting", "Blocking", "Buffering", "Collecting", "Slot", "exported"]

T = TypeVar("T")
R_co = TypeVar("R_co", covariant=True)


class Slot(Protocol[R_co]):
    """Where the result of a command in a batch will be."""

    def result(self) -> R_co:
        """The command's result, or the error it came to, raised. A `UsageError` while the batch is not sent."""
        ...


class Blocking(ABC):
    """A facade whose calls return results."""

    @abstractmethod
    def call(self, command: Command[R], *, timeout: float | None = None) -> R:
        """Send the command; its result."""


class Awaiting(ABC):
    """A facade whose calls are awaited."""

    @abstractmethod
    async def call(self, command: Command[R], *, timeout: float | None = None) -> R:
        """Send the command; its result."""


class Collecting(ABC):
    """A facade whose calls wait until all are sent together."""

    @abstractmethod
    def call(self, command: Command[R]) -> Slot[R]:
        """Note the command; the slot will hold its result."""


class Buffering(ABC):
    """A facade with a buffer of commands."""

    @abstractmethod
    def add(self, command: Command[Any]) -> None:
        """Put the command into the buffer."""


def exported(module: str) -> Callable[[type[T]], type[T]]:
    """Make a class say that it is from *module*, the one that users import it from, and its methods too.

    `help()`, `repr()` and frameworks that name a task after its function show that module.
    """

    def export(kind: type[T]) -> type[T]:
        kind.__module__ = module
        for base in kind.__mro__:
            if base.__qualname__ == kind.__qualname__:  # the class itself, and its methods in client/methods/
                for value in vars(base).values():
                    if isinstance(value, FunctionType):
                        value.__module__ = module
        return kind

    return export
