"""A 1.x server as the console sees it."""

from typing import Any

import pytest

from centripetal.server.console.backend import KeptPublication, Member
from centripetal.server.engine.engine import ClientInfo, Publication
from centripetal.server.engine.events import CommandRun, Event
from centripetal.server.engine.hub import Hub
from centripetal.server.v1.config import read_config
from centripetal.server.v1.console_backend import ConsoleBackend
from centripetal.server.v1.node import Node
from tests.server.environment import fixed_environment

CONFIG = {
    "http_prefix": "/rt",
    "presence": True,
    "history_size": 5,
    "history_lifetime": 60,
    "namespaces": [{"name": "bare"}],
}


class Connected:
    """A connection that remembers what is done to it."""

    def __init__(self, id_: str, user: str, hub: Hub[Any]) -> None:
        self.id, self.user, self.done = id_, user, list[str]()
        hub.add(self)

    def push(self, payload: bytes) -> None:
        self.done.append("push")

    def unsubscribe(self, channel: str) -> None:
        self.done.append(f"unsubscribe {channel}")

    def disconnect(self) -> None:
        self.done.append("disconnect")


@pytest.fixture
def node() -> Node:
    return Node(read_config(CONFIG)[0], fixed_environment())


@pytest.fixture
def backend(node: Node) -> ConsoleBackend:
    return ConsoleBackend(node)


def test_it_says_what_it_is(backend: ConsoleBackend) -> None:
    """The version it stands in for, and where clients connect, with the prefix."""
    assert (backend.name, backend.websocket_path) == ("Centrifugo 1.8.0", "/rt/connection/websocket")


def test_channels_and_who_is_in_them(node: Node, backend: ConsoleBackend) -> None:
    """Subscribers are known also where presence is off; presence adds what the application told of them."""
    for client, user in (("1", "ada"), ("2", ""), ("3", "bob")):
        Connected(client, user, node.hub)
    for channel in ("news", "bare:x"):
        for client in ("1", "2", "gone"):
            node.engine.subscribe(channel, client)
    node.engine.add_presence("news", ClientInfo("ada", "1", b'{"a": 1}'))
    assert backend.channels() == {"news": 3, "bare:x": 3}
    assert backend.connections() == [Member("1", "ada"), Member("2", ""), Member("3", "bob")]
    news, bare = backend.channel("news", 10), backend.channel("bare:x", 1)
    assert (news.members, news.presence, news.subscribers) == (
        (Member("1", "ada", '{"a": 1}'), Member("2", "")),
        True,
        3,
    )
    assert (bare.members, bare.presence, bare.history) == ((Member("1", "ada"),), False, None)
    assert news.advice == ""
    assert all(name in bare.advice for name in ("`presence`", "`history_size`"))


def test_history_is_newest_first(node: Node, backend: ConsoleBackend) -> None:
    """With who published it, if a client did; as much as is asked for."""
    options = node.config.channels.options
    node.publish(Publication("1", "news", b"1"), options, node.now())
    node.publish(Publication("2", "news", b"2", "c", ClientInfo("ada", "c")), options, node.now())
    assert backend.channel("news", 10).history == (KeptPublication("2", "2", "ada"), KeptPublication("1", "1"))
    assert backend.channel("news", 1).history == (KeptPublication("2", "2", "ada"),)


def test_a_channel_without_a_namespace_is_explained(backend: ConsoleBackend) -> None:
    """It can be looked at, and has nothing."""
    assert "no namespace “no”" in backend.channel("no:where", 10).advice


def test_reading_leaves_no_trace(node: Node, backend: ConsoleBackend) -> None:
    """The server's own counters count what its callers ask for, not the console."""
    before = node.metrics.current()
    backend.channels()
    backend.channel("news", 10)
    backend.connections()
    assert node.metrics.current() == before


def test_acting_goes_the_way_of_the_api(node: Node, backend: ConsoleBackend) -> None:
    """Clients get what they would get, listeners hear of the call, errors are the server's."""
    heard = list[Event]()
    node.events.listen(heard.append)
    ada = Connected("1", "ada", node.hub)
    node.engine.subscribe("news", "1")
    assert backend.publish("news", b'{"a": 1}') == ""
    assert backend.unsubscribe("news", "ada") == ""
    assert backend.disconnect("ada") == ""
    assert ada.done == ["push", "unsubscribe news", "disconnect"]
    assert backend.publish("no:where", b"1") == "namespace not found"
    assert backend.disconnect("") == "invalid message"
    calls = [(each.method, each.error) for each in heard if isinstance(each, CommandRun)]
    assert calls == [
        ("publish", ""),
        ("unsubscribe", ""),
        ("disconnect", ""),
        ("publish", "namespace not found"),
        ("disconnect", "invalid message"),
    ]
