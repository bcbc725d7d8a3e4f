"""Choosing the server generation from the arguments and the configuration."""

from typing import Any

import pytest

from centripetal.errors import UsageError
from centripetal.server import EmbeddedServer
from centripetal.server.configuration.loading import which


@pytest.mark.parametrize(
    ("arguments", "generation"),
    [
        ({}, "6"),
        ({"server": 1}, "1.x"),
        ({"secret": "s"}, "1.x"),
        ({"api_key": "k"}, "6"),
        ({"token_secret": "t"}, "6"),
        ({"server": 1, "config": {}}, "1.x"),
        ({"server": 6, "config": {}}, "6"),
        ({"secret": "s", "config": {"presence": True}}, "1.x"),
        ({"config": {"secret": "s", "engine": "memory"}}, "1.x"),
        ({"config": {"namespaces": [{"name": "ns"}]}}, "1.x"),
        ({"config": {"http_api": {"key": "k"}}}, "6"),
        ({"config": {"Client": {"insecure": True}}}, "6"),
        ({"config": {"admin": {"enabled": False}, "channel": {}}}, "6"),
    ],
)
def test_keys_or_the_configuration_select_the_generation(arguments: dict[str, Any], generation: str) -> None:
    """A secret selects 1.x, other keys select a current server, and configurations differ in their sections."""
    assert EmbeddedServer(**arguments).generation == generation


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"config": {}}, "cannot detect the server's generation"),
        ({"config": {"something": 1}}, "cannot detect the server's generation"),
        ({"config": {"secret": "s", "client": {}}}, "'secret', with a key of a current server, 'client'"),
        ({"config": {"api_key": "k", "token_hmac_secret_key": "t"}}, "Centrifugo 2 to 5"),
        ({"secret": "s", "api_key": "k"}, "pass only one kind of key"),
        ({"server": 1, "api_key": "k"}, "pass only one kind of key"),
        ({"server": 6, "secret": "s"}, "secret is for 1.x servers"),
        ({"server": 5, "api_key": "k"}, "must be the number 1 .*, not 5"),
        ({"api_key": ""}, "api_key must be non-empty text"),
        ({"token_secret": 5}, "token_secret must be non-empty text"),
    ],
)
def test_unclear_arguments_are_refused_with_advice(arguments: dict[str, Any], words: str) -> None:
    """Arguments that do not clearly select a generation are refused with advice."""
    with pytest.raises(UsageError, match=words):
        EmbeddedServer(**arguments)


def test_an_unknown_generation_is_refused() -> None:
    """An unknown generation raises `UsageError`, also for the command line."""
    assert which(None, None, None, {"websocket": {}}) == 6


def test_arguments_override_the_configuration() -> None:
    """Arguments override the configuration, and the repr contains no key."""
    config = {"http_api": {"key": "configured"}, "client": {"token": {"hmac_secret_key": "configured too"}}}
    server = EmbeddedServer(config=config)
    assert (server.api_key, server.token_secret, server.secret) == ("configured", "configured too", "")
    server = EmbeddedServer(api_key="hush", token_secret="hush too", config=config)
    assert (server.api_key, server.token_secret) == ("hush", "hush too")
    with server:
        assert "hush" not in repr(server)
        assert repr(server) == f"<EmbeddedServer 6, at {server.url}>"


@pytest.mark.parametrize(("prefix", "path"), [("/api", ""), ("/rt/api", "/rt"), ("/push", "/push")])
def test_the_url_is_the_argument_of_a_client(prefix: str, path: str) -> None:
    """The URL is the argument of a client, without the `/api` that clients append."""
    with EmbeddedServer(api_key="k", config={"http_api": {"handler_prefix": prefix}}) as server:
        assert server.url.endswith(f":{server.url.rpartition(':')[2].partition('/')[0]}{path}")
        assert server.websocket_url.endswith("/connection/websocket")
