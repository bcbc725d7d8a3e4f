"""The channels that one connection is in."""

import pytest

from centripetal.server.engine.engine import Publication
from tests.server.current.world import Client, World, error, token

INSUFFICIENT = {"code": 2500, "reason": "insufficient state"}


def test_recovering_goes_on_from_where_the_client_was() -> None:
    """The reply has the position that was asked for, and what came after it; the next publication follows that."""
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


def test_whoever_does_not_recover_is_where_the_stream_is() -> None:
    """And is told that it tried, even where there is nothing to recover."""
    world = World()
    world.publish("rec:a", 1)
    client = world.anonymous()
    lost = client.result("subscribe", channel="rec:a", recover=True, offset=7, epoch="e1")
    assert lost == {"recoverable": True, "positioned": True, "epoch": "e1", "offset": 1, "was_recovering": True}
    assert client.result("subscribe", channel="open:a", recover=True, offset=7) == {"was_recovering": True}


def test_a_refused_recovery_leaves_no_subscription() -> None:
    """If the client wants that; but where there is presence, it is there from now on, as in the real server."""
    world = World()
    client = world.anonymous()
    signed = token(sub="", channel="rec:a", override={"presence": {"value": True}}, info=1)
    assert error(client.ask("subscribe", channel="rec:a", recover=True, offset=7, flag=2, token=signed)) == 112
    assert world.node.engine.channels() == []
    client.session.close(None)
    (present,) = world.node.engine.presence("rec:a").values()
    assert (present.client, present.chan_info) == (client.id, b"1")


def test_a_subscription_that_has_expired_is_refused_before_its_filter() -> None:
    """Whatever is wrong with that."""
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
def test_wishes_count_where_they_are_allowed(wishes: dict[str, bool], granted: set[str]) -> None:
    """By options of their own, or because the client may read the history; elsewhere they are left out silently."""
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


def test_joins_are_pushed_to_those_who_ask_for_them() -> None:
    """If they may see the presence; others only hear their own silence."""
    world = World(
        ({"name": "jl", "join_leave": True, "allow_subscribe_for_client": True, "allow_presence_for_subscriber": True},)
    )
    asking, silent = world.user("1"), world.user("2")
    asking.result("subscribe", channel="jl:a", join_leave=True)
    silent.result("subscribe", channel="jl:a")
    silent.result("unsubscribe", channel="jl:a")
    assert [next(iter(push.keys() - {"channel"})) for push in asking.pushed()] == ["join", "join", "leave"]
    assert silent.pushed() == []


def test_a_cache_may_come_unasked() -> None:
    """With a subscription of the client, and with one of its token."""
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
    """As after a long time in which nothing was published."""
    world.node.engine.sweep(world.time + 10_000_000)
    world.publish(channel, "after")


@pytest.mark.parametrize("channel", ["pos:a", "rec:a"])
def test_whoever_has_missed_something_is_told(channel: str) -> None:
    """A client to subscribe again; one with a subscription from the server's side is to connect again."""
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


def test_positions_are_compared_once_in_a_while() -> None:
    """Without any publication; a client that is where the stream is stays."""
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
    """That is when it shows a new info, or comes back that was lost."""
    world = World(client={"presence_update_interval": "10s"})
    client = world.user("42", info=1)
    client.result("subscribe", channel="chat:a")
    world.api("refresh", user="42", info=2, expire_at=5000)
    world.node.engine.remove_presence("chat:a", client.id)
    world.wait(7.4)
    assert world.node.engine.presence("chat:a") == {}
    world.wait(0.1)
    assert world.node.engine.presence("chat:a")[client.id].conn_info == b"2"


def test_a_subscription_replaced_by_the_back_end_is_the_connections() -> None:
    """It loses its position with the whole connection then (seen on a 6.9.1 server: it is no longer the client's)."""
    world = World()
    client: Client = world.user("42")
    client.result("subscribe", channel="pos:a")
    world.api("subscribe", user="42", channel="pos:a")
    new_epoch(world, "pos:a")
    assert client.close() == (3010, "insufficient state")


def test_a_subscription_that_has_ended_takes_no_other_with_it() -> None:
    """What is lost is the one that missed something, not the one that took its place meanwhile."""
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


def test_an_end_that_is_past_is_refused() -> None:
    """A subscription token may say one (spec v6 §10.3)."""
    client = World().user("42")
    ended = token(sub="42", channel="closed:a", expire_at=1000)
    assert error(client.ask("subscribe", channel="closed:a", token=ended)) == 110
    endless = token(sub="42", channel="closed:a", exp=1010, expire_at=0)
    assert client.result("subscribe", channel="closed:a", token=endless) == {}


def test_a_time_to_live_is_not_capped_here() -> None:
    """Other than that of a connection (spec v6 §10.4)."""
    client = World().user("42")
    late = token(sub="42", channel="closed:a", exp=4_102_444_800)
    assert client.result("subscribe", channel="closed:a", token=late)["ttl"] == 4_102_443_800
