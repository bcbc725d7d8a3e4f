"""The console's view of a Centrifugo 6 node."""

import pytest

from centripetal import tokens
from centripetal.server.console.backend import KeptPublication, Member
from centripetal.server.current.config import read_config
from centripetal.server.current.connection import OutgoingPublication
from centripetal.server.current.console_backend import ConsoleBackend
from centripetal.server.current.node import Node
from centripetal.server.engine.engine import ClientInfo, HistoryOptions, Publication
from centripetal.server.engine.events import CommandRun, Event, TokenSent
from tests.server.environment import Clock, fixed_environment

CONFIG = {
    "channel": {
        "without_namespace": {"presence": True, "history_size": 5, "history_ttl": "60s"},
        "namespaces": [{"name": "bare"}],
    }
}


class Connected:
    """A connection that records the calls made to it."""

    def __init__(self, node: Node, user: str = "ada") -> None:
        self.id, self.user, self.session, self.done = "c1", user, "", list[str]()
        node.hub.add(self)  # type: ignore[arg-type]  # the hub uses no more of a connection

    def deliver(self, outgoing: OutgoingPublication) -> None:
        self.done.append(f"publication {outgoing.publication.offset}")

    def unsubscribe(self, channel: str, code: int, reason: str) -> None:
        self.done.append(f"unsubscribe {channel}: {code} {reason}")

    def disconnect(self, code: int, reason: str) -> None:
        self.done.append(f"disconnect: {code} {reason}")


@pytest.fixture
def epochs() -> list[str]:
    """Return the list of epochs that were created."""
    return []


@pytest.fixture
def node(epochs: list[str]) -> Node:
    def new_epoch() -> str:
        epochs.append("epoch")
        return "epoch"

    return Node(read_config(CONFIG)[0], fixed_environment(now=Clock(1.0), new_epoch=new_epoch))


def test_a_channel_is_shown(node: Node, epochs: list[str]) -> None:
    """The view has subscribers, presence and history, and reading it creates no stream."""
    backend = ConsoleBackend(node)
    Connected(node)
    node.engine.subscribe("news", "c1")
    node.engine.add_presence("news", ClientInfo("ada", "c1", conn_info=b'{"name":"Ada"}'))
    assert backend.channels() == [("news", 1, 0)]
    assert backend.connections() == [Member("c1", "ada")]
    view = backend.channel("news", 10)
    assert (view.subscribers, view.presence, view.history, view.advice) == (1, True, (), "")
    assert view.members == (Member("c1", "ada", '{"name":"Ada"}'),)
    assert epochs == []
    assert backend.publish("news", b'{"n": 1.0}') == ""
    assert backend.channel("news", 10).history == (
        KeptPublication("1", '{"n": 1.0}', size=10, time=1.0, offset=1, epoch="epoch"),
    )
    node.engine.publish(Publication("", "news", b"2", tags={"lang": "en"}), HistoryOptions(size=10, ttl=60), 1.0)
    assert backend.channel("news", 1).history == (
        KeptPublication("2", "2", "", {"lang": "en"}, size=1, time=1.0, offset=2, epoch="epoch"),
    )
    assert backend.channels() == [("news", 1, 2)]
    assert "`history_size` and `history_ttl`" in backend.channel("bare:x", 10).advice
    assert "no namespace “nowhere”" in backend.channel("nowhere:x", 10).advice


def test_actions_behave_like_api_calls(node: Node) -> None:
    """Console actions reach all connections of the user, emit events, and return the server's errors."""
    heard = list[Event]()
    node.events.listen(heard.append)
    backend, connection = ConsoleBackend(node), Connected(node)
    assert backend.unsubscribe("news", "ada") == backend.disconnect("ada") == ""
    assert connection.done == ["unsubscribe news: 2000 server unsubscribe", "disconnect: 3503 force disconnect"]
    assert backend.publish("nowhere:x", b"1") == "unknown channel"
    assert [(each.method, each.error) for each in heard if isinstance(each, CommandRun)] == [
        ("unsubscribe", ""),
        ("disconnect", ""),
        ("publish", "unknown channel"),
    ]


def test_anonymous_users_are_left_alone(node: Node) -> None:
    """Actions on an empty user do nothing, because the API would apply them to all anonymous users."""
    backend, connection = ConsoleBackend(node), Connected(node, user="")
    assert "anonymous" in backend.unsubscribe("news", "")
    assert "anonymous" in backend.disconnect("")
    assert connection.done == []


TOKEN = tokens.connection_token("k" * 32, "ada", expires_in=600, now=50)


@pytest.mark.parametrize(
    ("token", "channel", "accepted", "text"),
    [
        (TOKEN, "", True, "the client is connected"),
        (tokens.connection_token("other" * 8, "ada"), "", False, "The signature does not match"),
        (tokens.connection_token("k" * 32, "ada", channels=["nowhere:x"]), "", False, "error 102, unknown channel"),
        (tokens.subscription_token("s" * 32, "news", "ada"), "", True, "the client is subscribed"),
        (tokens.subscription_token("s" * 32, "news", "ada"), "news", True, "the client is subscribed"),
        (tokens.subscription_token("k" * 32, "news", "ada"), "news", False, "The signature does not match"),
        (tokens.subscription_token("s" * 32, "news", "bob"), "news", False, "bob"),
        ("garbage", "", False, "1 part"),
    ],
)
def test_tokens_are_explained(token: str, channel: str, accepted: bool, text: str) -> None:
    """Tokens that clients send, or that a person pastes, are checked with the keys and namespaces of the server."""
    keys = {
        "token": {"hmac_secret_key": "k" * 32},
        "subscription_token": {"enabled": True, "hmac_secret_key": "s" * 32},
    }
    node = Node(read_config({**CONFIG, "client": keys})[0], fixed_environment(now=Clock(50)))
    method = "subscribe" if channel else "connect"
    sent = TokenSent(at=50, client="c", user="ada" if channel else "", method=method, channel=channel, token=token)
    found = ConsoleBackend(node).check_token(sent, pasted=not channel)
    assert found.accepted is accepted, found
    assert text in f"{found.said} {found.reasons}"
    assert token.rpartition(".")[2] not in repr(found) or token == "garbage"
    assert token not in repr(sent)


def test_backquotes_in_names_are_marked(node: Node) -> None:
    """A backquote in the name of a namespace does not start code in the advice of the page."""
    assert "no namespace “a\ufdd0b”" in ConsoleBackend(node).channel("a`b:x", 10).advice
