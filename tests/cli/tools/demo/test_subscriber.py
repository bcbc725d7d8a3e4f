"""The live subscriber of the demo."""

import sys
import threading

import pytest

from centripetal.cli.tools.demo.subscriber import Subscriber
from centripetal.dialects.v1.watcher import Watcher
from centripetal.errors import ConnectError, ServerError, UsageError
from centripetal.protocol.watching import Joined, Published
from centripetal.server import EmbeddedServer
from centripetal.v1 import Client

PATIENCE = 20.0  # seconds that only a failure uses up
SECRET = "s"


def subscriber(url: str, *channels: str, joins: int = 0, patience: float = PATIENCE) -> Subscriber:
    names = channels or ("c",)
    watcher = Watcher(names, secret=SECRET, user="alice")
    return Subscriber(watcher, url, subscriptions=len(names), joins=joins, patience=patience)


def test_it_has_subscribed_when_it_has_begun() -> None:
    """When it has begun it has seen the expected joins; then what is published arrives, and only that."""
    with EmbeddedServer(secret=SECRET, config={"join_leave": True}) as server, Client(server.url, SECRET) as client:
        with subscriber(server.url, "c", "d", joins=2) as alice:
            joined = alice.arrived()
            assert [(type(event), event.channel) for event in joined] == [(Joined, "c"), (Joined, "d")]
            assert client.channels() == ["c", "d"]
            client.broadcast(["c", "d"], 1)
            assert [event.channel for event in alice.arrived(publications=2)] == ["c", "d"]
            assert alice.arrived() == []
        client.publish("c", 2)
        assert alice.arrived() == []
        assert alice.problem is None


def test_it_can_be_read_until_it_ends() -> None:
    """One thing after the other, while others publish; being disconnected is the end."""
    with EmbeddedServer(secret=SECRET) as server, subscriber(server.url) as alice:

        def work() -> None:
            with Client(server.url, SECRET) as client:
                client.publish("c", 1)
                client.publish("c", 2)
                client.disconnect("alice")

        thread = threading.Thread(target=work)
        thread.start()
        assert [event.data for event in alice if isinstance(event, Published)] == [b"1", b"2"]
        thread.join()
        assert "disconnect" in str(alice.problem)
        assert list(alice) == []


def test_what_does_not_come_is_not_waited_for_forever() -> None:
    """Waiting for publications ends when its patience does."""
    with EmbeddedServer(secret=SECRET) as server, subscriber(server.url, patience=0.2) as alice:
        assert alice.arrived(publications=1) == []


@pytest.mark.parametrize(
    ("channel", "up", "kind"),
    [("no:c", True, ServerError), ("c", False, ConnectError)],
    ids=["refused", "nobody there"],
)
def test_a_problem_is_told(channel: str, up: bool, kind: type[Exception]) -> None:
    """With a problem, everything asked of it answers at once that nothing has arrived."""
    server = EmbeddedServer(secret=SECRET).start()
    if not up:
        server.stop()
    try:
        with subscriber(server.url, "d", channel) as alice:
            assert isinstance(alice.problem, kind)
            assert alice.arrived(publications=1) == list(alice) == []
    finally:
        server.stop()


def test_it_says_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without websockets it has a problem that says what to install."""
    monkeypatch.setitem(sys.modules, "websockets.client", None)
    for name in ("centripetal.client.watching", "centripetal.transport.websocket"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    with subscriber("http://localhost:1") as alice:
        assert isinstance(alice.problem, UsageError)
        assert "pip install" in str(alice.problem)
