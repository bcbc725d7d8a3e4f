"""Commands that consumers take from queues."""

from typing import Any

import pytest

from centripetal.dialects.current import commands
from centripetal.dialects.current.objects import StreamPosition
from centripetal.errors import ServerError
from centripetal.server.consuming.rows import Verdict
from centripetal.server.current.config import read_config
from centripetal.server.current.consumption import Consumption, command_of
from centripetal.server.current.node import Node
from centripetal.server.engine.events import CommandRun, Event, Published
from centripetal.server.steps import finished
from tests.server.environment import fixed_environment

NO_ENVELOPE = "the row has no method, and its payload is not an object with `method` and `payload`"
UNREADABLE = "the payload is not a valid request"


def unknown(method: str) -> str:
    methods = "broadcast, disconnect, history_remove, publish, refresh, subscribe, unsubscribe"
    return f"a consumer does not execute the method {method!r}, only {methods}"


@pytest.mark.parametrize(
    ("method", "payload", "found"),
    [
        ("disconnect", b'{"user":"1"}', commands.Disconnect("1")),
        ("disconnect", b'{"user":"1","more":2}', commands.Disconnect("1")),
        ("disconnect", b"null", commands.Disconnect("")),
        ("", b'{"method":"disconnect","payload":{"user":"1"}}', commands.Disconnect("1")),
        ("", b'{"Method":"disconnect","payload": "{\\"user\\":\\"1\\"}"}', commands.Disconnect("1")),
        ("disconnect", None, UNREADABLE),
        ("disconnect", b"", UNREADABLE),
        ("disconnect", b"{", UNREADABLE),
        ("disconnect", b'"{}"', UNREADABLE),
        ("disconnect", b'{"user":1}', UNREADABLE),
        ("Publish", b"{}", unknown("Publish")),
        ("presence", b'{"channel":"a"}', unknown("presence")),
        ("batch", b'{"commands":[]}', unknown("batch")),
        ("", None, NO_ENVELOPE),
        ("", b"[]", NO_ENVELOPE),
        ("", b'{"method":5}', NO_ENVELOPE),
        ("", b'{"payload":{}}', unknown("")),
        ("", b'{"method":"disconnect"}', UNREADABLE),
    ],
)
def test_messages_are_read_as_by_the_real_server(method: str, payload: bytes | None, found: Any) -> None:
    """A message becomes a command, or the reason why the server drops it."""
    assert command_of(method, payload) == found


@pytest.fixture
def node() -> Node:
    return Node(read_config({"channel": {"namespaces": [{"name": "known"}]}})[0], fixed_environment())


@pytest.mark.parametrize(
    ("method", "payload", "problem", "published"),
    [
        ("publish", b'{"channel":"a","data":1}', "", ["a"]),
        ("publish", b'{"channel":"other:a","data":1}', "unknown channel", []),
        ("publish", b'{"data":1}', "bad request", []),
        ("publish", b'{"channel":"a"}', "bad request", []),
        ("history_remove", b'{"channel":"a"}', "not available", []),
        ("broadcast", b'{"channels":["a","known:b"],"data":1}', "", ["a", "known:b"]),
        ("broadcast", b'{"channels":["a","x:b","c"],"data":1}', "'x:b': unknown channel", ["a", "c"]),
        ("broadcast", b'{"channels":[],"data":1}', "bad request", []),
        ("presence", b"{}", unknown("presence"), []),
    ],
)
def test_only_problems_of_the_command_drop_it(
    node: Node, method: str, payload: bytes, problem: str, published: list[str]
) -> None:
    """A command that the server rejects is not repeated; a broadcast reaches its valid channels."""
    events: list[Event] = []
    node.events.listen(events.append)
    assert finished(Consumption(node).steps(method, payload)) == Verdict(problem)
    assert [event.channel for event in events if isinstance(event, Published)] == published
    (run,) = (event for event in events if isinstance(event, CommandRun))
    assert run.method == method
    assert run.error == ("" if method == "broadcast" and published else problem)


def test_many_bad_channels_are_counted(node: Node) -> None:
    """The problem of a broadcast names five channels and counts the others."""
    channels = ",".join(f'"x:{number}"' for number in range(7))
    verdict = finished(Consumption(node).steps("broadcast", b'{"channels":[%b],"data":1}' % channels.encode()))
    assert verdict.problem.startswith("'x:0': unknown channel; ")
    assert verdict.problem.endswith("'x:4': unknown channel and 2 more channels")


@pytest.mark.parametrize(
    ("method", "payload", "problem"),
    [
        ("publish", b'{"channel":"a","data":1}', "internal server error"),
        ("broadcast", b'{"channels":["ok","a"],"data":1}', "'a': internal server error"),
    ],
)
def test_internal_errors_are_repeated(
    node: Node, monkeypatch: pytest.MonkeyPatch, method: str, payload: bytes, problem: str
) -> None:
    """After error 100 the server keeps the row, also if only one channel of a broadcast had it."""

    def publish(publication: Any, *_args: Any, **_options: Any) -> StreamPosition:
        if publication.channel == "a":
            raise ServerError("internal server error", code=100)
        return StreamPosition(0, "")

    monkeypatch.setattr(node, "publish", publish)
    assert finished(Consumption(node).steps(method, payload)) == Verdict(problem, retry=True)
