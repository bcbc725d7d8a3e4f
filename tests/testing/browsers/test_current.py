"""Tests of browsers of Centrifugo 6: refused tokens, subscriptions of the back end, pings."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from centripetal import ServerError
from centripetal.testing import Browser, Centrifugo
from centripetal.testing.current import TOKEN_SECRET
from centripetal.tokens import connection_token, subscription_token

OTHER = "another secret of thirty-two bytes"

CONFIG = {
    "client": {"ping_interval": "100ms", "pong_timeout": "50ms"},
    "channel": {"namespaces": [{"name": "chat", "allow_subscribe_for_client": True}]},
}


@pytest.fixture
def server() -> Iterator[Centrifugo]:
    with Centrifugo(config=CONFIG) as server:
        yield server


@pytest.fixture
def ann(server: Centrifugo) -> Iterator[Browser]:
    with server.connect(connection_token(server.token_secret, "ann")) as browser:
        yield browser


REFUSED_TOKENS: dict[str, tuple[str, int, str]] = {
    "empty": ("", 3501, "the server requires a token: pass connect\\(token=…\\)"),
    "another secret": (connection_token(OTHER, "ann"), 3500, "the signature does not match: .*: compare the secret"),
    "not a token": ("hello", 3500, "separated by dots"),
    "expired": (connection_token(TOKEN_SECRET, "ann", now=1e9, expires_in=60), 109, "the token expired"),
    "of a subscription": (subscription_token(TOKEN_SECRET, "chat:1", "ann"), 3500, "subscription token"),
}


@pytest.mark.parametrize("name", REFUSED_TOKENS)
def test_a_refused_connection_explains_itself(server: Centrifugo, name: str) -> None:
    """The error has the server's code, and says what is wrong with the token and what to do."""
    token, code, text = REFUSED_TOKENS[name]
    with pytest.raises(ServerError, match=text) as refused, server.connect(token):
        pass
    assert refused.value.code == code
    assert not token or token not in str(refused.value)


REFUSED_SUBSCRIPTIONS: dict[str, tuple[str, str | None, int, str]] = {
    "no permission": ("news", None, 103, "allow_subscribe_for_client"),
    "no namespace": ("none:1", None, 102, "channel.namespaces"),
    "another secret": ("news", subscription_token(OTHER, "news", "ann"), 103, "the signature does not match"),
    "another channel": ("news", subscription_token(TOKEN_SECRET, "sport", "ann"), 3500, "sport"),
    "another user": ("news", subscription_token(TOKEN_SECRET, "news", "bob"), 3500, "bob"),
}


@pytest.mark.parametrize("name", REFUSED_SUBSCRIPTIONS)
def test_a_refused_subscription_explains_itself(ann: Browser, name: str) -> None:
    """The error says what is wrong with the token or the configuration; only some faults end the connection."""
    channel, token, code, text = REFUSED_SUBSCRIPTIONS[name]
    with pytest.raises(ServerError, match=text) as refused:
        ann.subscribe(channel, token=token)
    assert refused.value.code == code
    if code < 3000:
        ann.subscribe("chat:1")
    else:
        assert ann.disconnected == (code, "invalid token")


def test_a_subscription_token_opens_a_channel(server: Centrifugo, ann: Browser) -> None:
    """A browser with the application's subscription token receives what is published to a closed channel."""
    ann.subscribe("news", token=subscription_token(server.token_secret, "news", "ann"))
    server.client().publish("news", 1, tags={"kind": "x"})
    [publication] = ann.received("news")
    assert (publication.data, publication.tags, publication.by_client) == (1, {"kind": "x"}, False)


def test_subscriptions_of_the_back_end(server: Centrifugo, ann: Browser) -> None:
    """Channels to which the back end subscribes the browser, by a token or a call, are received too."""
    client = server.client()
    client.subscribe("news", "ann")
    client.publish("news", 1)
    assert ann.channels == {"news"}
    client.unsubscribe("news", "ann")
    client.publish("news", 2)
    assert ann.channels == frozenset()
    assert [each.data for each in ann.received("news")] == [1]
    token = connection_token(server.token_secret, "bob", channels=["sport"])
    with server.connect(token) as bob:
        client.publish("sport", 3)
        assert bob.channels == {"sport"}
        assert [each.data for each in bob.received("sport")] == [3]


def test_a_browser_answers_pings(ann: Browser) -> None:
    """The server closes clients that do not answer a ping; a browser answers."""
    time.sleep(0.3)
    assert ann.disconnected is None


def test_an_expired_token_ends_the_connection() -> None:
    """A browser does not refresh its token, so the server disconnects it when the token has expired."""
    with Centrifugo(config={"client": {"expired_close_delay": "10ms"}}) as server:
        token = connection_token(server.token_secret, "ann", expires_in=0.2)
        with server.connect(token) as browser:
            assert browser.wait_until_disconnected() == (3005, "connection expired")


def test_deltas_and_binary_data(server: Centrifugo, ann: Browser) -> None:
    """A publication with a delta arrives whole; data that are not JSON end the connection, as in a real browser."""
    client = server.client()
    ann.subscribe("chat:1")
    long = [{"text": "x" * 200, "n": n} for n in range(3)]
    for data in long:
        client.publish("chat:1", data, delta=True)
    client.publish("chat:1", b64data="eyJhIjogMX0=")
    assert [each.data for each in ann.received("chat:1")] == [*long, {"a": 1}]
    client.publish("chat:1", b64data="AAEC")
    assert ann.wait_until_disconnected() == (3506, "inappropriate protocol")


@pytest.mark.parametrize("data", [{"a": [1, None, "ü"]}, None, 0.1, "text"])
def test_data_is_as_the_back_end_passed_it(server: Centrifugo, ann: Browser, data: Any) -> None:
    """A received publication holds the decoded data."""
    ann.subscribe("chat:1")
    server.client().publish("chat:1", data)
    assert [each.data for each in ann.received("chat:1")] == [data]
