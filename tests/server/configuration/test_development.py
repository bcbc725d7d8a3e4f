"""The configuration of a server that is started without one."""

import warnings
from typing import Any

import pytest

from centripetal import Client, v1
from centripetal.server import EmbeddedServer
from centripetal.server.configuration.development import Arguments, completed
from centripetal.server.current.config import read_config
from centripetal.server.current.origins import Origins
from centripetal.server.listening.http1 import Request


def test_a_bare_server_works() -> None:
    """`EmbeddedServer()` is a Centrifugo 6 with keys, history and presence, and causes no warning."""
    with warnings.catch_warnings(), EmbeddedServer() as server, Client(server.url, server.api_key) as client:
        warnings.simplefilter("error")
        assert server.generation == "6"
        assert client.publish("news", {"text": "hello"}).offset == 1
        assert client.history("news", limit=1).publications[0].data == {"text": "hello"}
        assert client.presence("news").presence == {}


def test_a_bare_server_of_1x_works() -> None:
    """`EmbeddedServer(server=1)` has a secret, history and presence."""
    with EmbeddedServer(server=1) as server, v1.Client(server.url, server.secret) as client:
        client.publish("news", 1)
        assert client.history("news")[0].data == 1
        assert client.presence("news") == {}


@pytest.mark.parametrize(
    ("given", "generated"),
    [
        ({}, {"api_key", "token_secret"}),
        ({"server": 6, "api_key": "k"}, {"token_secret"}),
        ({"token_secret": "t"}, {"api_key"}),
        ({"api_key": "k", "token_secret": "t"}, set()),
        ({"server": 1}, {"secret"}),
        ({"secret": "s"}, set()),
        ({"server": 6, "config": {}}, set()),
        ({"config": {"http_api": {"key": "k"}}}, set()),
    ],
)
def test_missing_keys_are_generated(given: dict[str, Any], generated: set[str]) -> None:
    """Only missing keys are generated, different ones for each server, and none if there is a configuration."""
    empty = dict.fromkeys(Arguments._fields[:5])
    found, other = completed(Arguments(**{**empty, **given})), completed(Arguments(**{**empty, **given}))
    assert found.generated == generated
    for name in ("secret", "api_key", "token_secret"):
        key = getattr(found, name)
        if name in generated:
            assert len(key.encode()) >= 32
            assert key != getattr(other, name)
        else:
            assert key == given.get(name)
    assert found.config == given.get("config", found.config)


@pytest.mark.parametrize(
    ("origin", "admitted"),
    [
        ("http://localhost:3000", True),
        ("https://localhost", True),
        ("http://127.0.0.1:5173", True),
        ("http://[::1]:8080", True),
        ("http://localhost.example.org", False),
        ("http://example.org", False),
        ("null", False),
    ],
)
def test_only_pages_of_this_machine_may_connect(origin: str, admitted: bool) -> None:
    """The development configuration allows the origins of this machine, and no other."""
    config: Any = completed(Arguments(None, None, None, None, None)).config
    origins = Origins(read_config(config)[0].client.allowed_origins)
    assert origins.admit(Request("GET", "/", (("origin", origin),))) == admitted
