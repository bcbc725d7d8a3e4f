"""The headers of the server's questions."""

from typing import Any

import pytest

from centripetal.server.current.proxies import Proxy, headers_for
from centripetal.server.questions import Endpoint
from tests.server.current.proxied import connected, proxied

HEADERS = {"cookie": "sid=1", "x-request-id": "r-1", "x-other": "dropped"}


@pytest.mark.parametrize(
    ("options", "emulated", "expected"),
    [
        ({}, {"Authorization": "t"}, {}),
        ({"http_headers": ["Cookie", "X-REQUEST-ID"]}, {}, {"Cookie": "sid=1", "X-Request-Id": "r-1"}),
        ({"http_headers": ["Cookie"]}, {"Cookie": "evil=1"}, {"Cookie": "sid=1"}),
        ({"http_headers": ["X-Missing"]}, {"X-Missing": "emulated"}, {}),
        ({"emulated_headers": ["authorization"]}, {"AUTHORIZATION": "é"}, {"Authorization": "\xc3\xa9"}),
        ({"emulated_headers": ["Cookie"]}, {"cookie": "emulated"}, {"Cookie": "emulated"}),
        ({"emulated_headers": ["Cookie"], "http_headers": ["cookie"]}, {"Cookie": "emulated"}, {"Cookie": "sid=1"}),
        ({"http": {"static_headers": {"x-api-key": "k"}}}, {"X-API-Key": "evil"}, {"X-Api-Key": "k"}),
        (
            {"http": {"static_headers": {"X-API-Key": "k"}}, "emulated_headers": ["x-api-key"]},
            {"X-API-Key": "evil"},
            {"X-Api-Key": "evil"},
        ),
        ({"http": {"static_headers": {"Cookie": "static"}}, "http_headers": ["cookie"]}, {}, {"Cookie": "sid=1"}),
        ({"http": {"static_headers": {"Content-Type": "text/plain"}}}, {}, {}),
    ],
)
def test_only_listed_headers_are_passed_on(
    options: dict[str, Any], emulated: dict[str, str], expected: dict[str, str]
) -> None:
    """Listed headers of the handshake replace listed headers of the connect command, which replace static headers."""
    world = proxied(options=options)
    client = world.new(headers=HEADERS)
    client.say({"id": 1, "connect": {"headers": emulated}})
    assert world.asked[0].headers == {**expected, "Content-Type": "application/json"}


def test_emulated_headers_go_with_every_later_question() -> None:
    """The headers of the connect command are kept, and go with later questions, also of clients with a token."""
    world = proxied(options={"emulated_headers": ["Authorization"]})
    for client in (connected(world, headers={"Authorization": "t"}), world.new(pings=False)):
        if client.session.user == "":
            client.say({"id": 1, "connect": {"headers": {"Authorization": "t"}}})
            world.asked.pop().answer({"result": {}})
        client.say({"id": 2, "rpc": {"method": "m"}})
        assert world.asked.pop().headers["Authorization"] == "t"


def test_repeated_headers_are_all_passed_on() -> None:
    """A header that the client sends twice is passed on twice."""
    proxy = Proxy(
        endpoint=Endpoint(url="http://a"), http_headers=frozenset(("cookie",)), static_headers={"cookie": "x"}
    )
    found = headers_for(proxy, (("cookie", "a=1"), ("x", "y"), ("cookie", "b=2")), {})
    assert found == (("Cookie", "a=1"), ("Cookie", "b=2"), ("Content-Type", "application/json"))
    assert repr(proxy) == "<Proxy http://a>"


def test_named_proxies_are_asked() -> None:
    """A namespace asks the proxy that it names, with its own options."""
    named = {"name": "other", "endpoint": "http://other/x", "timeout": "3s", "http": {"static_headers": {"A": "b"}}}
    own = {"name": "own", "subscribe_proxy_enabled": True, "subscribe_proxy_name": "other"}
    world = proxied((own,), proxies=[named])
    connected(world).say({"id": 1, "subscribe": {"channel": "own:a"}})
    question = world.asked[0].question
    assert (question.endpoint.url, question.endpoint.timeout) == ("http://other/x", 3.0)
    assert dict(question.headers)["A"] == "b"
