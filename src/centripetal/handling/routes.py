"""Routes: a handler with the event that it answers, its pattern, and the types of its parameters."""

import functools
import inspect
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any

from centripetal.dialects.current.proxy.events import Event
from centripetal.errors import UsageError
from centripetal.handling.decoders import decoder
from centripetal.handling.patterns import Pattern, places_of

__all__ = ["Route"]


class Route:
    """A registered handler.

    Args:
        event: the event's class.
        run: the handler.
        pattern: the pattern of channels or methods; None if the event has none.

    Attributes:
        event: the event's class.
        run: the handler.
        name: the handler's name, with its module.
        pattern: the pattern's text; None if the event has none.
        awaits: whether the handler is a coroutine function.
        decode: decodes the client's data as the annotation says; None if the event has no data.
        parts: returns the converted parts of a channel or a method; None if this route is not for it.

    Raises:
        UsageError: the handler's parameters do not fit the event and the pattern, or a type cannot be decoded.
    """

    def __init__(self, event: type[Event[Any, Any]], run: Callable[..., Any], pattern: str | None = None) -> None:
        self.event, self.run, self.pattern = event, run, pattern
        self.name = _name(run)
        self.awaits = _is_coroutine_function(run)
        if inspect.isgeneratorfunction(run) or inspect.isasyncgenfunction(run):
            raise UsageError(f"{self.name} is a generator: a handler returns its reply, so use return instead of yield")
        places = () if pattern is None else places_of(pattern)
        parameters = _parameters(run, self.name, places)
        hints = _hints(run, parameters, self.name)
        data = self._data_type(next(iter(hints.values()), Any))
        try:
            self.decode = decoder(data) if "data" in event.__struct_fields__ else None
            self.parts = _no_parts if pattern is None else Pattern(pattern, hints).parts
        except UsageError as error:
            raise UsageError(f"{self.name}: {error}") from None

    def _data_type(self, hint: Any) -> Any:
        """Return the type of the client's data in the annotation of the first parameter."""
        cls = typing.get_origin(hint) or hint
        if hint is Any:
            return Any
        if not (isinstance(cls, type) and issubclass(self.event, cls) and issubclass(cls, Event)):
            raise UsageError(
                f"the first parameter of {self.name} has the type {hint!r:.80}, but the handler is for "
                f"{self.event.__name__}"
            )
        return next(iter(typing.get_args(hint)), Any)


def _no_parts(_: str) -> dict[str, Any] | None:
    return {}


def _name(run: Any) -> str:
    function = getattr(run, "func", run) if isinstance(run, functools.partial) else run
    return f"{getattr(function, '__module__', '?')}.{getattr(function, '__qualname__', type(function).__qualname__)}"


def _is_coroutine_function(run: Any) -> bool:
    return inspect.iscoroutinefunction(run) or inspect.iscoroutinefunction(getattr(run, "__call__", None))  # noqa: B004


def _parameters(run: Callable[..., Any], name: str, places: tuple[str, ...]) -> list[inspect.Parameter]:
    """Return the parameters that get values: the event's, and one for each place of the pattern."""
    if not callable(run):
        raise UsageError(f"a handler must be a function, not {type(run).__name__}")
    parameters = [*inspect.signature(run).parameters.values()]
    if not parameters or parameters[0].kind in (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD):
        raise UsageError(f"{name} has no parameter for the event: write def {name.rpartition('.')[2]}(event, …)")
    first, *rest = parameters
    named = {each.name: each for each in rest}
    takes_all = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in rest)
    for place in places:
        if (place not in named and not takes_all) or place == first.name:
            raise UsageError(f"{name} has no parameter {place!r} for the place in its pattern")
    for each in rest:
        required = each.default is each.empty and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
        if each.name not in places and required:
            raise UsageError(f"{name} has the parameter {each.name!r}, which is not a place in its pattern")
    return [first, *(named[place] for place in places if place in named)]


def _hints(run: Any, parameters: list[inspect.Parameter], name: str) -> Mapping[str, Any]:
    """Return the types of *parameters* only: other annotations may need names that exist only for type checkers."""
    function = run.func if isinstance(run, functools.partial) else run
    if not inspect.isroutine(function):
        function = type(function).__call__
    function = inspect.unwrap(getattr(function, "__func__", function))
    annotations = {each.name: each.annotation for each in parameters if each.annotation is not each.empty}
    hints: dict[str, Any] = {each.name: Any for each in parameters}
    scope = types.SimpleNamespace(__annotations__=annotations)
    try:
        hints |= typing.get_type_hints(scope, getattr(function, "__globals__", {}), _closure(function), True)
    except NameError as error:
        raise UsageError(f"the annotations of {name} cannot be read: {error}; import the name at run time") from None
    return hints


def _closure(function: Any) -> dict[str, Any]:
    """Return the variables of the enclosing functions that *function* uses."""
    names = getattr(getattr(function, "__code__", None), "co_freevars", ())
    found = {}
    for name, cell in zip(names, getattr(function, "__closure__", None) or (), strict=False):
        try:
            found[name] = cell.cell_contents
        except ValueError:  # not assigned yet
            continue
    return found
