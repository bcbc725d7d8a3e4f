"""Commands as methods of clients, batches, buffers and writers of queues.

`offers(COMMANDS)` adds one function per command when a class is created. Each function builds its command and passes it
to `call` or `add`. Editors and type checkers read the signatures from the stubs in `client/methods/` and next to
`outbox/methods.py`, which `scripts/methods` generates from the commands.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from types import FunctionType
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import msgspec

from centripetal.protocol.command import Command, R

if TYPE_CHECKING:
    import inspect

__all__ = [
    "AwaitedQueueing",
    "Awaiting",
    "Blocking",
    "Buffering",
    "Collecting",
    "Queueing",
    "Slot",
    "exported",
    "offers",
    "shown_as",
]

T = TypeVar("T")
R_co = TypeVar("R_co", covariant=True)
Make = type[Command[Any]]


class Slot(Protocol[R_co]):
    """Placeholder for the result of a command in a batch."""

    def result(self) -> R_co:
        """Return the command's result or raise its error; raise `UsageError` before the batch is sent."""
        ...


class Blocking(ABC):
    """A class whose methods send a command and return its result."""

    @abstractmethod
    def call(self, command: Command[R], *, timeout: float | None = None) -> R:
        """Send the command and return its result."""

    @staticmethod
    def _method(make: Make) -> Callable[..., Any]:
        def method(self: Blocking, /, *args: Any, **kwargs: Any) -> Any:
            try:
                command = make(*args, **kwargs)
            except TypeError as error:
                raise _misused(method, make, args, kwargs) or error from None
            return self.call(command)

        return method


class Awaiting(ABC):
    """A class whose methods are coroutine functions."""

    @abstractmethod
    async def call(self, command: Command[R], *, timeout: float | None = None) -> R:
        """Send the command and return its result."""

    @staticmethod
    def _method(make: Make) -> Callable[..., Any]:
        async def method(self: Awaiting, /, *args: Any, **kwargs: Any) -> Any:
            try:
                command = make(*args, **kwargs)
            except TypeError as error:
                raise _misused(method, make, args, kwargs) or error from None
            return await self.call(command)

        return method


class Collecting(ABC):
    """A class whose methods collect commands that are sent together later."""

    @abstractmethod
    def call(self, command: Command[R]) -> Slot[R]:
        """Collect the command and return the slot for its result."""

    _method = Blocking._method


class Queueing(ABC):
    """A class whose methods write a command to a queue and return None, because the caller never sees the result."""

    @abstractmethod
    def call(self, command: Command[Any]) -> None:
        """Write the command to the queue."""

    _method = Blocking._method


class AwaitedQueueing(ABC):
    """A class whose methods are coroutine functions that write a command to a queue and return None."""

    @abstractmethod
    async def call(self, command: Command[Any]) -> None:
        """Write the command to the queue."""

    _method = Awaiting._method


class Buffering(ABC):
    """A class with a buffer of commands, filled by the methods `add_…`."""

    @abstractmethod
    def add(self, command: Command[Any]) -> None:
        """Add the command to the buffer."""

    @staticmethod
    def _adding_method(make: Make) -> Callable[..., None]:
        def method(self: Buffering, /, *args: Any, **kwargs: Any) -> None:
            try:
                command = make(*args, **kwargs)
            except TypeError as error:
                raise _misused(method, make, args, kwargs) or error from None
            self.add(command)

        return method


def offers(commands: Iterable[Make]) -> Callable[[type[T]], type[T]]:
    """Give a class a method for each of *commands*, and an `add_…` method if it has a buffer."""

    def complete(kind: Any) -> Any:
        buffers = issubclass(kind, Buffering)
        queues = issubclass(kind, Queueing | AwaitedQueueing)
        for make in commands:
            _put(kind, make.name, kind._method(make), make, returns_none=queues)
            if buffers:
                _put(kind, f"add_{make.name}", kind._adding_method(make), make, returns_none=True)
        return kind

    return complete


def _put(kind: type, name: str, function: Any, make: Make, *, returns_none: bool) -> None:
    function.__name__, function.__qualname__ = name, f"{kind.__qualname__}.{name}"
    # Tracebacks and profilers show the names in the code object.
    function.__code__ = function.__code__.replace(co_name=name, co_qualname=function.__qualname__)
    function.__doc__ = make.__doc__
    # `inspect.signature` follows `__wrapped__`. Creating all signatures at import would take too long.
    function.__wrapped__ = _Declaration(make, returns_none=returns_none)
    setattr(kind, name, function)


class _Declaration:
    """The signature of a method, created when `inspect` requests it."""

    __slots__ = ("_make", "_returns_none")

    def __init__(self, make: Make, *, returns_none: bool) -> None:
        self._make = make
        self._returns_none = returns_none

    @property
    def __signature__(self) -> "inspect.Signature":
        from centripetal.client.signatures import signature_of  # slow to import; only introspection needs it

        return signature_of(self._make, returns_none=self._returns_none)


def _misused(method: Any, make: Make, args: Sequence[Any], kwargs: dict[str, Any]) -> TypeError | None:
    """Return the error that Python would raise for wrong arguments of a function; None if they are valid."""
    fields, positional = make.__struct_fields__, make.__match_args__
    required = [name for name in positional if _is_required(make, name)]
    missing = [name for name in required[len(args) :] if name not in kwargs]
    twice = [name for name in positional[: len(args)] if name in kwargs]
    unknown = [name for name in kwargs if name not in fields]
    if len(args) > len(positional):
        # Python counts `self` too.
        least = "" if len(required) == len(positional) else f"from {len(required) + 1} to "
        takes = f"{least}{len(positional) + 1} positional argument{'s' if positional else ''}"
        problem = f"takes {takes} but {len(args) + 1} were given"
    elif twice:
        problem = f"got multiple values for argument {twice[0]!r}"
    elif unknown:
        problem = f"got an unexpected keyword argument {unknown[0]!r}"
    elif missing:
        names = " and ".join(map(repr, missing))
        problem = f"missing {len(missing)} required positional argument{'s' if len(missing) > 1 else ''}: {names}"
    else:
        return None
    return TypeError(f"{method.__qualname__}() {problem}")


def _is_required(make: Make, name: str) -> bool:
    defaults = make.__struct_defaults__
    place = make.__struct_fields__.index(name) - (len(make.__struct_fields__) - len(defaults))
    return place < 0 or defaults[place] is msgspec.NODEFAULT


def shown_as(name: str) -> Callable[[type[T]], type[T]]:
    """Give the functions of a class the name of the class with which users call them.

    Python shows it in "coroutine 'AsyncClient.close' was never awaited".
    """

    def rename(kind: type[T]) -> type[T]:
        for function in vars(kind).values():
            if isinstance(function, FunctionType):
                function.__qualname__ = f"{name}.{function.__name__}"
        return kind

    return rename


def exported(module: str) -> Callable[[type[T]], type[T]]:
    """Set the module of a class and its methods to *module*, from which users import the class.

    `help()`, `repr()`, and frameworks that name tasks after functions, then show the public module.
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
