"""The console's side of a Centrifugo 6 node, and what it says of errors."""

import re

import pytest

from centripetal.dialects.current.realtime.parts import Disconnect
from centripetal.server.console.backend import Kept, Member
from centripetal.server.current import disconnects
from centripetal.server.current import node as node_module
from centripetal.server.current.config import read_config
from centripetal.server.current.connection import Told
from centripetal.server.current.console import CurrentBackend
from centripetal.server.current.explanations import explain
from centripetal.server.current.node import Node
from centripetal.server.engine import ClientInfo
from centripetal.server.events import CommandRefused, CommandRun, Disconnected, Event, RequestRefused

CONFIG = {
    "channel": {
        "without_namespace": {"presence": True, "history_size": 5, "history_ttl": "60s"},
        "namespaces": [{"name": "bare"}],
    }
}
CLIENT = {"client": "c", "user": "ada"}


class Connected:
    """A connection that remembers what is done to it."""

    def __init__(self, node: Node, user: str = "ada") -> None:
        self.id, self.user, self.session, self.done = "c1", user, "", list[str]()
        node.hub.add(self)  # type: ignore[arg-type]  # no more of a connection is needed here

    def deliver(self, told: Told) -> None:
        self.done.append(f"publication {told.publication.offset}")

    def unsubscribe(self, channel: str, code: int, reason: str) -> None:
        self.done.append(f"unsubscribe {channel}: {code} {reason}")

    def disconnect(self, code: int, reason: str) -> None:
        self.done.append(f"disconnect: {code} {reason}")


@pytest.fixture
def node() -> Node:
    return Node(read_config(CONFIG)[0], name="n", uid="u", now=0, new_epoch=lambda: "epoch")


def test_a_channel_is_seen(node: Node) -> None:
    """Its subscribers, who they are, what it remembers; reading it makes no stream."""
    backend = CurrentBackend(node, lambda: 1.0)
    Connected(node)
    node.engine.subscribe("news", "c1")
    node.engine.add_presence("news", ClientInfo("ada", "c1", conn_info=b'{"name":"Ada"}'))
    assert backend.channels() == {"news": 1}
    assert backend.connections() == [Member("c1", "ada")]
    view = backend.channel("news", 10)
    assert (view.subscribers, view.presence, view.history, view.advice) == (1, True, (), "")
    assert view.members == (Member("c1", "ada", '{"name":"Ada"}'),)
    assert node.engine._streams == {}
    assert backend.publish("news", b'{"n": 1.0}') == ""
    assert backend.channel("news", 10).history == (Kept("1", '{"n": 1.0}'),)
    assert "`history_size` and `history_ttl`" in backend.channel("bare:x", 10).advice
    assert "no namespace “nowhere”" in backend.channel("nowhere:x", 10).advice


def test_buttons_do_what_the_api_does(node: Node) -> None:
    """They act on all connections of the user, are told like any call, and give the server's error back."""
    heard = list[Event]()
    node.events.listen(heard.append)
    backend, connection = CurrentBackend(node, lambda: 1.0), Connected(node)
    assert backend.unsubscribe("news", "ada") == backend.disconnect("ada") == ""
    assert connection.done == ["unsubscribe news: 2000 server unsubscribe", "disconnect: 3503 force disconnect"]
    assert backend.publish("nowhere:x", b"1") == "unknown channel"
    assert [(each.method, each.error) for each in heard if isinstance(each, CommandRun)] == [
        ("unsubscribe", ""),
        ("disconnect", ""),
        ("publish", "unknown channel"),
    ]


def test_the_anonymous_are_left_alone(node: Node) -> None:
    """To the API, no user is all of them."""
    backend, connection = CurrentBackend(node, lambda: 1.0), Connected(node, user="")
    assert "anonymous" in backend.unsubscribe("news", "")
    assert "anonymous" in backend.disconnect("")
    assert connection.done == []


@pytest.mark.parametrize(
    ("event", "what", "fix"),
    [
        (RequestRefused(at=1, status=401, reason="no API key, or a wrong one"), "without the API key", "X-API-Key"),
        (
            RequestRefused(at=1, status=403, reason="the origin is none of client.allowed_origins"),
            "origin that is not allowed",
            "`client.allowed_origins`",
        ),
        (RequestRefused(at=1, status=400, reason="not JSON"), "could not be read: not JSON", "`{}`"),
        (
            CommandRun(at=1, method="publish", channels=("x:y",), error="unknown channel"),
            "namespace “x”",
            '"name": "x"',
        ),
        (CommandRun(at=1, method="presence", channels=("x",), error="not available"), "it is off", "`presence`"),
        (CommandRun(at=1, method="publish", error="bad request"), "missing", "base64"),
        (CommandRun(at=1, method="send_push", error="not found"), "no method", "PRO"),
        (
            CommandRefused(at=1, method="subscribe", channel="$x", error="permission denied", **CLIENT),
            "private",
            "subscription_token",
        ),
        (
            CommandRefused(at=1, method="subscribe", channel="x", error="permission denied", **CLIENT),
            "may not subscribe to “x”",
            "`allow_subscribe_for_client`",
        ),
        (
            CommandRefused(at=1, method="publish", channel="x", error="permission denied", **CLIENT),
            "may not publish",
            "`allow_publish_for_client`",
        ),
        (CommandRefused(at=1, method="connect", error="token expired", **CLIENT), "has expired", "getToken"),
    ],
)
def test_errors_are_explained(event: Event, what: str, fix: str) -> None:
    """In words of this generation, with what to do."""
    problem = explain(event)
    assert problem is not None
    assert what in problem.what
    assert fix in problem.fix


def test_every_way_to_be_disconnected_is_known() -> None:
    """Each reason that the server has is explained in words of its own, or nothing to explain."""
    named = (getattr(disconnects, name) for name in disconnects.__all__ if name.isupper())
    reasons = {each.reason for each in named if isinstance(each, Disconnect)}
    problems = {reason: explain(Disconnected(at=1, code=3500, reason=reason, **CLIENT)) for reason in reasons}
    unknown = [reason for reason, problem in problems.items() if problem and "documentation" in problem.fix]
    assert unknown == []
    assert {reason for reason, problem in problems.items() if problem is None} == {"shutdown"}


@pytest.mark.parametrize(("code", "reason"), [(3503, "force disconnect"), (4001, "stale"), (4500, "bye"), (0, "")])
def test_an_end_that_was_asked_for_is_no_problem(code: int, reason: str) -> None:
    """The back end may give any reason, and clients go by themselves."""
    assert explain(Disconnected(at=1, code=code, reason=reason, **CLIENT)) is None


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        *((CommandRun, message) for message in node_module._MESSAGES.values()),
        *((CommandRefused, message) for message in disconnects._MESSAGES.values() if "internal" not in message),
    ],
)
@pytest.mark.parametrize("method", ["subscribe", "publish", "history", "presence", "connect", "rpc"])
def test_every_error_is_known(kind: type[CommandRun] | type[CommandRefused], message: str, method: str) -> None:
    """Each one has words of its own, in which nothing is left to fill in."""
    event = (
        CommandRun(at=1, method=method, channels=("a:b",), error=message)
        if kind is CommandRun
        else CommandRefused(at=1, method=method, channel="a:b", error=message, **CLIENT)
    )
    problem = explain(event)
    assert problem is not None
    assert "documentation" not in problem.fix
    assert not re.search(r"\{\w+\}", problem.what + problem.fix)
