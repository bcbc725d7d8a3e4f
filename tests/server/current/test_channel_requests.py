"""Requests of connected clients about channels."""

from typing import Any

import pytest

from centripetal.server.current.channel_requests import time_left
from tests.server.current.world import Client, World, error, token

YEAR = 365 * 24 * 3600


def test_time_left_is_in_whole_seconds() -> None:
    """The remaining time is in whole seconds, at most a year, and 0 without an expiry."""
    assert [time_left(end, 1000.9) for end in (0, 1000, 1010, 990, 1 << 40)] == [0, 0, 10, -10, YEAR]


# ---- subscribe


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"channel": "nowhere:a"}, 102),
        ({"channel": "nowhere:" + "a" * 300}, 107),
        ({"channel": "open:ä"}, 107),
        ({"channel": "closed:a"}, 103),
        ({"channel": "$open:a"}, 103),
        ({"channel": "open:in"}, 105),
        ({"channel": "open:a", "type": 1}, 103),
        ({"channel": "open:a", "type": 4}, 108),
        ({"channel": "open:a", "tf": {"key": "k", "cmp": "eq", "val": "v"}}, 107),
        ({"channel": "tags:a", "tf": {"key": "k", "cmp": "like", "val": "v"}}, 107),
        ({"channel": "open:a", "token": "nonsense"}, 103),
    ],
)
def test_a_subscription_may_be_refused(request_: dict[str, Any], code: int) -> None:
    """A refused subscription gets the code of the first failed check and leaves no state."""
    tags = {"name": "tags", "allow_subscribe_for_client": True, "allow_tags_filter": True}
    world = World((tags,))
    client = world.user("42")
    client.result("subscribe", channel="open:in")
    assert error(client.ask("subscribe", **request_)) == code
    assert world.node.engine.channels() == ["open:in"]


def test_a_client_has_a_channel_limit() -> None:
    """A subscription above the channel limit is refused; the limit counts current subscriptions."""
    client = World(client={"channel_limit": 1}).anonymous()
    client.result("subscribe", channel="open:a")
    assert error(client.ask("subscribe", channel="open:b")) == 106
    client.result("unsubscribe", channel="open:a")
    client.result("subscribe", channel="open:b")


def test_a_join_comes_after_the_reply() -> None:
    """The client gets its own join after the reply and before the replies to later commands of the message."""
    client = World().anonymous()
    client.say({"id": 1, "subscribe": {"channel": "chat:a"}}, {"id": 2, "unsubscribe": {"channel": "chat:a"}})
    info = {"user": "", "client": client.id}
    assert client.pushed() == [
        {"id": 1, "subscribe": {}},
        {"channel": "chat:a", "join": {"info": info}},
        {"id": 2, "unsubscribe": {}},
    ]


def test_a_subscription_ends_unless_it_is_refreshed() -> None:
    """An expired subscription is removed, and the client is told to resubscribe."""
    world = World(client={"presence_update_interval": "1s", "expired_sub_close_delay": "5s"})
    client = world.user("42")
    for channel in ("closed:a", "closed:b"):
        sub = token(sub="42", channel=channel, exp=1010, info=1)
        assert client.result("subscribe", channel=channel, token=sub) == {"expires": True, "ttl": 10}
    fresh = token(sub="42", channel="closed:b", exp=1000 + 2 * YEAR, info=2)
    assert client.result("sub_refresh", channel="closed:b", token=fresh) == {"expires": True, "ttl": YEAR}
    world.wait(14)
    assert client.pushed() == []
    world.wait(3)
    assert client.pushed() == [{"channel": "closed:a", "unsubscribe": {"code": 2501, "reason": "subscription expired"}}]
    assert world.node.engine.presence("closed:b")[client.id].chan_info == b"2"


def test_an_expired_server_subscription_closes_the_connection() -> None:
    """A server-side subscription that expires closes the connection, because clients cannot refresh it."""
    world = World(client={"presence_update_interval": "1s", "expired_sub_close_delay": "1s"})
    client = world.user("42")
    world.api("subscribe", user="42", channel="open:a", expire_at=1005)
    client.say({"id": 1, "sub_refresh": {"channel": "open:a", "token": "x"}})
    assert client.close() == (3501, "bad request")
    client = world.user("42")
    world.api("subscribe", user="42", channel="open:a", expire_at=1005)
    world.wait(8)
    assert client.close() == (3006, "subscription expired")


def test_a_refresh_with_an_expired_token_makes_a_subscription_permanent() -> None:
    """A refresh with an expired or endless token makes a subscription permanent, as on 6.9.1.

    See protocol 6: client-expiry.
    """
    ends: list[dict[str, Any]] = [{"exp": 999}, {}]
    for end in ends:
        world = World(client={"presence_update_interval": "1s", "expired_sub_close_delay": "1s"})
        client = world.user("42")
        client.result("subscribe", channel="closed:a", token=token(sub="42", channel="closed:a", exp=1010))
        assert client.result("sub_refresh", channel="closed:a", token=token(sub="42", channel="closed:a", **end)) == {}
        world.wait(100)
        assert (client.pushed(), client.ended) == ([], [])


@pytest.mark.parametrize(
    ("channel", "claims", "expected"),
    [
        ("open:b", None, 103),
        ("open:a", None, 107),
        ("open:a", {"sub": "42", "channel": "open:a", "expire_at": 999}, 110),
        ("open:a", {"sub": "42", "channel": "nowhere:a"}, 102),
        ("open:a", {"sub": "42", "channel": "open:b"}, (3500, "invalid token")),
        ("open:a", {"sub": "43", "channel": "open:a"}, (3500, "invalid token")),
        ("open:a", {"sub": "42", "channel": "open:a", "client": "other"}, (3500, "invalid token")),
        ("open:a", {"sub": "42"}, (3500, "invalid token")),
    ],
)
def test_a_refresh_of_a_subscription_may_be_refused(channel: str, claims: dict[str, Any] | None, expected: Any) -> None:
    """A refresh may be refused with an error reply or by closing the connection."""
    client = World().user("42")
    client.result("subscribe", channel="open:a")
    client.say({"id": 1, "sub_refresh": {"channel": channel, "token": "" if claims is None else token(**claims)}})
    assert (client.close() if client.ended else error(client.sent[0])) == expected


def test_unsubscribing_always_succeeds() -> None:
    """Unsubscribing succeeds even without a subscription or namespace, and the client's own leave is not pushed."""
    client = World().anonymous()
    client.result("subscribe", channel="chat:a")
    client.pushed()
    for channel in ("chat:a", "chat:a", "nowhere:a"):
        assert client.result("unsubscribe", channel=channel) == {}
    assert client.pushed() == []


# ---- publish, presence, history


def every_permission(what: str) -> dict[str, Any]:
    return {"name": "may", f"allow_{what}_for_subscriber": True, "allow_subscribe_for_client": True}


@pytest.mark.parametrize("how", [{}, {"removed": True}, {"key": "k"}])
def test_a_map_publication_is_refused_in_other_channels(how: dict[str, Any]) -> None:
    """A publication for a map channel is refused in other channels, even if publishing is allowed."""
    client = World().anonymous()
    client.result("subscribe", channel="chat:a")
    assert error(client.ask("publish", channel="chat:a", data=1, type=1, **how)) == 103


def test_a_publisher_gets_its_own_publication_before_the_reply() -> None:
    """A publisher gets its own publication, with its client info, before the reply."""
    world = World((every_permission("publish"),))
    client = world.user("42", info={"n": 1})
    client.result("subscribe", channel="may:a")
    client.say({"id": 1, "publish": {"channel": "may:a", "data": {"a": 1}}})
    push, reply = client.pushed()
    assert push["pub"] == {"data": {"a": 1}, "info": {"user": "42", "client": client.id, "conn_info": {"n": 1}}}
    assert reply == {"id": 1, "publish": {}}


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"channel": "nowhere:a", "data": 1}, 102),
        ({"channel": "auth:ä", "data": 1}, 107),
        ({"channel": "auth:a"}, 107),
        ({"channel": "auth:a", "data": 1}, 103),
        ({"channel": "objects:a", "data": 1}, 107),
    ],
)
def test_a_publication_may_be_refused(request_: dict[str, Any], code: int) -> None:
    """A refused publication gets the code of the first failed check: data is checked before the permission."""
    client = World(({"name": "objects", "publication_data_format": "json_object"},)).user("42")
    assert error(client.ask("publish", **request_)) == code


def test_presence_lists_the_subscribers() -> None:
    """Presence lists the connections, and presence stats count connections and users."""
    world = World()
    client, other = world.user("42", info={"n": 1}), world.user("42")
    for each in (client, other):
        each.result("subscribe", channel="chat:a")
    shown = client.result("presence", channel="chat:a")["presence"]
    assert shown == {
        client.id: {"user": "42", "client": client.id, "conn_info": {"n": 1}},
        other.id: {"user": "42", "client": other.id},
    }
    assert client.result("presence_stats", channel="chat:a") == {"num_clients": 2, "num_users": 1}


def test_the_presence_of_an_empty_channel_is_empty() -> None:
    """The presence of an empty channel is an empty object."""
    client = World(({"name": "seen", "presence": True, "allow_presence_for_client": True},)).user("42")
    assert client.result("presence", channel="seen:a") == {"presence": {}}
    assert client.result("presence_stats", channel="seen:a") == {"num_clients": 0, "num_users": 0}


@pytest.mark.parametrize(
    ("request_", "channel", "code"),
    [
        ("presence", "nowhere:a", 102),
        ("presence", "chat:ä", 107),
        ("presence", "open:a", 108),
        ("presence", "closed:a", 103),
        ("presence_stats", "open:a", 108),
        ("presence_stats", "closed:a", 103),
        ("history", "nowhere:a", 102),
        ("history", "rec:ä", 107),
        ("history", "open:a", 108),
        ("history", "pos:a", 103),
    ],
)
def test_disabled_features_are_not_available(request_: str, channel: str, code: int) -> None:
    """A disabled feature is error 108, before the permission is checked (error 103)."""
    assert error(World().user("42").ask(request_, channel=channel)) == code


@pytest.fixture
def reader() -> Client:
    """Return a subscriber of a channel with four publications."""
    world = World(client={"history_max_publication_limit": 3})
    client = world.user("42")
    client.result("subscribe", channel="rec:a")
    for number in range(1, 5):
        world.publish("rec:a", number, tags={"n": str(number)})
    client.pushed()
    return client


@pytest.mark.parametrize(
    ("how", "found"),
    [
        ({}, []),
        ({"limit": 2}, [1, 2]),
        ({"limit": -1}, [1, 2, 3]),
        ({"limit": 100}, [1, 2, 3]),
        ({"limit": 3, "since": {"offset": 2}}, [3, 4]),
        ({"limit": 2, "reverse": True}, [4, 3]),
        ({"limit": 3, "reverse": True, "since": {"offset": 3}}, [2, 1]),
    ],
)
def test_history_returns_a_page(reader: Client, how: dict[str, Any], found: list[int]) -> None:
    """A history page has the stream's position and at most the configured number of publications."""
    result = reader.result("history", channel="rec:a", **how)
    assert [each["data"] for each in result["publications"]] == found
    assert (result["offset"], result["epoch"]) == (4, "e1")
    for each in result["publications"]:
        assert each.get("epoch") == ("e1" if each["offset"] == 1 else None)


@pytest.mark.parametrize(
    ("how", "code"), [({"since": {"offset": 1, "epoch": "x"}}, 112), ({"since": {"offset": 0}, "reverse": True}, 107)]
)
def test_some_history_requests_are_refused(reader: Client, how: dict[str, Any], code: int) -> None:
    """History requests for another epoch or for expired publications are refused."""
    assert error(reader.ask("history", channel="rec:a", limit=1, **how)) == code


# ---- rpc


def test_the_server_has_one_rpc_method() -> None:
    """The server has one RPC method, if it is configured, under the configured name."""
    assert error(World().anonymous().ask("rpc", method="ping")) == 108
    client = World(rpc={"ping": {"enabled": True, "method": "alive"}}).anonymous()
    assert client.result("rpc", method="alive", data=1) == {}
    assert error(client.ask("rpc", method="ping")) == 104
