"""Tests of browsers of Centrifugo 1.x: credentials, private channels."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from centripetal.testing import BrowserV1, CentrifugoV1
from centripetal.v1 import ServerError, UsageError, generate_channel_sign, generate_client_token

CONFIG = {"connection_lifetime": 86400, "namespaces": [{"name": "chat"}]}
NOW = int(time.time())


@pytest.fixture
def server() -> Iterator[CentrifugoV1]:
    with CentrifugoV1(config=CONFIG) as server:
        yield server


@pytest.fixture
def ann(server: CentrifugoV1) -> Iterator[BrowserV1]:
    token = generate_client_token(server.secret, "ann", NOW)
    with server.connect(token, user="ann", timestamp=NOW) as browser:
        yield browser


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "another secret": (
        {"token": generate_client_token("wrong", "ann", NOW), "user": "ann", "timestamp": NOW},
        "invalid token.*generate_client_token",
    ),
    "another user": (
        {"token": generate_client_token("secret", "ann", NOW), "user": "bob", "timestamp": NOW},
        "invalid token",
    ),
    "expired": (
        {"token": generate_client_token("secret", "ann", 1_000_000_000), "user": "ann", "timestamp": 1_000_000_000},
        "the credentials have expired",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_credentials_explain_themselves(server: CentrifugoV1, name: str) -> None:
    """The error says why the server refused the credentials."""
    credentials, text = REFUSED[name]
    with pytest.raises(ServerError, match=text), server.connect(**credentials):
        pass


def test_credentials_without_their_token_are_a_mistake(server: CentrifugoV1) -> None:
    """A user without a token is refused at once."""
    with pytest.raises(UsageError, match="pass the token of these credentials too"):
        server.connect(user="ann")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"user": None}, "user must be the text that the page sends, not NoneType"),
        ({"user": "ann", "timestamp": 1.5}, "timestamp must be the text that the page sends, not float"),
        ({"user": 7, "timestamp": 1, "info": {"name": "Ann"}}, "info must be the text that the page sends, not dict"),
    ],
)
def test_credentials_of_a_wrong_type(server: CentrifugoV1, options: dict[str, Any], text: str) -> None:
    """The error names the part of the credentials; numbers are accepted for the user and the time."""
    with pytest.raises(UsageError) as refused:
        server.connect("a token", **options)
    assert str(refused.value) == text


def test_a_signature_of_a_wrong_type(ann: BrowserV1) -> None:
    """A signature in bytes is refused with the fix."""
    with pytest.raises(UsageError, match=r"sign must be text, not bytes: call decode\(\) on it"):
        ann.subscribe("$orders", sign=b"abc")  # type: ignore[arg-type]


def test_private_channels(server: CentrifugoV1, ann: BrowserV1) -> None:
    """A private channel opens with the application's signature for this connection, and explains itself without it."""
    with pytest.raises(ServerError, match="generate_channel_sign"):
        ann.subscribe("$orders")
    ann.subscribe("$orders", sign=generate_channel_sign(server.secret, ann.client, "$orders", "{}"), info="{}")
    server.client().publish("$orders", {"id": 1})
    assert [each.data for each in ann.received("$orders")] == [{"id": 1}]


def test_the_back_end_unsubscribes_a_browser(server: CentrifugoV1, ann: BrowserV1) -> None:
    """After `unsubscribe` of the back end, publications no longer arrive."""
    ann.subscribe("chat:1")
    server.client().unsubscribe("chat:1", "ann")
    server.client().publish("chat:1", 1)
    assert (ann.received("chat:1"), ann.channels) == ([], frozenset())
