"""API methods of a current server, beyond the recorded transcripts: effects on clients and histories."""

from typing import Any

import pytest

from centripetal.dialects.current.client_protocol.replies import HistoryResult
from centripetal.dialects.current.commands.base import Method, OfChannel
from centripetal.dialects.current.results.standard import Nothing, PublishResult
from centripetal.dialects.current.server_codec import Unknown
from centripetal.errors import ServerError
from centripetal.server.current.connection import OutgoingPublication
from centripetal.server.current.subscribe_options import SubscribeOptions
from centripetal.server.engine.engine import ClientInfo, HistoryOptions, Position
from centripetal.server.engine.events import CommandRun, Event, Published
from tests.server.current.backstage import World


@pytest.fixture
def world() -> World:
    return World()


def datas(answer: Any) -> list[bytes]:
    assert isinstance(answer, HistoryResult)
    return [bytes(publication.data) for publication in answer.publications]


def test_a_method_without_a_handler_is_not_available(world: World) -> None:
    """A command that the embedded server does not support is answered with 108, and an unknown command with 104."""

    class ChannelFacts(OfChannel[Any], frozen=True):
        name = "channel_facts"
        number = 40

    commands: tuple[Method[Any], ...] = (ChannelFacts("a"), Unknown())
    outcomes = [world.api.outcome(command, world.time) for command in commands]
    assert [outcome.code for outcome in outcomes if isinstance(outcome, ServerError)] == [108, 104]


def test_a_publication_reaches_subscribers_with_all_fields(world: World) -> None:
    """Each subscriber gets the publication with all its fields once, in order of subscription, before the reply."""
    one, two = world.connect("1", "u", "hist:a"), world.connect("2", "v", "hist:a")
    world.connect("3", "w", "other")
    assert world.ask("publish", channel="hist:a", data=1) == PublishResult(1, "epoch-1")
    world.ask("publish", channel="hist:a", data=2, tags={"t": "x"}, version=7, delta=True)
    (first, second) = one.told
    assert one.told == two.told
    assert isinstance(first, OutgoingPublication)
    assert (first.publication.offset, first.previous, first.delta) == (1, None, False)
    assert second.position == Position(2, "epoch-1")
    assert (second.publication.tags, second.publication.version) == ({"t": "x"}, 7)
    assert (second.previous, second.delta) == (first.publication, True)


def test_a_namespace_may_enable_deltas_for_all_publications(world: World) -> None:
    """With `delta_publish` every publication may be sent as a delta, without a flag in the call."""
    connection = world.connect("1", "u", "delta:a")
    world.ask("publish", channel="delta:a", data=1)
    assert connection.told[0].delta


@pytest.mark.parametrize(
    ("first", "second", "published"),
    [
        ({"idempotency_key": "k"}, {"idempotency_key": "k"}, 1),
        ({"idempotency_key": "k"}, {"idempotency_key": "l"}, 2),
        ({"version": 5}, {"version": 5}, 1),
        ({"version": 5}, {"version": 6}, 2),
        ({"version": 5, "version_epoch": "a"}, {"version": 4, "version_epoch": "b"}, 2),
        ({"version": 5, "version_epoch": "a"}, {"version": 4}, 1),
        ({"version": 5}, {}, 2),
    ],
)
def test_duplicate_and_outdated_publications_are_skipped(
    world: World, first: dict[str, Any], second: dict[str, Any], published: int
) -> None:
    """A skipped publication is neither kept nor delivered; its result is the current position.

    See protocol 6: idempotency-key, version.
    """
    connection = world.connect("1", "u", "hist:a")
    world.ask("publish", channel="hist:a", data=1, **first)
    answer = world.ask("publish", channel="hist:a", data=2, **second)
    assert answer == PublishResult(published, "epoch-1")
    assert len(connection.told) == published


def test_a_version_that_was_skipped_leaves_its_key_free(world: World) -> None:
    """A publication skipped for its version does not occupy its idempotency key.

    See protocol 6: idempotency-and-version.
    """
    world.ask("publish", channel="hist:a", data=1, version=5)
    world.ask("publish", channel="hist:a", data=2, version=4, idempotency_key="k")
    assert world.ask("publish", channel="hist:a", data=3, idempotency_key="k") == PublishResult(2, "epoch-1")


def test_keys_are_remembered_for_five_minutes(world: World) -> None:
    """Idempotency keys are kept for five minutes, with or without a history."""
    for channel in ("plain", "hist:a"):
        connection = world.connect(channel, "u", channel)
        for seconds in (0, 299, 1):
            world.time += seconds
            world.node.tick()
            world.ask("publish", channel=channel, data=1, idempotency_key="k")
        assert len(connection.told) == 2


def test_a_skipped_history_has_no_position(world: World) -> None:
    """A publication with `skip_history` is delivered without a position."""
    connection = world.connect("1", "u", "hist:a")
    assert world.ask("publish", channel="hist:a", data=1, skip_history=True) == PublishResult()
    assert connection.told[0].position == Position()
    assert datas(world.ask("history", channel="hist:a", limit=-1)) == []


@pytest.mark.parametrize(
    ("channel", "fields", "code"),
    [
        ("plain", {"b64data": "MTI="}, None),
        ("plain", {"b64data": "MTI"}, 107),
        ("plain", {"b64data": "", "data": 1}, None),
        ("obj:x", {"data": [1]}, 107),
        ("obj:x", {"data": {}}, None),
        ("obj:x", {"b64data": "bm8="}, 107),
        ("bin:x", {}, None),
        ("bin:x", {"b64data": "/w=="}, None),
        ("plain", {}, 107),
        ("map:x", {"data": 1}, 107),
        ("nowhere:x", {"data": 1}, 102),
    ],
)
def test_data_must_match_the_format_of_the_namespace(
    world: World, channel: str, fields: dict[str, Any], code: int | None
) -> None:
    """The data must match the namespace's format; base64 is checked before JSON (protocol 6: publish)."""
    answer = world.ask("publish", channel=channel, **fields)
    assert answer == (PublishResult() if code is None else code)


def test_a_broadcast_does_not_check_the_channel_type(world: World) -> None:
    """A broadcast does not check the type of the channel, unlike a publish."""
    answer = world.ask("broadcast", channels=["map:x", ""], data=1)
    assert [response.error for response in answer.responses[:1]] == [None]
    assert answer.responses[1].error.code == 107


def test_history_expires_before_its_position(world: World) -> None:
    """Publications expire after the TTL, and the position a meta TTL after its last use (protocol 6: history-age)."""
    world.ask("publish", channel="hist:a", data=1)
    for seconds, offset, epoch, kept in ((9, 1, 1, [b"1"]), (2, 1, 1, []), (19, 1, 1, []), (21, 0, 2, [])):
        world.time += seconds
        world.node.tick()
        answer = world.ask("history", channel="hist:a", limit=-1)
        assert (answer.offset, answer.epoch, datas(answer)) == (offset, f"epoch-{epoch}", kept)


def test_a_removed_history_keeps_its_offsets(world: World) -> None:
    """Removing a history removes its publications and keeps its offsets."""
    world.ask("publish", channel="hist:a", data=1)
    assert world.ask("history_remove", channel="hist:a") == Nothing()
    assert datas(world.ask("history", channel="hist:a", limit=-1)) == []
    assert world.ask("publish", channel="hist:a", data=2) == PublishResult(2, "epoch-1")


def test_presence_counts_connections_and_users(world: World) -> None:
    """Presence stats count each connection, and all anonymous connections as one user."""
    for client, user in (("1", "u"), ("2", "u"), ("3", ""), ("4", "")):
        world.node.engine.add_presence("a", ClientInfo(user, client))
    stats = world.ask("presence_stats", channel="a")
    assert (stats.num_clients, stats.num_users) == (4, 2)
    assert list(world.ask("presence", channel="a").presence) == ["1", "2", "3", "4"]


def test_channels_lists_channels_with_subscribers(world: World) -> None:
    """The channel list has the channels with subscribers that match the pattern; an invalid pattern is an error."""
    world.connect("1", "u", "a:1", "b")
    world.connect("2", "u", "a:1")
    found = world.ask("channels", pattern="a:*").channels
    assert {name: info.num_clients for name, info in found.items()} == {"a:1": 2}
    assert set(world.ask("channels").channels) == {"a:1", "b"}
    assert world.ask("channels", pattern="[") == 100


def test_info_shows_the_last_announcement(world: World) -> None:
    """`info` has the metrics of the last announcement, which is repeated every three seconds (protocol 6: info)."""
    world.connect("1", "u", "a", "b")
    assert world.ask("info").nodes[0].num_clients == 0
    world.time += 3
    world.node.tick()
    (node,) = world.ask("info").nodes
    assert (node.name, node.num_clients, node.num_users, node.num_channels, node.num_subs, node.uptime) == (
        *("n", 1, 1, 2, 2),
        3,
    )


# ---- connections of a user


@pytest.mark.parametrize(
    ("fields", "reached"),
    [
        ({"user": "u"}, ["1", "2"]),
        ({"user": "u", "client": "2"}, ["2"]),
        ({"user": "u", "session": "s1"}, ["1"]),
        ({"user": "v", "client": "2"}, []),
        ({"client": "2"}, []),
        ({}, ["4"]),
    ],
)
@pytest.mark.parametrize("method", ["subscribe", "unsubscribe", "disconnect", "refresh"])
def test_a_user_is_reached_on_all_connections_or_one(
    world: World, method: str, fields: dict[str, str], reached: list[str]
) -> None:
    """A command reaches all connections of a user or one client; no match is not an error (protocol 6: subscribe)."""
    connections = [world.connect("1", "u", session="s1"), world.connect("2", "u"), world.connect("3", "v")]
    connections.append(world.connect("4", ""))
    channel = {"channel": "a"} if "subscribe" in method else {}
    assert world.ask(method, **fields, **channel) == Nothing()
    assert [connection.id for connection in connections if connection.told] == reached


def test_an_api_subscription_may_override_the_namespace(world: World) -> None:
    """A subscription by the API has the namespace's options; an override is an object, so false differs from unset."""
    connection = world.connect("1", "u")
    overridden = {"presence": {"value": True}, "force_recovery": {"value": False}, "join_leave": {}}
    world.ask("subscribe", user="u", channel="opts:x")
    world.ask(
        "subscribe", user="u", channel="opts:x", info={"i": 1}, b64data="MTI=", expire_at=2000, override=overridden,
        recover_since={"offset": 3, "epoch": "e"},
    )  # fmt: skip
    stream = HistoryOptions(1, 1, meta_ttl=2592000)
    assert connection.told == [
        ("opts:x", SubscribeOptions(join_leave=True, recovery=True, stream=stream), None),
        (
            "opts:x",
            SubscribeOptions(presence=True, chan_info=b'{"i": 1}', data=b"12", expire_at=2000, stream=stream),
            Position(3, "e"),
        ),
    ]


def test_the_back_end_sets_the_options() -> None:
    """The back end's options replace the namespace's, and never include deltas, filters or cache mode."""
    options = {"presence": True, "force_recovery_mode": "cache", "allowed_delta_types": ["fossil"]}
    history = {"history_size": 1, "history_ttl": "1s", "allow_tags_filter": True}
    world = World(channel={"namespaces": [{"name": "cache", **options, **history}]})
    connection = world.connect("1", "u")
    override = {"presence": {"value": False}, "force_recovery": {"value": True}}
    world.ask("subscribe", user="u", channel="cache:x", info=1, expire_at=2000, override=override)
    stream = HistoryOptions(1, 1, meta_ttl=2592000)
    granted = SubscribeOptions(recovery=True, chan_info=b"1", expire_at=2000, stream=stream)
    assert connection.told == [("cache:x", granted, None)]


def test_a_connection_that_cannot_be_subscribed_fails_the_call(world: World) -> None:
    """A connection that cannot be subscribed makes the call fail, but the other connections are subscribed."""
    assert world.ask("subscribe", user="u", channel="a", expire_at=999) == Nothing()
    first, second = world.connect("1", "u"), world.connect("2", "u")
    first.refuses = True
    assert world.ask("subscribe", user="u", channel="a") == 100
    assert len(second.told) == 1


def test_clients_receive_the_given_codes_and_reasons(world: World) -> None:
    """Clients receive the given codes and reasons, or the defaults; listed clients are left out."""
    connection = world.connect("1", "u")
    world.ask("unsubscribe", user="u", channel="a")
    world.ask("unsubscribe", user="u")
    world.ask("disconnect", user="u", whitelist=["1"])
    world.ask("disconnect", user="u")
    world.ask("disconnect", user="u", disconnect={"code": 4001, "reason": "r"})
    world.ask("refresh", user="u", expired=True, expire_at=5, info={"a": 1})
    assert connection.told == [
        ("a", 2000, "server unsubscribe"),
        ("", 2000, "server unsubscribe"),
        (3503, "force disconnect"),
        (4001, "r"),
        (True, 5, b'{"a": 1}'),
    ]


@pytest.mark.parametrize(
    ("method", "fields", "code"),
    [
        ("map_publish", {"channel": "map:x", "key": "k"}, 108),
        ("map_publish", {"channel": "map:x"}, 107),
        ("map_publish", {"channel": "a", "key": "k"}, 107),
        ("map_publish", {"key": "k"}, 107),
        ("map_read_state", {"channel": "map:x"}, 108),
        ("map_stats", {"channel": "nowhere:x"}, 102),
        ("shared_poll_publish", {"channel": "map:x", "key": "k", "version": 1}, 107),
        ("rpc", {"method": "m"}, 104),
        ("rpc", {}, 107),
    ],
)
def test_methods_without_emulation_are_not_available(
    world: World, method: str, fields: dict[str, Any], code: int
) -> None:
    """Methods for map channels and shared polling get 108 if the request is otherwise valid."""
    assert world.ask(method, **fields) == code


def test_api_calls_emit_events(world: World) -> None:
    """Publications and commands emit events with their outcome, also in a batch."""
    world.connect("1", "u", "a")
    heard: list[Event] = []
    stop = world.node.events.listen(heard.append)
    world.ask("publish", channel="a", data={"x": 1}, tags={"t": "1"})
    world.ask("broadcast", channels=["a", "b"], data=1)
    world.ask("publish", channel="nowhere:x", data=1)
    stop()
    world.ask("publish", channel="a", data=1)
    publications = [event for event in heard if isinstance(event, Published)]
    assert [(event.channel, event.receivers, event.tags) for event in publications] == [
        ("a", 1, {"t": "1"}),
        ("a", 1, {}),
        ("b", 0, {}),
    ]
    commands = [event for event in heard if isinstance(event, CommandRun)]
    assert [(event.method, event.channels, event.error) for event in commands] == [
        ("publish", ("a",), ""),
        ("broadcast", ("a", "b"), ""),
        ("publish", ("nowhere:x",), "unknown channel"),
    ]
