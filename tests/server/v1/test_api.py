"""Commands executed by a 1.x node, beyond the recorded transcripts."""

import json
from typing import Any

import pytest

from centripetal.dialects.v1.commands import Channels, History, Presence, Publish, StatsCommand
from centripetal.dialects.v1.commands import Node as NodeCommand
from centripetal.dialects.v1.server_codec import InvalidMessageError
from centripetal.errors import ServerError
from centripetal.protocol.command import Command
from centripetal.protocol.gojson import JSONError
from centripetal.server.engine.engine import ClientInfo
from centripetal.server.v1.api import API
from centripetal.server.v1.config import read_config
from centripetal.server.v1.node import Node
from tests.server.engine.test_hub import Client
from tests.server.environment import Clock, fixed_environment

CONFIG = {
    "name": "node",
    "presence": True,
    "history_size": 10,
    "history_lifetime": 60,
    "namespaces": [{"name": "bare"}],
}


@pytest.fixture
def clock() -> Clock:
    return Clock(100.5)


@pytest.fixture
def node(clock: Clock) -> Node:
    usage = {"node_memory_sys": 7}
    return Node(read_config(CONFIG)[0], fixed_environment(now=clock, process_usage=lambda: usage))


def run(node: Node, *commands: dict[str, Any]) -> list[dict[str, Any]]:
    replies: list[dict[str, Any]] = json.loads(API(node).run(json.dumps(commands).encode(), 100.5))
    return replies


def call(method: str, **params: object) -> dict[str, Any]:
    return {"method": method, "params": params}


def test_a_message_is_pushed_before_the_reply_is_made(node: Node) -> None:
    """Subscribers receive the published messages before the reply is built."""
    client = Client("1", "u")
    node.hub.add(client)
    node.engine.subscribe("c", "1")
    replies = run(node, call("publish", channel="c", data=1), call("broadcast", channels=["c", "d", "c"], data=2))
    assert [reply["error"] for reply in replies] == [None, None]
    assert [json.loads(payload)["body"]["uid"] for payload in client.told] == ["m1", "m2", "m4"]


def test_a_broadcast_stops_at_the_first_bad_name(node: Node) -> None:
    """A broadcast publishes to the channels before the first invalid name and not to later channels."""
    (first, second) = run(
        node,
        call("broadcast", channels=["a", "nope:b", "c"], data=1),
        call("broadcast", channels=["d", None, "e"], data=1),
    )
    assert (first["error"], first["advice"]) == ("namespace not found", "fix")
    assert (second["error"], second["advice"]) == ("invalid message", "fix")
    kept = [len(API(node).outcome(History(channel), 100.5)) for channel in "acde"]
    assert kept == [1, 0, 1, 0]


def test_commands_before_a_fatal_one_have_run(node: Node) -> None:
    """Commands before a fatal command run, later commands do not, and the request has no reply."""
    body = json.dumps([call("publish", channel="c", data=1), call("nope"), call("publish", channel="c", data=2)])
    with pytest.raises(InvalidMessageError, match="nope"):
        API(node).run(body.encode(), 100.5)
    assert [message.data for message in API(node).outcome(History("c"), 100.5)] == [1]


def test_a_malformed_command_prevents_all_commands(node: Node) -> None:
    """No command runs if an element of the list is malformed, because the list is parsed first."""
    with pytest.raises(InvalidMessageError):
        API(node).run(b'[{"method":"publish","params":{"channel":"c","data":1}},{"uid":5}]', 100.5)
    assert API(node).outcome(History("c"), 100.5) == []


def test_unsubscribe_and_disconnect_reach_every_connection_of_the_user(node: Node) -> None:
    """Both commands reach all connections of the user, even without a subscription, and no other user."""
    one, two, other = Client("1", "u"), Client("2", "u"), Client("3", "v")
    for client in (one, two, other):
        node.hub.add(client)
    run(node, call("unsubscribe", user="u", channel="c"), call("unsubscribe", user="u"), call("disconnect", user="u"))
    assert one.told == two.told == ["c", "", None]
    assert other.told == []
    (reply,) = run(node, call("unsubscribe", user="u", channel="nope:c"))
    assert (reply["error"], "advice" in reply, len(one.told)) == ("namespace not found", False, 3)


def test_presence_lists_the_subscribers(node: Node) -> None:
    """Presence lists the subscribers with the infos that they connected with."""
    node.engine.add_presence("c", ClientInfo("u", "1", b'{"a":1}'))
    result = API(node).outcome(Presence("c"), 100.5)
    assert (result["1"].user, result["1"].default_info, result["1"].channel_info) == ("u", {"a": 1}, None)


def test_an_unserializable_reply_does_not_stop_commands(node: Node) -> None:
    """The request fails when its reply is serialized, after every command has run (protocol 1: decision-order)."""
    node.engine.add_presence("c", ClientInfo("u", "1", b"nonsense"))
    body = json.dumps([call("presence", channel="c"), call("publish", channel="c", data=1)]).encode()
    with pytest.raises(JSONError):
        API(node).run(body, 100.5)
    assert len(API(node).outcome(History("c"), 100.5)) == 1


def test_channels_lists_channels_with_subscribers(node: Node) -> None:
    """The channel list has the channels with subscribers, wherever messages are published."""
    node.engine.subscribe("c", "1")
    run(node, call("publish", channel="d", data=1))
    assert API(node).outcome(Channels(), 100.5) == ["c"]


def test_a_failing_command_has_an_error_outcome(node: Node) -> None:
    """A failing command has an outcome with the real server's message."""
    outcome = API(node).outcome(Presence("bare:c"), 100.5)
    assert isinstance(outcome, ServerError)
    assert (outcome.message, outcome.advice) == ("not available", "")


def test_the_given_uid_is_kept(node: Node) -> None:
    """A message keeps the uid of its command; otherwise it gets the next generated uid."""
    for uid in ("mine", None):
        API(node).execute(Publish("c", b"1", uid=uid), 100.5)
    assert [message.uid for message in API(node).execute(History("c"), 100.5)] == ["m1", "mine"]


def test_stats_are_announced_and_node_is_current(node: Node, clock: Clock) -> None:
    """`stats` has the metrics of the last announcement, and `node` the current counters since the start."""
    run(node, call("publish", channel="c", data=1))
    node.engine.subscribe("c", "1")
    for clock.time in (101.0, 104.0):
        node.tick()
    stats, here = API(node).execute(StatsCommand(), 104), API(node).execute(NodeCommand(), 104)
    (announced,) = stats.nodes
    assert (stats.metrics_interval, announced.uid, announced.name, announced.started) == (60, "uid", "node", 100)
    assert announced.metrics["node_num_client_msg_published"] == 0
    assert here.metrics["node_num_client_msg_published"] == here.metrics["node_num_client_msg_received"] == 1
    assert (here.metrics["node_num_channels"], here.metrics["node_uptime_seconds"]) == (1, 4)
    assert here.metrics["node_num_control_msg_published"] == 2
    for clock.time in (161.0, 165.0):
        node.tick()
    (announced,) = API(node).execute(StatsCommand(), 165).nodes
    assert (announced.metrics["node_num_client_msg_published"], announced.metrics["node_memory_sys"]) == (1, 7)


def test_a_tick_removes_expired_history(node: Node, clock: Clock) -> None:
    """A tick removes histories whose lifetime has ended."""
    run(node, call("publish", channel="c", data=1))
    clock.time = 159.9
    node.tick()
    assert len(API(node).execute(History("c"), 159.9)) == 1
    clock.time = 160.0
    node.tick()
    assert API(node).execute(History("c"), 160.0) == []


def test_a_command_of_another_dialect_is_an_error(node: Node) -> None:
    """Executing a command of another dialect raises an error; a parsed request never contains such a command."""

    class Other(Command[bool], frozen=True):
        name = "other"

    with pytest.raises(AssertionError):
        API(node).execute(Other(), 100.5)
