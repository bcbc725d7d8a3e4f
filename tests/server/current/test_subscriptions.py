"""The subscriptions of one connection."""

import pytest

from centripetal.server.engine.engine import Publication
from tests.server.current.world import Client, World, error, token

INSUFFICIENT = {"code": 2500, "reason": "insufficient state"}


def test_recovery_continues_at_the_position_of_the_client() -> None:
    """A recovery reply has the requested position and the missed publications, and later publications follow."""
    world = World()
    for number in (1, 2):
        world.publish("rec:a", number)
    client = world.anonymous()
    result = client.result("subscribe", channel="rec:a", recover=True, offset=1, epoch="e1")
    assert result == {
        "recoverable": True,
        "positioned": True,
        "epoch": "e1",
        "offset": 1,
        "publications": [{"data": 2, "offset": 2}],
        "recovered": True,
        "was_recovering": True,
    }
    world.publish("rec:a", 3)
    assert client.publications() == [3]


def test_a_failed_recovery_starts_at_the_top() -> None:
    """Without recovery a subscription starts at the top of the stream, and the reply says that recovery was tried."""
    world = World()
    world.publish("rec:a", 1)
    client = world.anonymous()
    lost = client.result("subscribe", channel="rec:a", recover=True, offset=7, epoch="e1")
    assert lost == {"recoverable": True, "positioned": True, "epoch": "e1", "offset": 1, "was_recovering": True}
    assert client.result("subscribe", channel="open:a", recover=True, offset=7) == {"was_recovering": True}


def test_a_refused_recovery_leaves_no_subscription() -> None:
    """With the flag a failed recovery removes the subscription, but its presence stays, as on the real server."""
    world = World()
    client = world.anonymous()
    signed = token(sub="", channel="rec:a", override={"presence": {"value": True}}, info=1)
    assert error(client.ask("subscribe", channel="rec:a", recover=True, offset=7, flag=2, token=signed)) == 112
    assert world.node.engine.channels() == []
    client.session.close(None)
    (present,) = world.node.engine.presence("rec:a").values()
    assert (present.client, present.chan_info) == (client.id, b"1")


def test_a_subscription_that_has_expired_is_refused_before_its_filter() -> None:
    """An expired subscription is refused before its invalid filter is checked."""
    client = World().anonymous()
    signed = token(sub="", channel="open:a", expire_at=1000)
    assert error(client.ask("subscribe", channel="open:a", token=signed, tf={"cmp": "no"})) == 110


@pytest.mark.parametrize(
    ("wishes", "granted"),
    [
        ({"positioned": True}, {"positioned"}),
        ({"recoverable": True}, {"positioned", "recoverable"}),
        ({}, set()),
    ],
)
def test_requested_features_need_permission(wishes: dict[str, bool], granted: set[str]) -> None:
    """Positioning and recovery need their option or the right to read history; otherwise they are ignored silently."""
    names = ("wish", "allow_positioning", "allow_recovery"), ("read", "allow_history_for_subscriber")
    namespaces = tuple(
        {"name": name, "allow_subscribe_for_client": True, **dict.fromkeys(allowed, True)} for name, *allowed in names
    )
    client = World(namespaces).user("42")
    for channel in ("wish:a", "read:a"):
        result = client.result("subscribe", channel=channel, **wishes)
        assert set(result) - {"epoch"} == granted
        assert bool(result.get("epoch")) is bool(granted)
    assert client.result("subscribe", channel="open:a", join_leave=True, **wishes) == {}


def test_joins_are_pushed_on_request() -> None:
    """Joins are pushed to subscribers that request them and may see presence."""
    world = World(
        ({"name": "jl", "join_leave": True, "allow_subscribe_for_client": True, "allow_presence_for_subscriber": True},)
    )
    asking, silent = world.user("1"), world.user("2")
    asking.result("subscribe", channel="jl:a", join_leave=True)
    silent.result("subscribe", channel="jl:a")
    silent.result("unsubscribe", channel="jl:a")
    assert [next(iter(push.keys() - {"channel"})) for push in asking.pushed()] == ["join", "join", "leave"]
    assert silent.pushed() == []


def test_a_cache_may_be_sent_without_a_request() -> None:
    """With `auto_cache_recover`, client and token subscriptions receive the cached publication."""
    cache = {
        "name": "cache",
        "force_recovery": True,
        "force_recovery_mode": "cache",
        "auto_cache_recover": True,
        "history_size": 1,
        "history_ttl": "60s",
        "allow_subscribe_for_client": True,
    }
    world = World((cache,))
    world.publish("cache:a", 1)
    expected = [{"data": 1, "offset": 1, "epoch": "e1"}]
    result = world.user("42").result("subscribe", channel="cache:a")
    assert (result["publications"], result["recovered"], result["was_recovering"]) == (expected, True, True)
    connected = world.new().result("connect", token=token(sub="42", channels=["cache:a"]))
    assert connected["subs"]["cache:a"]["publications"] == expected


def new_epoch(world: World, channel: str) -> None:
    """Start a new epoch of *channel*, as after a long time without publications."""
    world.node.engine.sweep(world.time + 10_000_000)
    world.publish(channel, "after")


@pytest.mark.parametrize("channel", ["pos:a", "rec:a"])
def test_a_client_is_told_that_it_lost_publications(channel: str) -> None:
    """A client that lost publications must resubscribe, or reconnect if the server made the subscription."""
    world = World()
    client, served = world.anonymous(), world.user("42", channels=[channel])
    client.result("subscribe", channel=channel)
    world.publish(channel, "before")
    assert client.publications() == served.publications() == ["before"]
    new_epoch(world, channel)
    assert client.pushed() == [{"channel": channel, "unsubscribe": INSUFFICIENT}]
    assert (served.pushed(), served.close()) == ([], (3010, "insufficient state"))
    assert world.node.engine.channels() == []
    assert client.result("subscribe", channel=channel)["epoch"] == "e2"


def test_positions_are_checked_periodically() -> None:
    """Positions are checked periodically without publications, and a client at the top stays subscribed."""
    world = World(client={"presence_update_interval": "10s", "channel_position_check_delay": "40s"})
    lost, other = world.anonymous(), world.anonymous()
    lost.result("subscribe", channel="pos:a")
    other.result("subscribe", channel="pos:b")
    world.node.engine.publish(publication("pos:a"), world.node.options("pos:a").history, world.time)
    world.wait(37)
    assert lost.pushed() == []
    world.wait(11)
    assert lost.pushed() == [{"channel": "pos:a", "unsubscribe": INSUFFICIENT}]
    world.wait(1000)
    assert (other.pushed(), other.ended) == ([], [])


def publication(channel: str) -> Publication:
    return Publication("", channel, b"1")


def test_presence_is_renewed() -> None:
    """Renewing presence shows a new info and restores a lost entry."""
    world = World(client={"presence_update_interval": "10s"})
    client = world.user("42", info=1)
    client.result("subscribe", channel="chat:a")
    world.api("refresh", user="42", info=2, expire_at=5000)
    world.node.engine.remove_presence("chat:a", client.id)
    world.wait(7.4)
    assert world.node.engine.presence("chat:a") == {}
    world.wait(0.1)
    assert world.node.engine.presence("chat:a")[client.id].conn_info == b"2"


def test_a_subscription_replaced_by_the_api_belongs_to_the_connection() -> None:
    """A client subscription replaced by the API loses the whole connection with its position (seen on 6.9.1)."""
    world = World()
    client: Client = world.user("42")
    client.result("subscribe", channel="pos:a")
    world.api("subscribe", user="42", channel="pos:a")
    new_epoch(world, "pos:a")
    assert client.close() == (3010, "insufficient state")


def test_a_lost_position_does_not_affect_a_new_subscription() -> None:
    """A lost position removes only the subscription that lost it, not a later one in the same channel."""
    world = World()
    client = world.anonymous()
    client.result("subscribe", channel="pos:a")
    world.node.engine.sweep(10_000_000)
    world.node.publish(publication("pos:a"), world.node.options("pos:a"), world.time)
    client.result("unsubscribe", channel="pos:a")
    client.result("subscribe", channel="pos:a")
    world.wait(0)
    assert client.pushed() == []
    assert world.node.engine.channels() == ["pos:a"]


def test_a_past_expiry_is_refused() -> None:
    """A subscription token with a past expiry is refused (protocol 6: subscription-token)."""
    client = World().user("42")
    ended = token(sub="42", channel="closed:a", expire_at=1000)
    assert error(client.ask("subscribe", channel="closed:a", token=ended)) == 110
    endless = token(sub="42", channel="closed:a", exp=1010, expire_at=0)
    assert client.result("subscribe", channel="closed:a", token=endless) == {}


def test_the_ttl_of_a_subscription_is_not_capped() -> None:
    """The TTL of a subscription has no maximum, unlike a connection's TTL (protocol 6: token-ttl)."""
    client = World().user("42")
    late = token(sub="42", channel="closed:a", exp=4_102_444_800)
    assert client.result("subscribe", channel="closed:a", token=late)["ttl"] == 4_102_443_800
