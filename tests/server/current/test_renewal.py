"""Subscriptions that have expired, and about which the application is asked."""

from typing import Any

import pytest

from tests.server.current.proxied import connected, proxied
from tests.server.current.world import Client, World

TIMES = {"presence_update_interval": "1s", "expired_sub_close_delay": "5s"}
EXPIRED = {"channel": "ref:a", "unsubscribe": {"code": 2501, "reason": "subscription expired"}}


def expiring(*channels: str, concurrency: int = 0) -> tuple[World, Client]:
    """Return a client with subscriptions that have expired, just before they are checked."""
    world = proxied(client={**TIMES, "concurrency": concurrency})
    client = connected(world, {"meta": {"m": 1}})
    for channel in channels or ("ref:a",):
        client.say({"id": 1, "subscribe": {"channel": channel}})
        world.asked.pop().answer({"result": {"expire_at": 1002}})
    # The client must not refresh it, so it is not told when it expires.
    assert client.sent == [{"id": 1, "subscribe": {}}] * len(channels or ("ref:a",))
    client.sent.clear()
    world.wait(8)
    assert (world.asked, client.sent) == ([], [])
    world.wait(1)
    return world, client


def test_the_server_asks_after_the_delay() -> None:
    """The server asks about an expired subscription once its delay has passed, when it renews the presence."""
    world, client = expiring()
    (asked,) = world.asked
    assert asked.question.kind == "sub_refresh"
    common = {"client": client.id, "transport": "websocket", "protocol": "json", "encoding": "json", "user": "42"}
    assert asked.event == {**common, "channel": "ref:a"}
    world.wait(10)
    assert len(world.asked) == 1  # not again while the application has not answered


def test_a_new_time_lets_the_subscription_live_on() -> None:
    """With a new time, the subscription lives on with the new info, and is asked about again then."""
    world, client = expiring()
    world.asked.pop().answer({"result": {"expire_at": 1020, "info": {"new": 1}}})
    world.wait(16)
    assert (world.asked, client.sent) == ([], [])
    world.wait(2)
    assert len(world.asked) == 1


@pytest.mark.parametrize("result", [{}, {"expire_at": 0}, {"expire_at": -3}])
def test_without_a_new_time_the_subscription_never_expires(result: dict[str, Any]) -> None:
    """A result without a new time makes the subscription permanent, unlike that of a connection."""
    world, client = expiring()
    world.asked.pop().answer({"result": result})
    world.wait(10_000)
    assert (world.asked, client.sent) == ([], [])


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"result": None},
        {"result": {"expired": True}},
        {"result": {"expire_at": 1001}},
        {"error": {"code": 1000, "temporary": True}},
        {"disconnect": {"code": 4500, "reason": "x"}},
        {"result": {"b64info": "?"}},
    ],
)
def test_everything_else_ends_the_subscription(body: Any) -> None:
    """No result, `expired`, a time in the past, an error, a disconnect and invalid base64 end the subscription."""
    world, client = expiring()
    world.asked.pop().answer(body)
    assert client.pushed() == [EXPIRED]
    assert not client.ended


def test_a_useless_answer_gives_a_minute() -> None:
    """After a useless answer, the subscription lives on, and is asked about again after 60 seconds and the delay."""
    world, client = expiring()
    world.asked.pop().fail()
    world.wait(65)
    assert (world.asked, client.sent) == ([], [])
    world.wait(2)
    assert len(world.asked) == 1


@pytest.mark.parametrize("concurrency", [0, 4])
def test_subscriptions_are_asked_about_one_by_one(concurrency: int) -> None:
    """The server asks about the next subscription once the application has answered about the one before."""
    world, client = expiring("ref:a", "ref:b", concurrency=concurrency)
    assert [asked.event["channel"] for asked in world.asked] == ["ref:a"]
    world.asked.pop().answer({})
    assert [asked.event["channel"] for asked in world.asked] == ["ref:b"]
    world.asked.pop().answer({"result": {"expire_at": 2000}})
    assert client.pushed() == [EXPIRED]


def test_an_answer_after_the_end_changes_nothing() -> None:
    """The answer about a subscription of a client that has left is dropped."""
    world, client = expiring()
    client.session.close(None)
    world.asked.pop().answer({})
    world.wait(100)
    assert (client.sent, client.ended, world.asked) == ([], [None], [])


def test_clients_must_not_refresh_such_subscriptions() -> None:
    """A client that refreshes a subscription about which the server asks is closed."""
    world = proxied()
    client = connected(world)
    client.say({"id": 1, "subscribe": {"channel": "ref:a"}})
    world.asked.pop().answer({})
    client.say({"id": 2, "sub_refresh": {"channel": "ref:a", "token": "any"}})
    assert client.close() == (3501, "bad request")
