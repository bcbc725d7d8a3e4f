"""A route checks its handler when it is registered: parameters, pattern and types."""

import functools
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from centripetal.errors import UsageError
from centripetal.handling.routes import Route
from centripetal.proxy import (
    ClientEvent,
    ConnectEvent,
    ConnectReply,
    Event,
    PublishEvent,
    PublishReply,
    RPCEvent,
    SubscribeEvent,
    SubscribeReply,
)

if TYPE_CHECKING:
    from decimal import Decimal


class Sum(msgspec.Struct):
    a: int


def plain(event):  # type: ignore[no-untyped-def]
    return event


def typed(event: RPCEvent[Sum]) -> int:
    return event.data.a


def quoted(event: "RPCEvent[Sum]", answer: "int" = 1) -> "Decimal":  # type: ignore[empty-body]
    """The return type exists only for type checkers."""


def part(event: SubscribeEvent, room: int) -> SubscribeReply:
    return SubscribeReply(info=room)


async def awaited(event: RPCEvent) -> int:
    return 1


class Callable_:
    async def __call__(self, event: RPCEvent[Sum]) -> int:
        return 1

    def method(self, event: RPCEvent[Sum]) -> int:
        return 1


@functools.wraps(typed)
def wrapped(*args: Any, **kwargs: Any) -> Any:
    return typed(*args, **kwargs)


@pytest.mark.parametrize(
    "run", [typed, quoted, wrapped, Callable_(), Callable_().method, functools.partial(quoted, answer=2)]
)
def test_the_type_of_the_data_is_found(run: Any) -> None:
    """The annotation of the first parameter gives the type, also in quotes, of methods, objects and wrappers."""
    route = Route(RPCEvent, run, "add")
    assert route.decode is not None
    assert route.decode(b'{"a":1}', False) == Sum(1)


def test_types_of_an_enclosing_function_are_found() -> None:
    """An annotation in quotes may name a type that the enclosing function defines and the handler uses."""

    class Local(msgspec.Struct):
        a: int

    def handler(event: "RPCEvent[Local]") -> Any:
        return Local

    route = Route(RPCEvent, handler, "add")
    assert route.decode is not None
    assert route.decode(b'{"a":1}', False) == Local(1)


@pytest.mark.parametrize("hint", [Any, Event, ClientEvent, SubscribeEvent, SubscribeEvent[Any], ClientEvent[Any, Any]])
def test_base_classes_and_any_are_accepted(hint: Any) -> None:
    """A handler may take a base class of the event, or have no annotation."""

    def handler(event: Any) -> SubscribeReply:
        return SubscribeReply()

    handler.__annotations__["event"] = hint
    assert Route(SubscribeEvent, handler, "a").parts("a") == {}
    assert Route(SubscribeEvent, plain, "a").parts("b") is None


def test_parts_have_the_types_of_their_parameters() -> None:
    """The parts of a pattern are converted to the types of the parameters with their names."""
    assert Route(SubscribeEvent, part, "rooms:{room}").parts("rooms:7") == {"room": 7}


@pytest.mark.parametrize(
    ("run", "awaits"), [(typed, False), (awaited, True), (Callable_(), True), (functools.partial(awaited), True)]
)
def test_coroutine_functions_are_known(run: Any, awaits: bool) -> None:
    """Coroutine functions are recognized, also objects with an `async def __call__`, and partials."""
    route = Route(RPCEvent, run, "add")
    assert route.awaits is awaits
    assert __name__.rpartition(".")[2] in route.name or "partial" in route.name


def nothing() -> None: ...
def keyword(*, event: RPCEvent) -> None: ...
def extra(event: SubscribeEvent, room: int, other: int) -> None: ...
def generator(event: RPCEvent) -> Any:
    yield 1


async def async_generator(event: RPCEvent) -> Any:
    yield 1


def other_event(event: PublishEvent) -> PublishReply: ...  # type: ignore[empty-body]
def no_event(event: int) -> None: ...
def undecodable(event: "RPCEvent[object]") -> None: ...
def unknown(event: "RPCEvent[Decimal]") -> None: ...
def bad_part(event: SubscribeEvent, room: bytearray) -> None: ...  # fmt: skip


@pytest.mark.parametrize(
    ("event", "run", "pattern", "message"),
    [
        (RPCEvent, nothing, "a", "nothing has no parameter for the event: write def nothing"),
        (RPCEvent, keyword, "a", "keyword has no parameter for the event"),
        (RPCEvent, 7, "a", "a handler must be a function, not int"),
        (SubscribeEvent, part, "rooms", "part has the parameter 'room', which is not a place in its pattern"),
        (SubscribeEvent, extra, "{room}", "extra has the parameter 'other'"),
        (SubscribeEvent, part, "{room}:{user}", "part has no parameter 'user' for the place in its pattern"),
        (SubscribeEvent, part, "{event}", "part has no parameter 'event'"),
        (SubscribeEvent, part, "{room", "has a brace without"),
        (RPCEvent, generator, "a", "generator is a generator"),
        (RPCEvent, async_generator, "a", "async_generator is a generator"),
        (
            SubscribeEvent,
            other_event,
            "a",
            "other_event has the type .*PublishEvent.*, but the handler is for Subscrib",
        ),
        (RPCEvent, no_event, "a", "has the type <class 'int'>, but the handler is for RPCEvent"),
        (RPCEvent, undecodable, "a", "undecodable: data cannot be decoded as"),
        (RPCEvent, unknown, "a", "the annotations of .*unknown cannot be read: name 'Decimal' is not defined"),
        (SubscribeEvent, bad_part, "{room}", "bad_part: the parameter 'room' has the type"),
    ],
)
def test_handlers_that_do_not_fit_are_errors(event: Any, run: Any, pattern: Any, message: str) -> None:
    """A handler that could not answer its event is an error at registration that names it."""
    with pytest.raises(UsageError, match=message):
        Route(event, run, pattern)


def test_events_without_data_have_no_decoder() -> None:
    """A route has a decoder only if its event has data."""

    def connect(event: ConnectEvent) -> ConnectReply:
        return ConnectReply("7")

    assert Route(ConnectEvent, connect).decode is not None
    from centripetal.proxy import RefreshEvent

    assert Route(RefreshEvent, plain).decode is None
