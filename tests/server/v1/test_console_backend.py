"""The console's view of a 1.x server."""

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
    """A connection that records the calls made to it."""

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


def test_the_backend_describes_its_server(backend: ConsoleBackend) -> None:
    """The backend reports the emulated version and the client endpoint, including the prefix."""
    assert (backend.name, backend.websocket_path) == ("Centrifugo 1.8.0", "/rt/connection/websocket")


def test_channels_show_their_subscribers(node: Node, backend: ConsoleBackend) -> None:
    """Subscribers are listed even where presence is off; presence adds the info that the application signed."""
    for client, user in (("1", "ada"), ("2", ""), ("3", "bob")):
        Connected(client, user, node.hub)
    for channel in ("news", "bare:x"):
        for client in ("1", "2", "gone"):
            node.engine.subscribe(channel, client)
    node.engine.add_presence("news", ClientInfo("ada", "1", b'{"a": 1}'))
    assert backend.channels() == [("news", 3, 0), ("bare:x", 3, 0)]
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
    """History is newest first, limited as requested, and names the client that published a message."""
    options = node.config.channels.options
    node.publish(Publication("1", "news", b"1"), options, node.now())
    node.publish(Publication("2", "news", b"2", "c", ClientInfo("ada", "c")), options, node.now())
    second = KeptPublication("2", "2", "ada", size=1, time=1000.0)  # without offset and epoch, which 1.x does not have
    assert backend.channel("news", 10).history == (second, KeptPublication("1", "1", size=1, time=1000.0))
    assert backend.channel("news", 1).history == (second,)
    assert backend.channels() == [("news", 0, 2)]


def test_a_channel_without_a_namespace_is_explained(backend: ConsoleBackend) -> None:
    """A channel in an unknown namespace is shown with an explanation and without content."""
    assert "no namespace “no”" in backend.channel("no:where", 10).advice


def test_reading_does_not_count(node: Node, backend: ConsoleBackend) -> None:
    """Reading through the console does not change the server's counters."""
    before = node.metrics.current()
    backend.channels()
    backend.channel("news", 10)
    backend.connections()
    assert node.metrics.current() == before


def test_actions_behave_like_api_calls(node: Node, backend: ConsoleBackend) -> None:
    """Console actions have the effects, events and errors of API calls."""
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
