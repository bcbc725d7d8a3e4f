"""Watching channels works in the same way on the embedded server and on a real 1.x server."""

import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from websockets.sync.client import connect

from centripetal.client.watching import Watching
from centripetal.dialects.v1.watcher import Watcher
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
    Unreadable,
    Unsubscribed,
)
from centripetal.v1 import Client, generate_api_sign, generate_client_token
from tests.conformance.servers_v1 import KINDS, SECRET, Server, start
from tests.faults.proxy import CuttingProxy

CONFIG = {
    "secret": SECRET,
    "name": "node-1",
    "presence": True,
    "namespaces": [
        {"name": "room", "presence": True, "join_leave": True},
        {"name": "log", "recover": True, "history_size": 3, "history_lifetime": 60},
        {"name": "open", "anonymous": True},
        {"name": "deep", "publish": True, "recover": True, "history_size": 4, "history_lifetime": 60},
    ],
}


@pytest.fixture(params=KINDS, scope="module")
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server of each kind."""
    with start(request.param, CONFIG, tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    """Return a client of the server API."""
    with Client(server.url, SECRET) as client:
        yield client


def events(
    url: str, *channels: str, user: str = "42", pauses: Callable[[int], float] = lambda _: 0.0
) -> Iterator[Event]:
    return iter(Watching(Watcher(channels, secret=SECRET, user=user), url, timeout=20, pauses=pauses))


def take(happening: Iterator[Event], count: int, *kinds: type[Event]) -> list[Any]:
    """Return the next *count* events, only of the given kinds if there are any."""
    taken: list[Event] = []
    while len(taken) < count:
        event = next(happening)
        if not kinds or isinstance(event, kinds):
            taken.append(event)
    return taken


def test_publications_arrive_as_they_were_written(server: Server, client: Client) -> None:
    """Messages arrive unchanged, also in a private channel, with the client id of their publisher."""
    happening = events(server.url, "$desk", "desk")
    connected, first, second = take(happening, 3)
    assert isinstance(connected, Connected)
    assert {first, second} == {Subscribed("$desk"), Subscribed("desk")}
    client.publish("$desk", b'{ "n": 1.00, "t": "<\xc3\xa9" }')
    client.publish("desk", None, client="origin")
    private, public = take(happening, 2)
    assert (private.channel, private.data, private.sender) == ("$desk", b'{ "n": 1.00, "t": "<\xc3\xa9" }', None)
    assert (public.data, public.sender) == (b"null", Person("origin"))


def test_joins_and_leaves_are_reported(server: Server, client: Client) -> None:
    """Joins and leaves are reported, and the watcher's own join comes after the event of its subscription."""
    happening = events(server.url, "room:1")
    connected, subscribed, joined = take(happening, 3)
    assert subscribed == Subscribed("room:1")
    assert joined == Joined("room:1", Person(connected.client, "42"))
    other = events(server.url, "room:1", user="")
    with pytest.raises(ServerError, match="anonymous"):
        take(other, 2)
    other = events(server.url, "room:1", user="43")
    (who,) = take(other, 1)
    assert take(happening, 1) == [Joined("room:1", Person(who.client, "43"))]
    take(other, 1)
    assert client.presence("room:1").keys() == {connected.client, who.client}
    client.disconnect("43")
    assert take(happening, 1) == [Left("room:1", Person(who.client, "43"))]
    with pytest.raises(ServerError, match="disconnect"):
        list(other)


def test_deeply_nested_data_do_not_hide_others(server: Server, client: Client) -> None:
    """Data of thousands of levels, from the back end or a browser, reach histories and watchers unchanged."""
    from_browser, from_back_end = b'{"a":[' * 2_500 + b"1.0" + b"]}" * 2_500, b"[" * 9_990 + b"]" * 9_990
    token = generate_client_token(SECRET, "7", "1500000000")
    client.publish("deep:1", 1)
    with connect(server.url.replace("http", "ws") + "/connection/websocket") as browser:

        def publish(_: int) -> float:
            browser.send(
                b'[{"uid":"1","method":"connect","params":{"user":"7","timestamp":"1500000000","token":"%b"}},'
                b'{"uid":"2","method":"subscribe","params":{"channel":"deep:1"}},'
                b'{"uid":"3","method":"publish","params":{"channel":"deep:1","data":%b}}]'
                % (token.encode(), from_browser)
            )
            while '"uid":"3"' not in (reply := str(browser.recv(timeout=10))):
                assert "error" not in reply
            with client.batch() as batch:
                batch.publish("deep:1", from_back_end)
                batch.publish("deep:1", 2)
            return 0.0

        with CuttingProxy(int(server.url.rpartition(":")[2]), seed=1, rarity=10**9) as proxy:
            happening = events(proxy.url, "deep:1", pauses=publish)
            take(happening, 1, Subscribed)
            proxy.cut_all()
            assert take(happening, 1, Subscribed) == [Subscribed("deep:1", recovered=True)]
            found = [each.data for each in take(happening, 3, Published, Gap)]
    assert found == [from_browser, from_back_end, b"2"]
    with client.batch() as batch:
        deep, other = batch.history("deep:1"), batch.presence("room:none")
    assert [each.data_json for each in deep.result()] == [*found[::-1], b"1"]
    assert [isinstance(each.data, msgspec.Raw) for each in deep.result()] == [False, True, True, False]
    assert other.result() == {}


def test_a_lost_connection_is_recovered_or_reported(server: Server, client: Client) -> None:
    """Missed messages come oldest first; without all of them, or without `recover`, a gap is reported."""
    client.publish("log:1", 0)
    missed = [[1, 2], [3, 4, 5, 6]]

    def meanwhile(attempt: int) -> float:
        for number in missed.pop(0):
            client.publish("log:1", number)
        return 0.0

    with CuttingProxy(int(server.url.rpartition(":")[2]), seed=1) as proxy:
        proxy.calm = True
        happening = events(proxy.url, "log:1", "desk", pauses=meanwhile)
        take(happening, 2, Subscribed)
        proxy.cut_all()
        take(happening, 1, Lost)
        told: dict[str, list[Any]] = {"log:1": [], "desk": []}
        for event in take(happening, 5, Subscribed, Gap, Published):
            told[event.channel].append(event)
        assert told["desk"] == [Subscribed("desk"), Gap("desk", "the channel does not have the option `recover`")]
        assert told["log:1"][0] == Subscribed("log:1", recovered=True)
        assert [(event.data, event.recovered) for event in told["log:1"][1:]] == [(b"1", True), (b"2", True)]
        proxy.cut_all()
        take(happening, 1, Lost)
        again = [event for event in take(happening, 7, Subscribed, Gap, Published) if event.channel == "log:1"]
        assert [type(event) for event in again] == [Subscribed, Gap, Published, Published, Published]
        assert [event.data for event in again[2:]] == [b"4", b"5", b"6"]


@pytest.mark.parametrize(
    ("channel", "user", "words"),
    [
        ("nowhere:1", "42", "namespace not found .*`namespaces`"),
        ("desk", "", "permission denied .*`anonymous`"),
        ("desk#43", "42", "permission denied .*after the #"),
        ("desk&1", "42", "permission denied .*after the &"),
        ("x" * 256, "42", "limit exceeded .*`max_channel_length`"),
    ],
)
def test_refusals_say_what_to_do(server: Server, channel: str, user: str, words: str) -> None:
    """A refusal says what to do; it ends watching only if no other channel is left."""
    with pytest.raises(ServerError, match=words):
        list(events(server.url, channel, user=user))
    happening = events(server.url, channel, "open:1", user=user)
    told = take(happening, 3)
    assert {type(event) for event in told} == {Connected, Refused, Subscribed}


def test_a_wrong_secret_is_reported(server: Server) -> None:
    """The error for a wrong secret says what to do."""
    with pytest.raises(ServerError, match=r"invalid token .*with the `secret`"):
        list(Watching(Watcher(["desk"], secret="other", user="42"), server.url))


def test_unsubscribes_by_the_back_end(server: Server, client: Client) -> None:
    """Watching continues after the first unsubscribe and ends after the unsubscribe from the last channel."""
    happening = events(server.url, "desk", "room:2", user="50")
    take(happening, 2, Subscribed)
    client.unsubscribe("desk", "50")
    assert take(happening, 1, Unsubscribed) == [Unsubscribed("desk")]
    client.unsubscribe("room:2", "50")
    with pytest.raises(ServerError, match="from all channels"):
        list(happening)


def test_an_unreadable_push_does_not_end_watching(server: Server, client: Client) -> None:
    """A push that is not valid JSON, because of a uid with a quote, does not end watching."""
    happening = events(server.url, "desk")
    take(happening, 2)
    _raw_publish(server.url, b'{"channel":"desk","data":1,"uid":"\\""}')
    client.publish("desk", 2)
    unreadable, published = take(happening, 2)
    assert isinstance(unreadable, Unreadable)
    assert published.data == b"2"


def _raw_publish(url: str, params: bytes) -> None:
    """Publish without the checks of the library's client."""
    body = b'[{"method":"publish","params":%b}]' % params
    headers = {"X-API-Sign": generate_api_sign(SECRET, body), "Content-Type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(f"{url}/api/", body, headers), timeout=20).close()


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_credentials_are_renewed_while_watching(kind: str, tmp_path: Path) -> None:
    """Credentials are renewed in time, repeatedly."""
    config = {"secret": SECRET, "connection_lifetime": 2, "expired_connection_close_delay": 1}
    with start(kind, config, tmp_path) as server:
        watching = Watching(Watcher(["c"], secret=SECRET, user="42"), server.url, timeout=20)
        timer = threading.Timer(5.5, watching.stop)
        timer.start()
        assert [type(event) for event in watching] == [Connected, Subscribed]
        timer.join()


@pytest.mark.parametrize("kind", KINDS)
def test_a_stopping_server_is_reported_as_lost(kind: str, tmp_path: Path) -> None:
    """A stopping server is reported as a lost connection, after which the watcher would reconnect."""
    with start(kind, CONFIG, tmp_path) as server:
        happening = events(server.url, "desk")
        take(happening, 2)
    (lost,) = take(happening, 1)
    assert isinstance(lost, Lost)
    assert "shutting down" in str(lost.error)
