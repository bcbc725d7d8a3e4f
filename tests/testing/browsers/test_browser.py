"""Tests of browsers in tests, of both generations: blocking and awaited."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from centripetal import ConnectError, ServerError, UsageError
from centripetal.testing import Centrifugo, CentrifugoV1
from centripetal.tokens import connection_token
from centripetal.v1 import generate_client_token

OPEN = {
    "client": {"allow_anonymous_connect_without_token": True},
    "channel": {
        "without_namespace": {
            "allow_subscribe_for_client": True,
            "allow_subscribe_for_anonymous": True,
            "allow_publish_for_subscriber": True,
            "allow_publish_for_anonymous": True,
            "presence": True,
            "allow_presence_for_subscriber": True,
            "allow_presence_for_anonymous": True,
        }
    },
}
OPEN_V1 = {"anonymous": True, "publish": True, "presence": True}
SERVERS: dict[str, Callable[[], Centrifugo | CentrifugoV1]] = {
    "6": lambda: Centrifugo(config=OPEN),
    "1.x": lambda: CentrifugoV1(config=OPEN_V1),
}


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[Centrifugo | CentrifugoV1]:
    with SERVERS[request.param]() as server:
        yield server


def as_ann(server: Centrifugo | CentrifugoV1) -> Any:
    """Return a browser that connects as the user ann, with credentials as an application would make them."""
    if isinstance(server, Centrifugo):
        return server.connect(connection_token(server.token_secret, "ann"))
    token = generate_client_token(server.secret, "ann", 1_700_000_000)
    return server.connect(token, user="ann", timestamp=1_700_000_000)


def test_what_the_back_end_published_is_received_when_publish_returns(server: Centrifugo | CentrifugoV1) -> None:
    """Without waiting, `received` has all publications to the channel, in order, and none of other channels."""
    client = server.client()
    with server.connect() as browser:
        browser.subscribe("news")
        for number in range(200):
            client.publish("news", {"n": number})
            client.publish("other", number)
        assert [each.data for each in browser.received("news")] == [{"n": number} for number in range(200)]
        assert browser.received("other") == []
        assert browser.channels == {"news"}


def test_a_browser_publishes_and_sees_who_is_there(server: Centrifugo | CentrifugoV1) -> None:
    """A publication of a browser names its user and connection, and reaches the recorder and the other browsers."""
    with as_ann(server) as ann, server.connect() as other:
        ann.subscribe("news")
        other.subscribe("news")
        ann.publish("news", {"text": "hi"})
        [publication] = other.received("news")
        assert (publication.data, publication.user, publication.client) == ({"text": "hi"}, "ann", ann.client)
        assert publication.by_client
        assert {each.user for each in other.presence("news").values()} == {"ann", ""}
    server.assert_published("news", {"text": "hi"})


def test_a_browser_that_unsubscribed_receives_nothing(server: Centrifugo | CentrifugoV1) -> None:
    """After `unsubscribe`, publications no longer arrive."""
    with server.connect() as browser:
        browser.subscribe("news")
        browser.unsubscribe("news")
        server.client().publish("news", 1)
        assert (browser.received("news"), browser.channels) == ([], frozenset())


def test_wait_for_returns_when_enough_has_come(server: Centrifugo | CentrifugoV1) -> None:
    """`wait_for` returns the publications of another thread as soon as there are enough of them."""
    client = server.client()
    with server.connect() as browser:
        browser.subscribe("news")
        client.publish("news", 1)
        threading.Timer(0.05, client.publish, ["news", 2]).start()
        assert [each.data for each in browser.wait_for("news", 2)] == [1, 2]


def test_a_failed_wait_lists_what_was_received(server: Centrifugo | CentrifugoV1) -> None:
    """The text of a failed wait names the channel, the time and the publications that did arrive."""
    with server.connect() as browser:
        browser.subscribe("news")
        with pytest.raises(AssertionError) as nothing:
            browser.wait_for("news", timeout=0.01)
        server.client().publish("news", "hello")
        with pytest.raises(AssertionError) as too_few:
            browser.wait_for("news", 2, timeout=0.01)
    assert str(nothing.value) == "no publication to 'news' within 0.01 s\n\nnothing was received"
    assert "1 publication to 'news' within 0.01 s, expected 2" in str(too_few.value)
    assert "received:\n  1. 'news'  'hello'" in str(too_few.value)


@pytest.mark.parametrize("arguments", [{"count": 0}, {"count": True}, {"timeout": 0}, {"timeout": "1"}])
def test_wrong_arguments_of_a_wait_are_refused(server: Centrifugo | CentrifugoV1, arguments: dict[str, Any]) -> None:
    """A count below 1 and a time limit that is not a positive number are usage errors."""
    with server.connect() as browser, pytest.raises(UsageError):
        browser.wait_for("news", **arguments)


def test_the_back_end_disconnects_a_browser(server: Centrifugo | CentrifugoV1) -> None:
    """`disconnected` has the code and the reason of the server, and further requests say so."""
    with as_ann(server) as ann:
        with pytest.raises(AssertionError, match=r"did not disconnect the browser within 0\.01 s"):
            ann.wait_until_disconnected(timeout=0.01)
        server.client().disconnect("ann")
        code, reason = ann.wait_until_disconnected()
        assert (code, reason) == (
            (3503, "force disconnect") if isinstance(server, Centrifugo) else (3000, "disconnect")
        )
        assert ann.disconnected == (code, reason)
        with pytest.raises(UsageError, match=rf"disconnected \({code} {reason}\): connect a new one"):
            ann.subscribe("news")


def test_a_browser_leaves_at_the_end_of_its_block(server: Centrifugo | CentrifugoV1) -> None:
    """After the block, the server no longer counts the browser, and `received` still works."""
    client: Any = server.client()

    def present() -> int:
        result = client.presence("news")
        return len(getattr(result, "presence", result))

    with server.connect() as browser:
        browser.subscribe("news")
        client.publish("news", 1)
        assert present() == 1
    assert present() == 0
    assert [each.data for each in browser.received("news")] == [1]
    assert browser.disconnected == (1006, "")


def test_a_browser_notices_that_the_server_stops(server: Centrifugo | CentrifugoV1) -> None:
    """The reason is the real server's, and the end of the block does not fail."""
    with server.connect() as browser:
        server.stop()
        assert browser.disconnected is not None
        assert "shut" in browser.disconnected.reason


def test_a_server_that_is_down_refuses_browsers(server: Centrifugo | CentrifugoV1) -> None:
    """While the server is down, connecting raises a `ConnectError`; afterwards it works."""
    with server.down(), pytest.raises(ConnectError), server.connect():
        pass
    with server.connect() as browser:
        assert browser.client


def test_a_stopped_server_has_no_browsers() -> None:
    """Connecting to a server that does not run is a usage error."""
    server = Centrifugo(config=OPEN)
    with pytest.raises(UsageError, match="start it first"), server.connect():
        pass


def test_browsers_in_asyncio_tests(server: Centrifugo | CentrifugoV1) -> None:
    """An awaited browser has the same methods, and waits while other tasks publish."""

    async def scenario() -> None:
        client = server.async_client()
        async with client, server.connect() as browser:
            await browser.subscribe("news")
            asyncio.get_running_loop().call_later(
                0.02, lambda: tasks.append(asyncio.ensure_future(client.publish("news", 1)))
            )
            tasks: list[Any] = []
            assert [each.data for each in await browser.wait_for("news")] == [1]
            await browser.publish("news", 2)
            assert [each.data for each in browser.received("news")] == [1, 2]
            assert list(await browser.presence("news")) == [browser.client]
            with pytest.raises(AssertionError, match="expected 3"):
                await browser.wait_for("news", 3, timeout=0.01)
            with pytest.raises(AssertionError, match="did not disconnect"):
                await browser.wait_until_disconnected(timeout=0.01)
            await browser.unsubscribe("news")
            assert browser.channels == frozenset()
            with pytest.raises(ServerError):
                await browser.subscribe("$private:x")
        assert browser.disconnected is not None

    asyncio.run(scenario())


WRONG: dict[str, tuple[Callable[[Any], object], str]] = {
    "no channel": (lambda browser: browser.subscribe(None), "channel must be text, not NoneType: pass its name"),
    "a number": (lambda browser: browser.subscribe(7), "channel must be text, not int: write '7'"),
    "an empty channel": (lambda browser: browser.unsubscribe(""), "channel must not be empty"),
    "data only": (lambda browser: browser.publish({"a": 1}, 1), "channel must be text, not dict"),
    "presence": (lambda browser: browser.presence(b"news"), "channel must be text, not bytes"),
    "received": (lambda browser: browser.received(None), "channel must be text, not NoneType"),
    "joined": (lambda browser: browser.joined(1), "channel must be text, not int"),
    "data": (lambda browser: browser.publish("news", {1, 2}), "JSON has no sets"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_arguments_of_a_browser(server: Centrifugo | CentrifugoV1, name: str) -> None:
    """A wrong argument is a usage error, and the browser stays connected."""
    call, text = WRONG[name]
    with server.connect() as browser:
        with pytest.raises(UsageError, match=text):
            call(browser)
        browser.subscribe("news")


async def forgotten() -> str:
    return "a token"


WRONG_TOKENS: list[tuple[Callable[[], Any], str]] = [
    (lambda: b"abc", "token must be text, not bytes: call decode() on it"),
    (forgotten, "token is a coroutine: await the call that creates it"),
    (lambda: 5, "token must be the text that the page sends, not int"),
    (lambda: {"token": "abc"}, "token must be the text that the page sends, not dict"),
    (lambda: "\ud800", "token contains a lone surrogate, which cannot be encoded as UTF-8"),
]


@pytest.mark.parametrize(("make", "text"), WRONG_TOKENS)
def test_a_token_of_a_wrong_type(server: Centrifugo | CentrifugoV1, make: Callable[[], Any], text: str) -> None:
    """`connect` says what it was given instead of a token, and never shows it."""
    with pytest.raises(UsageError) as refused:
        server.connect(make())
    assert str(refused.value) == text


def test_a_refused_request_explains_itself(server: Centrifugo | CentrifugoV1) -> None:
    """Subscribing twice, publishing without permission and an unknown namespace have advice; the browser goes on."""
    asks: list[tuple[Callable[[Any], object], str]] = [
        (lambda browser: browser.subscribe("news"), "already subscribed .*ubscribe once"),
        (lambda browser: browser.subscribe("none:1"), 'add `{"name": "none"}`'),
        (lambda browser: browser.publish("other", 1), "permission denied .*publish"),
        (lambda browser: browser.presence("other"), "permission denied .*ubscri"),
    ]
    with as_ann(server) as browser:
        browser.subscribe("news")
        browser.unsubscribe("never subscribed")
        for ask, text in asks:
            with pytest.raises(ServerError, match=text):
                ask(browser)
        assert browser.channels == {"news"}


def test_a_wait_ends_with_the_connection(server: Centrifugo | CentrifugoV1) -> None:
    """`wait_for` does not wait longer than the connection lasts, and says how it ended."""
    with as_ann(server) as browser:
        browser.subscribe("news")
        server.client().publish("news", 1)
        threading.Timer(0.05, server.client().disconnect, ["ann"]).start()
        with pytest.raises(AssertionError, match=r"expected 2.*|before the browser was disconnected \(3") as failed:
            browser.wait_for("news", 2, timeout=60)
        assert browser.disconnected is not None
        assert f"before the browser was disconnected ({browser.disconnected}), expected 2" in str(failed.value)
        assert len(browser.wait_for("news", 1)) == 1


def test_a_wait_for_a_channel_without_a_subscription(server: Centrifugo | CentrifugoV1) -> None:
    """A failed wait says that the browser is not subscribed, as with a misspelt name."""
    with server.connect() as browser, pytest.raises(AssertionError) as failed:
        browser.wait_for("nwes", timeout=0.01)
    assert str(failed.value).splitlines()[0] == (
        "no publication to 'nwes' within 0.01 s: the browser is not subscribed to this channel"
    )


def test_joins_and_leaves() -> None:
    """A channel that announces its subscribers tells the browser who came and went, in order."""
    options = {"join_leave": True, "force_push_join_leave": True, "allow_subscribe_for_client": True}
    servers: list[Centrifugo | CentrifugoV1] = [
        Centrifugo(config={"channel": {"without_namespace": options}}),
        CentrifugoV1(config={"join_leave": True}),
    ]
    for server in servers:
        with server, as_ann(server) as first, as_ann(server) as second:
            first.subscribe("news")
            second.subscribe("news")
            second.unsubscribe("news")
            assert [each.client for each in first.joined("news")][-1] == second.client
            assert [(each.client, each.user) for each in first.left("news")] == [(second.client, "ann")]
            assert (first.joined("other"), first.left("other")) == ([], [])


def test_two_blocks_of_one_browser_are_two_connections(server: Centrifugo | CentrifugoV1) -> None:
    """The value of `connect` can be used again: each block opens another connection."""
    page = server.connect()
    with page as first, page as second:
        assert first.client != second.client
    assert (first.disconnected, second.disconnected) == ((1006, ""), (1006, ""))
