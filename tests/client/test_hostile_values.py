"""Whatever an argument does when it is read, a method or a constructor raises only an error of this library."""

import asyncio
import copy
import datetime
import decimal
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

import centripetal
from centripetal import v1
from centripetal.dialects.current import commands as current_commands
from centripetal.dialects.v1 import commands as v1_commands
from centripetal.errors import CentripetalError, UsageError
from centripetal.protocol.command import Command
from centripetal.testing import Recorder, RecorderV1


class Refusal(Exception):
    """An exception that cannot even be shown."""

    def __str__(self) -> str:
        raise RuntimeError


def refuse(*_: object, **__: object) -> Any:
    raise Refusal


_NAMES = (
    *("__str__", "__repr__", "__eq__", "__len__", "__iter__", "__index__", "__int__", "__float__", "__bool__"),
    *("__hash__", "__getitem__", "__contains__", "__format__", "__lt__", "__gt__", "__le__", "__ge__", "__fspath__"),
    *("keys", "items", "values", "encode", "strip", "isascii", "utcoffset", "timestamp", "model_dump", "is_finite"),
    *("__reduce_ex__", "__getattr__", "__copy__", "__deepcopy__"),
)


def hostile(base: type, *args: Any, lies: bool = False) -> Any:
    """Return an instance of a subclass of *base* whose methods raise; with *lies*, even its `__class__` raises."""
    members: dict[str, Any] = dict.fromkeys(_NAMES, refuse)
    return type("Hostile", (base,), members | ({"__class__": property(refuse)} if lies else {}))(*args)


class Garbage:
    """An object whose methods return nonsense."""

    def __len__(self) -> int:
        return -1

    def __repr__(self) -> Any:
        return 5

    def __bool__(self) -> Any:
        return 7

    def __iter__(self) -> Any:
        return 5


VALUES: list[Any] = [
    hostile(object),
    hostile(object, lies=True),
    hostile(str, "text"),
    hostile(str, ""),
    hostile(int, 5),
    hostile(float, 1.5),
    hostile(bytes, b"1"),
    hostile(list, ["a"]),
    hostile(tuple, ("a",)),
    hostile(datetime.datetime, 2020, 1, 1),
    hostile(decimal.Decimal, "1"),
    [hostile(str, "text")],
    {"key": hostile(object)},
    Garbage(),
    "\ud800",
    ["\udc00"],
    {"\ud800": "\ud800"},
    10**5000,
    float("nan"),
    refuse,
    msgspec.UNSET,
    msgspec.Raw(b"{"),
    memoryview(b"abc")[::2],
    None,
]
GOOD: dict[str, Any] = {"channel": "a", "channels": ["a"], "user": "u", "key": "k", "data": 1}


def attempt(call: Callable[[], object]) -> None:
    """Call; an error must be ours, and every way to show or copy it must work."""
    try:
        call()
    except CentripetalError as error:
        check_copies(error)


def check_copies(error: CentripetalError) -> None:
    for other in (copy.copy(error), copy.deepcopy(error), pickle.loads(pickle.dumps(error))):
        assert (type(other), str(other), repr(other)) == (type(error), str(error), repr(error))


def methods() -> Iterator[tuple[str, Any, type[Command[Any]]]]:
    for generation, commands in (("6", current_commands.COMMANDS), ("1", v1_commands.COMMANDS)):
        for command in commands:
            yield generation, commands, command


@pytest.fixture(scope="module")
def clients() -> dict[str, Any]:
    return {"6": Recorder(api_key="key").client(), "1": RecorderV1(secret="key").client()}


@pytest.mark.parametrize("generation", ["6", "1"])
def test_arguments_of_methods(generation: str, clients: dict[str, Any]) -> None:
    """Every field of every command takes every value, and only our errors escape."""
    for number, _, command in methods():
        if number != generation:
            continue
        needed = {field.name: GOOD.get(field.name, 1) for field in msgspec.structs.fields(command) if field.required}
        if "data" in command.__struct_fields__:
            needed["data"] = 1
        method = getattr(clients[generation], command.name)
        for field in command.__struct_fields__:
            for value in VALUES:
                attempt(lambda method=method, given=needed | {field: value}: method(**given))  # type: ignore[misc]


@pytest.mark.parametrize("place", range(len(VALUES)))
def test_other_arguments(place: int, clients: dict[str, Any]) -> None:
    """Commands, batches, history pages, the buffer, policies and signatures take every value."""
    value = VALUES[place]
    current, old = clients["6"], clients["1"]
    for client in (current, old):
        attempt(lambda client=client: client.call(value))  # type: ignore[misc]
        attempt(lambda client=client: client.batch(timeout=value))  # type: ignore[misc]
        attempt(lambda client=client: client.batch().__enter__().call(value))  # type: ignore[misc]
    attempt(lambda: current.call("publish", value))
    attempt(lambda: current.call("publish", {"channel": value}))
    attempt(lambda: list(current.history_pages("a", limit=value)))
    attempt(lambda: old.add(value))
    attempt(lambda: old.send(timeout=value))
    attempt(lambda: centripetal.Limits(commands=value))
    attempt(lambda: centripetal.custom(value))
    attempt(lambda: v1.generate_api_sign(value, value))
    attempt(lambda: v1.generate_client_token("k", value, value, value))
    attempt(lambda: v1.generate_channel_sign("k", "c", value, value))


def drive(function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    result = function(*args, **kwargs)
    asyncio.run(result)


OPTIONS = (
    *("url", "timeout", "transport", "group", "on_request", "max_response_bytes", "max_connections", "ssl_context"),
    *("ca_file", "unix_socket"),
)
CURRENT_OPTIONS = ("api_key", "retry", "check_channels", "max_payload_bytes", "handler_prefix")


@pytest.mark.parametrize("place", range(len(VALUES)))
def test_arguments_of_constructors(place: int) -> None:
    """Every argument and option of every client takes every value."""
    value = VALUES[place]
    for kind in (centripetal.Client, centripetal.AsyncClient, v1.Client, v1.AsyncClient):
        is_current = "v1" not in kind.__module__
        known: dict[str, Any] = {"url": "http://a", "api_key" if is_current else "secret": "key"}
        for name in (*OPTIONS, *(CURRENT_OPTIONS if is_current else ("secret",))):
            attempt(lambda kind=kind, given=known | {name: value}: kind(**given))  # type: ignore[misc]
    attempt(lambda: centripetal.Client.from_env(environment=value))
    attempt(lambda: centripetal.Client.from_env(environment={"CENTRIFUGO_API_URL": value}))


@pytest.mark.parametrize("kind", [centripetal.Client, centripetal.AsyncClient, v1.Client, v1.AsyncClient])
def test_an_unknown_argument_is_a_type_error(kind: Any) -> None:
    """Arguments that a constructor or a method does not have raise a plain TypeError, as for any function."""
    with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
        kind("http://a", "key", colour="red")
    client = kind("http://a", "key")
    with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
        drive(client.publish, "a", 1, colour="red")


@pytest.mark.parametrize("name", ["ca_file", "unix_socket"])
def test_a_surrogate_in_a_path_is_named(name: str) -> None:
    """A path that the system cannot have is rejected when the client is created."""
    with pytest.raises(UsageError, match=f"{name} .* contains a surrogate"):
        centripetal.Client("http://a", "key", **{name: "\ud800"})  # type: ignore[arg-type]
