"""Commands as methods: `publish = call(Publish)` in a class is a typed method on each kind of facade.

The type of the facade decides what a call returns: the result (blocking), a coroutine of it (awaiting) or a slot that
will hold it (a batch). `add` is the same for a client's buffer.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, Protocol, TypeVar, overload

import msgspec

from centripetal.protocol.command import Command, R

if TYPE_CHECKING:
    import inspect

__all__ = ["Awaiting", "Blocking", "Buffering", "Collecting", "Slot", "add", "call"]

P = ParamSpec("P")
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


class _Method(msgspec.Struct):
    """What `client.publish` is: looks, documents and calls like a method."""

    # A struct, because one is made at each call of a method, and structs are made quickly.
    _run: Callable[[Any], Any]
    _make: Callable[..., Any]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            command = self._make(*args, **kwargs)
        except TypeError as error:
            raise self._misused(error, args, kwargs) from None
        return self._run(command)

    def _misused(self, error: TypeError, args: tuple[Any, ...], kwargs: dict[str, Any]) -> TypeError:
        """What is wrong with the arguments, as Python says it of functions; *error* says it without the method."""
        try:
            self.__signature__.bind(*args, **kwargs)
        except TypeError as mistake:
            return TypeError(f"{getattr(self._make, 'name', 'this method')}() {mistake}")
        return error

    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        return self._make.__doc__

    @property
    def __signature__(self) -> "inspect.Signature":
        import inspect  # long to import, and loaded already where somebody asks for signatures

        return inspect.signature(self._make)

    def __repr__(self) -> str:
        return f"<method {getattr(self._make, '__name__', self._make)}{self.__signature__}>"


class call(Generic[P, R]):  # noqa: N801 - used like a keyword
    """A command as a method of a client or a batch."""

    def __init__(self, make: Callable[P, Command[R]]) -> None:
        self._make = make

    @overload
    def __get__(self, facade: None, owner: type) -> Callable[P, Command[R]]: ...
    @overload
    def __get__(self, facade: Blocking, owner: type) -> Callable[P, R]: ...
    @overload
    def __get__(self, facade: Awaiting, owner: type) -> Callable[P, Coroutine[Any, Any, R]]: ...
    @overload
    def __get__(self, facade: Collecting, owner: type) -> Callable[P, Slot[R]]: ...
    def __get__(self, facade: Any, owner: type) -> Any:
        return self._make if facade is None else _Method(facade.call, self._make)


class add(Generic[P]):  # noqa: N801 - used like a keyword
    """A command as a method that puts it into a client's buffer."""

    def __init__(self, make: Callable[P, Command[Any]]) -> None:
        self._make = make

    @overload
    def __get__(self, facade: None, owner: type) -> Callable[P, Command[Any]]: ...
    @overload
    def __get__(self, facade: Buffering, owner: type) -> Callable[P, None]: ...
    def __get__(self, facade: Any, owner: type) -> Any:
        return self._make if facade is None else _Method(facade.add, self._make)
