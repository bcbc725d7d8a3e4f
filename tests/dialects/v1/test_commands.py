"""The API commands of 1.x: the params that they send, and the arguments that they refuse because the server would."""

import enum
import inspect
from typing import Any

import pytest

from centripetal.dialects.v1.commands import (
    COMMANDS,
    Broadcast,
    Channels,
    Disconnect,
    History,
    Node,
    Presence,
    Publish,
    StatsCommand,
    Unsubscribe,
)
from centripetal.errors import UsageError
from centripetal.protocol.command import Command


class Room(enum.StrEnum):
    LOBBY = "lobby"


@pytest.mark.parametrize(
    ("command", "name", "params"),
    [
        (Publish("news", 1), "publish", b'{"channel":"news","data":1}'),
        (Publish(channel="news", data=None), "publish", b'{"channel":"news","data":null}'),
        (Publish(Room.LOBBY, Room.LOBBY), "publish", b'{"channel":"lobby","data":"lobby"}'),
        (Publish("news", 1, client="c"), "publish", b'{"channel":"news","data":1,"client":"c"}'),
        (Publish("news", 1, client=""), "publish", b'{"channel":"news","data":1,"client":""}'),
        (Publish("news", 1, uid="u-1 é"), "publish", '{"channel":"news","data":1,"uid":"u-1 é"}'.encode()),
        (Publish("$ns:a#1,2&c \x00", 1), "publish", b'{"channel":"$ns:a#1,2&c \\u0000","data":1}'),
        (Broadcast(["a", "b", "a"], 1), "broadcast", b'{"channels":["a","b","a"],"data":1}'),
        (Broadcast(("a",), 1, client="c"), "broadcast", b'{"channels":["a"],"data":1,"client":"c"}'),
        (Unsubscribe("news", "42"), "unsubscribe", b'{"channel":"news","user":"42"}'),
        (Unsubscribe("", "42"), "unsubscribe", b'{"channel":"","user":"42"}'),
        (Disconnect("42"), "disconnect", b'{"user":"42"}'),
        (Presence("news"), "presence", b'{"channel":"news"}'),
        (History("news"), "history", b'{"channel":"news"}'),
        (Channels(), "channels", b"{}"),
        (StatsCommand(), "stats", b"{}"),
        (Node(), "node", b"{}"),
    ],
)
def test_a_command_sends_its_parameters(command: Command[Any], name: str, params: bytes) -> None:
    """Params have the server's names; options that were not given are left out."""
    assert command.name == name
    assert command.body() == params


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (Publish("", 1), "channel must not be empty"),
        (Publish(5, 1), "channel must be text, not int: write '5'"),  # type: ignore[arg-type]
        (Publish(None, 1), "channel must be text, not NoneType"),  # type: ignore[arg-type]
        (Publish("\ud800", 1), "channel contains a lone surrogate"),
        (Publish("a", 1, client=5), "client must be text, not int"),  # type: ignore[arg-type]
        (Publish("a", 1, client="\ud800"), "client contains a lone surrogate"),
        (Publish("a", 1, uid=""), "uid must not be empty"),
        (Publish("a", 1, uid=b"x"), "uid must be text, not bytes"),  # type: ignore[arg-type]
        *((Publish("a", 1, uid=f"u{bad}"), "uid must not contain quotes") for bad in '"\\\n\x00\x1f'),
        (Publish("a", {1}), "data is a set"),
        (Broadcast([], 1), "channels must contain at least one name"),
        (Broadcast("news", 1), "channels must be a list of names, not str"),
        (Broadcast(["a", ""], 1), r"channels\[1\] must not be empty"),
        (Broadcast(["a", None], 1), r"channels\[1\] must be text"),  # type: ignore[list-item]
        (Broadcast(["a"], 1, client=5), "client must be text"),  # type: ignore[arg-type]
        (Unsubscribe(None, "42"), "channel must be text"),  # type: ignore[arg-type]
        (Unsubscribe("news", ""), "user must not be empty"),
        (Unsubscribe("news", 42), "user must be text, not int: write '42'"),  # type: ignore[arg-type]
        (Disconnect(""), "user must not be empty"),
        (Disconnect(42), "user must be text, not int: write '42'"),  # type: ignore[arg-type]
        (Presence(""), "channel must not be empty"),
        (Presence(b"x"), "channel must be text"),  # type: ignore[arg-type]
        (History(""), "channel must not be empty"),
        (History(5), "channel must be text"),  # type: ignore[arg-type]
    ],
)
def test_a_command_that_the_server_would_refuse_is_not_sent(command: Command[Any], text: str) -> None:
    """A fatal command would cost the other commands of the request their replies, so it is refused."""
    with pytest.raises(UsageError, match=f"^{text}") as caught:
        command.body()
    assert caught.value.executed == "no"


@pytest.mark.parametrize("kind", COMMANDS, ids=lambda kind: kind.name)
def test_every_command_documents_its_arguments(kind: type[Command[Any]]) -> None:
    """Each command's docstring names its arguments, and its options are keyword-only."""
    parameters = inspect.signature(kind).parameters
    text = inspect.getdoc(kind)
    assert text
    assert all(f"    {name}: " in text for name in parameters)
    optional = [parameter for parameter in parameters.values() if parameter.default is not parameter.empty]
    assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in optional)
    assert "timeout" in parameters


def test_the_table_has_each_method_once() -> None:
    """The commands are all those that a 1.8.0 server supports."""
    names = [kind.name for kind in COMMANDS]
    assert len(names) == len(set(names))
    assert set(names) == {
        "publish", "broadcast", "unsubscribe", "disconnect", "presence", "history", "channels", "stats", "node",
    }  # fmt: skip
