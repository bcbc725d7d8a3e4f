"""Tests of the live subscriber of the demo."""

import sys
import threading

import pytest

from centripetal.cli.tools.demo.subscriber import Subscriber
from centripetal.dialects.v1.watcher import Watcher
from centripetal.errors import ConnectError, ServerError, UsageError
from centripetal.protocol.watching import Joined, Published
from centripetal.server import EmbeddedServer
from centripetal.v1 import Client

PATIENCE = 20.0  # seconds; only a failing test waits this long
SECRET = "s"


def subscriber(url: str, *channels: str, joins: int = 0, patience: float = PATIENCE) -> Subscriber:
    names = channels or ("c",)
    watcher = Watcher(names, secret=SECRET, user="alice")
    return Subscriber(watcher, url, subscriptions=len(names), joins=joins, patience=patience)


def test_it_is_subscribed_once_started() -> None:
    """After its start, the subscriber has seen the expected joins and receives exactly the later publications."""
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


def test_events_can_be_read_until_the_end() -> None:
    """Events can be read one at a time while others publish, and a disconnect ends them."""
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


def test_waiting_for_publications_times_out() -> None:
    """Waiting for publications ends when the patience is exhausted."""
    with EmbeddedServer(secret=SECRET) as server, subscriber(server.url, patience=0.2) as alice:
        assert alice.arrived(publications=1) == []


@pytest.mark.parametrize(
    ("channel", "up", "kind"),
    [("no:c", True, ServerError), ("c", False, ConnectError)],
    ids=["refused", "unreachable"],
)
def test_a_problem_ends_all_waiting(channel: str, up: bool, kind: type[Exception]) -> None:
    """After a problem, every wait returns at once without publications."""
    server = EmbeddedServer(secret=SECRET).start()
    if not up:
        server.stop()
    try:
        with subscriber(server.url, "d", channel) as alice:
            assert isinstance(alice.problem, kind)
            assert alice.arrived(publications=1) == list(alice) == []
    finally:
        server.stop()


def test_a_missing_dependency_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without websockets, the subscriber has a problem that names the package to install."""
    monkeypatch.setitem(sys.modules, "websockets.client", None)
    for name in ("centripetal.client.watching", "centripetal.transport.websocket"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    with subscriber("http://localhost:1") as alice:
        assert isinstance(alice.problem, UsageError)
        assert "pip install" in str(alice.problem)
