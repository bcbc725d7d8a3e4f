"""Watching channels works in the same way on the embedded server and on a real Centrifugo 6."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from websockets.sync.client import connect

from centripetal import Client
from centripetal.client.watching import Watching
from centripetal.dialects.current.watcher import Watcher
from centripetal.errors import ServerError
from centripetal.protocol.watching import (
    Connected,
    Event,
    Gap,
    Joined,
    Left,
    Lost,
    Person,
    Published,
    Refused,
    Subscribed,
    Unsubscribed,
)
from centripetal.tokens import connection_token, subscription_token
from centripetal.tokens.issuing import signer
from tests.conformance.servers import Server
from tests.conformance.servers_v6 import API_KEY, KINDS, start
from tests.faults.proxy import CuttingProxy

KEY = "a-secret-for-tokens-of-32-bytes-or-more"
_SEEN = {"allow_presence_for_subscriber": True, "allow_history_for_subscriber": True}
_LOG = {"history_size": 3, "history_ttl": "60s", "allow_recovery": True, **_SEEN}
CONFIG = {
    "http_api": {"key": API_KEY},
    "client": {"token": {"hmac_secret_key": KEY}, "allow_anonymous_connect_without_token": True},
    "channel": {
        "without_namespace": {"presence": True},
        "namespaces": [
            {"name": "room", "presence": True, "join_leave": True, **_SEEN},
            {"name": "log", **_LOG},
            {"name": "deep", "allow_subscribe_for_client": True, "allow_publish_for_subscriber": True, **_LOG},
            {"name": "open", "allow_subscribe_for_client": True, "allow_subscribe_for_anonymous": True},
        ],
    },
}


@pytest.fixture(params=KINDS, scope="module")
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server of each kind."""
    with start(request.param, CONFIG, tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    """Return a client of the server API."""
    with Client(server.url, API_KEY) as client:
        yield client


def events(url: str, *channels: str, pauses: Callable[[int], float] = lambda _: 0.0, **options: Any) -> Iterator[Event]:
    options = options or {"sign": signer(KEY, "42")}
    return iter(Watching(Watcher(channels, **options), url, timeout=20, pauses=pauses))


def take(happening: Iterator[Event], count: int, *kinds: type[Event]) -> list[Any]:
    """Return the next *count* events, only of the given kinds if there are any."""
    taken: list[Event] = []
    while len(taken) < count:
        event = next(happening)
        if not kinds or isinstance(event, kinds):
            taken.append(event)
    return taken


def test_publications_arrive_as_they_were_written(server: Server, client: Client) -> None:
    """Publications arrive unchanged, also in a private channel, with tags, and with their offset if there is one."""
    happening = events(server.url, "$desk", "log:a")
    connected, *both = take(happening, 3)
    assert isinstance(connected, Connected)
    assert set(both) == {Subscribed("$desk"), Subscribed("log:a")}
    client.publish("$desk", b'{ "n": 1.00, "t": "<\xc3\xa9" }', tags={"a": "b"})
    client.publish("log:a", 2)
    assert take(happening, 2) == [
        Published("$desk", b'{ "n": 1.00, "t": "<\xc3\xa9" }', tags={"a": "b"}),
        Published("log:a", b"2", offset=1),
    ]


def test_joins_and_leaves_are_reported(server: Server, client: Client) -> None:
    """Joins and leaves are reported with user and connection, including the watcher's own join."""
    happening = events(server.url, "room:a")
    connected, _, own = take(happening, 3)
    assert own == Joined("room:a", Person(connected.client, "42"))
    other = events(server.url, "room:a", sign=signer(KEY, "43"))
    (second,) = take(other, 1, Connected)
    next(other)
    assert take(happening, 1) == [Joined("room:a", Person(second.client, "43"))]
    client.disconnect(43)
    assert take(happening, 1) == [Left("room:a", Person(second.client, "43"))]
    with pytest.raises(ServerError, match="3503"):
        list(other)


def test_missed_publications_are_recovered(server: Server, client: Client) -> None:
    """Missed publications are recovered after a lost connection, and a gap is reported if history is insufficient."""
    port = int(server.url.rpartition(":")[2])
    pauses: list[int] = []

    def pause(attempt: int) -> float:
        pauses.append(attempt)
        if len(pauses) == 1:
            client.broadcast(["log:b", "open:b"], 2)
        if len(pauses) == 2:
            for n in range(5):
                client.publish("log:b", n)
        return 0.0

    with CuttingProxy(port, seed=1, rarity=10**9) as proxy:
        happening = events(proxy.url, "log:b", "open:b", pauses=pause)
        take(happening, 2, Subscribed)
        client.publish("log:b", 1)
        assert take(happening, 1, Published) == [Published("log:b", b"1", offset=1)]
        proxy.cut_all()
        again = take(happening, 6)
        assert [type(event) for event in again[:2]] == [Lost, Connected]
        assert {type(event) for event in again if getattr(event, "channel", "") == "open:b"} == {Subscribed, Gap}
        assert [event for event in again if getattr(event, "channel", "") == "log:b"] == [
            Subscribed("log:b", recovered=True),
            Published("log:b", b"2", recovered=True, offset=2),
        ]
        proxy.cut_all()
        (gap, _) = take(happening, 2, Gap)
        assert "no longer contains the last publication" in gap.reason
        client.publish("log:b", 9)
        assert take(happening, 1, Published) == [Published("log:b", b"9", offset=8)]


def test_deeply_nested_data_do_not_hide_others(server: Server, client: Client) -> None:
    """Data of thousands of levels, from the back end or a browser, reach histories and watchers unchanged."""
    from_browser, from_back_end = b'{"a":[' * 2_500 + b"1.0" + b"]}" * 2_500, b"[" * 9_990 + b"]" * 9_990
    with connect(server.url.replace("http", "ws") + "/connection/websocket") as browser:

        def publish(_: int) -> float:
            browser.send(
                b'{"id":1,"connect":{"token":"%b"}}\n{"id":2,"subscribe":{"channel":"deep:a"}}\n'
                b'{"id":3,"publish":{"channel":"deep:a","data":%b}}'
                % (connection_token(KEY, "7").encode(), from_browser)
            )
            while '"id":3' not in (reply := str(browser.recv(timeout=10))):
                assert "error" not in reply
            with client.batch() as batch:
                batch.publish("deep:a", from_back_end)
                batch.publish("deep:a", 2)
            return 0.0

        with CuttingProxy(int(server.url.rpartition(":")[2]), seed=1, rarity=10**9) as proxy:
            happening = events(proxy.url, "deep:a", pauses=publish)
            take(happening, 1, Subscribed)
            proxy.cut_all()
            assert take(happening, 1, Subscribed) == [Subscribed("deep:a", recovered=True)]
            found = [each.data for each in take(happening, 3, Published, Gap)]
    assert found == [from_browser, from_back_end, b"2"]
    with client.batch() as batch:
        deep, other = batch.history("deep:a", limit=10), batch.presence_stats("room:nobody")
    publications = deep.result().publications
    assert [each.data_json for each in publications] == found
    assert [isinstance(each.data, msgspec.Raw) for each in publications] == [True, True, False]
    assert other.result().num_users == 0
    pages = client.history_pages("deep:a", limit=1)
    assert [each.data_json for page in pages for each in page.publications] == found
    client.publish("log:copy", publications[0].data)
    assert client.history("log:copy", limit=1).publications[0].data_json == from_browser


def test_unsubscribes_by_the_back_end(server: Server, client: Client) -> None:
    """Watching continues after an unsubscribe from one channel, and ends after an unsubscribe from all channels."""
    happening = events(server.url, "a", "b")
    take(happening, 3)
    client.unsubscribe("a", "42")
    assert take(happening, 1) == [Unsubscribed("a")]
    client.publish("b", 1)
    assert take(happening, 1) == [Published("b", b"1")]
    client.unsubscribe("b", "42")
    assert take(happening, 1) == [Unsubscribed("b")]
    with pytest.raises(ServerError, match="unsubscribed this client from all channels"):
        next(happening)


def test_a_token_made_elsewhere(server: Server, client: Client) -> None:
    """With a given token the watcher connects, gets server-side subscriptions, and can subscribe to open channels."""
    token = connection_token(KEY, "44", channels=["log:c"])
    happening = events(server.url, "log:c", "open:c", token=token)
    assert {event.channel for event in take(happening, 2, Subscribed)} == {"log:c", "open:c"}
    client.publish("log:c", 1)
    assert take(happening, 1, Published) == [Published("log:c", b"1", offset=1)]


def test_without_a_token(server: Server, client: Client) -> None:
    """Without a token the watcher can subscribe to open channels if the server permits it; other errors have advice."""
    happening = events(server.url, "open:d", "log:d", "no-such:d", sign=None)
    by_channel = {event.channel: event for event in take(happening, 3, Subscribed, Refused)}
    assert isinstance(by_channel["open:d"], Subscribed)
    assert "allow_subscribe_for_client" in str(by_channel["log:d"].error)
    assert "is not configured" in str(by_channel["no-such:d"].error)
    client.publish("open:d", 1)
    assert take(happening, 1, Published) == [Published("open:d", b"1")]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sign": signer("another key", "42")}, "3500: invalid token .*not signed with the server's"),
        ({"token": connection_token(KEY, 1, now=1.0)}, "109: token expired"),
    ],
)
def test_a_wrong_token_ends_watching(server: Server, options: dict[str, Any], words: str) -> None:
    """A wrong token ends watching with an error that says what to do."""
    with pytest.raises(ServerError, match=words):
        next(events(server.url, "open:e", **options))


def test_a_token_is_renewed(server: Server) -> None:
    """A token is renewed before it expires, so the connection stays open."""
    signed: list[float] = []

    def brief(channel: str | None, now: float) -> str:
        if channel is not None:
            return subscription_token(KEY, channel, "42", now=now)
        signed.append(now)
        if len(signed) == 5:  # for the constructor, to connect, twice to refresh, and again after both were accepted
            happening.stop()
        return connection_token(KEY, "42", now=now, expires_in=2)

    happening = Watching(Watcher(["open:f"], sign=brief), server.url, timeout=20)
    assert [type(event) for event in happening] == [Connected, Subscribed]
    assert len(signed) == 5
