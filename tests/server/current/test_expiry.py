"""The expiry of connections that the server refreshes by asking the application."""

from typing import Any

import pytest

from tests.server.current.proxied import connected, proxied
from tests.server.current.world import Client, World, token

EXPIRED = (3005, "connection expired")


def expiring(**options: Any) -> tuple[World, Client]:
    """Return a world with a refresh proxy, and a client whose connection has just expired."""
    world = proxied(refresh=True, **options)
    client = connected(world, {"expire_at": 1010, "meta": {"m": 1}})
    world.wait(9.9)
    assert world.asked == []
    world.wait(0.1)
    return world, client


def test_the_server_asks_as_soon_as_the_connection_has_expired() -> None:
    """The reply to connect says nothing of an expiry; at that time, the server asks about user and meta."""
    world, client = expiring(options={"include_connection_meta": True})
    (asked,) = world.asked
    assert asked.question.kind == "refresh"
    assert asked.event == {
        "client": client.id,
        "transport": "websocket",
        "protocol": "json",
        "encoding": "json",
        "user": "42",
        "meta": {"m": 1},
    }
    client.sent.clear()
    assert client.result("subscribe", channel="open:a") == {}  # commands do not wait for this answer


def test_a_new_time_lets_the_connection_live_on() -> None:
    """With a new time, the connection lives on, with the new info and meta, and is asked about again then."""
    world, client = expiring(options={"include_connection_meta": True})
    world.asked.pop().answer({"result": {"expire_at": 1015, "info": {"new": 1}, "meta": {"m": 2}}})
    world.wait(4.9)
    assert (world.asked, client.ended, client.sent) == ([], [], [])
    world.wait(0.1)
    assert world.asked[0].event["meta"] == {"m": 2}
    reader = world.user("1")
    reader.result("subscribe", channel="chat:a")
    client.result("subscribe", channel="chat:a")
    assert '"new"' in str(reader.pushed()).replace("'", '"')


@pytest.mark.parametrize(
    "body",
    [
        {},
        None,
        {"result": None},
        {"result": {}},
        {"result": {"expire_at": 0}},
        {"result": {"expire_at": -1}},
        {"result": {"expire_at": 1009}},
        {"result": {"expire_at": 1010}},
        {"result": {"expired": True, "expire_at": 2000}},
        {"error": {"code": 500, "message": "oops", "temporary": True}},
        {"disconnect": {"code": 4501, "reason": "go"}},
    ],
)
def test_everything_but_a_new_time_is_the_end(body: Any) -> None:
    """No result, no new time, `expired`, and also an error or a disconnect close the connection as expired."""
    world, client = expiring()
    world.asked.pop().answer(body)
    assert client.close() == EXPIRED


@pytest.mark.parametrize(
    ("body", "status"), [(b"", 500), (b"", 200), (b"nonsense", 200), (b'{"result":{"expire_at":"x"}}', 200), ({}, 201)]
)
def test_a_useless_answer_gives_a_minute(body: Any, status: int) -> None:
    """After a useless answer or none, the connection lives on, and is asked about again after 60 seconds."""
    world, client = expiring()
    world.asked.pop().answer(body, status)
    world.wait(59.9)
    assert (world.asked, client.ended) == ([], [])
    world.wait(0.1)
    world.asked.pop().fail()
    world.wait(60)
    assert len(world.asked) == 1


def test_invalid_base64_closes_with_an_internal_error() -> None:
    """Invalid base64 in the answer closes the connection, unlike other useless answers."""
    world, client = expiring()
    world.asked.pop().answer({"result": {"expire_at": 2000, "b64info": "?"}})
    assert client.close() == (3004, "internal server error")


def test_a_status_with_a_meaning_is_the_end() -> None:
    """A transformed status is an error or a disconnect, which are ignored, so there is no result."""
    transforms = [{"status_code": 503, "to_error": {"code": 1000}}]
    world, client = expiring(options={"http": {"status_to_code_transforms": transforms}})
    world.asked.pop().answer(b"", 503)
    assert client.close() == EXPIRED


def test_tokens_are_refreshed_by_the_application_too() -> None:
    """With a refresh proxy, connections with a token expire like others, and their clients must not refresh."""
    world = proxied(refresh=True)
    client = world.new(pings=False)
    assert "expires" not in client.result("connect", token=token(sub="42", exp=1010))
    world.wait(10)
    assert [asked.question.kind for asked in world.asked] == ["refresh"]
    client.say({"id": 2, "refresh": {"token": token(sub="42", exp=2000)}})
    assert client.close() == (3501, "bad request")


def test_an_answer_after_the_end_changes_nothing() -> None:
    """The answer about a connection that has closed meanwhile is dropped."""
    world, client = expiring()
    client.session.close(None)
    world.asked.pop().answer({"result": {"expire_at": 2000}})
    world.wait(2000)
    assert (client.ended, world.asked) == ([None], [])


def test_the_back_end_can_change_the_expiry() -> None:
    """After `refresh` of the server API, the server asks at the new time, with the delay for clients, or never."""
    world = proxied(refresh=True)
    client = connected(world, {"expire_at": 1010})
    world.api("refresh", user="42", expire_at=1020)
    world.wait(44.9)
    assert world.asked == []
    world.wait(0.1)
    world.asked.pop().answer({"result": {"expire_at": 2000}})
    world.api("refresh", user="42", expire_at=0)
    world.wait(5000)
    assert (world.asked, client.ended) == ([], [])
