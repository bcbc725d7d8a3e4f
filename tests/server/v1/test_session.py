"""One client connection, without a network and with a clock that the test sets."""

import heapq
import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest

from centripetal.dialects.v1.credentials import sign
from centripetal.dialects.v1.disconnects import Disconnect
from centripetal.server.v1.api import API
from centripetal.server.v1.config import read_config
from centripetal.server.v1.node import Node
from centripetal.server.v1.permissions import Permissions
from centripetal.server.v1.session import Session
from tests.server.environment import fixed_environment

CONFIG = {
    "secret": "secret",
    "presence": True,
    "history_size": 10,
    "history_lifetime": 60,
    "namespaces": [
        {"name": "public", "publish": True, "join_leave": True, "presence": True, "anonymous": True},
        {"name": "recover", "recover": True, "history_size": 3, "history_lifetime": 60},
        {"name": "no-history", "recover": True},
        {"name": "bare"},
    ],
}


class FakeTimer:
    def __init__(self) -> None:
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class World:
    """A server with a clock that the test moves."""

    def __init__(self, **config: object) -> None:
        self.time = 1000.0
        self.timers: list[tuple[float, int, FakeTimer, Callable[[], object]]] = []
        self.numbers = itertools.count(1)
        settings, _ = read_config({**CONFIG, **config})
        uuids = itertools.chain(["node"], (f"client-{next(self.numbers)}" for _ in itertools.count()))
        environment = fixed_environment(
            now=lambda: self.time,
            new_uuid=lambda: next(uuids),
            new_message_id=lambda: f"m{next(self.numbers)}",
        )
        self.node = Node(settings, environment)
        self.api = API(self.node)
        self.permissions = Permissions(settings)

    def connection(self, user: str | None = None, **params: str) -> "Client":
        client = Client(self)
        if user is not None:
            assert "error" not in client.ask("connect", **credentials(self, user, **params))
        return client

    def wait(self, seconds: float) -> None:
        """Advance the clock by *seconds* and run the timers that are due."""
        end = self.time + seconds
        while self.timers and self.timers[0][0] <= end:
            self.time, _, timer, callback = heapq.heappop(self.timers)
            if not timer.cancelled:
                callback()
        self.time = end

    def call(self, method: str, **params: object) -> None:
        self.api.run(json.dumps({"method": method, "params": params}).encode(), self.time)


class Client:
    """A session and the connection that it writes to."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.sent: list[Any] = []
        self.ended: list[Disconnect | None] = []
        self.session = Session(world.node, world.api, world.permissions, self)

    @property
    def id(self) -> str:
        return self.session.id

    def send(self, payload: bytes) -> None:
        assert not self.ended
        self.sent.append(json.loads(payload))

    def end(self, disconnect: Disconnect | None) -> None:
        self.ended.append(disconnect)

    def pause_reading(self) -> None:
        raise AssertionError("a 1.x server never asks the application")

    resume_reading = pause_reading

    def call_later(self, delay: float, callback: Callable[[], object]) -> FakeTimer:
        timer = FakeTimer()
        heapq.heappush(self.world.timers, (self.world.time + delay, next(self.world.numbers), timer, callback))
        return timer

    def ask(self, method: str, **params: object) -> Any:
        """Return the reply; frames that came before it stay in `sent`."""
        self.session.receive(json.dumps({"uid": "1", "method": method, "params": params}).encode())
        assert not self.ended, self.ended
        return self.sent.pop()

    def pushed(self) -> list[Any]:
        """Return the frames that were sent since the last call."""
        pushed, self.sent = self.sent, []
        return pushed

    def reason(self) -> str:
        (disconnect,) = self.ended
        assert disconnect is not None
        return disconnect.reason + (", come back" if disconnect.reconnect else "")


def credentials(world: World, user: str, info: str = "", timestamp: str | None = None) -> dict[str, str]:
    timestamp = timestamp or str(int(world.time))
    token = sign(b"secret", user.encode(), timestamp.encode(), info.encode())
    return {"user": user, "timestamp": timestamp, "info": info, "token": token}


def test_an_unauthenticated_client_is_closed() -> None:
    """A client that does not authenticate is closed exactly after the configured delay, or never if the delay is 0."""
    world = World(stale_connection_close_delay=10)
    client, other = world.connection(), world.connection("u")
    world.wait(9.9)
    assert not client.ended
    world.wait(0.1)
    assert (client.reason(), other.ended) == ("stale", [])
    world = World(stale_connection_close_delay=0)
    client = world.connection()
    world.wait(1_000_000)
    assert not client.ended


def test_credentials_expire_and_can_be_refreshed() -> None:
    """The connection is closed a lifetime and a delay after the timestamp, unless it was refreshed by then."""
    world = World(connection_lifetime=10, expired_connection_close_delay=5)
    one, two = world.connection("u"), world.connection("u")
    world.wait(9)
    assert two.ask("refresh", **credentials(world, "u"))["body"] == {
        "version": "1.8.0",
        "client": two.id,
        "expires": True,
        "expired": False,
        "ttl": 10,
    }
    world.wait(5.9)
    assert not one.ended
    world.wait(0.1)
    assert (one.reason(), two.ended) == ("expired, come back", [])
    world.wait(9)
    assert two.reason() == "expired, come back"


def test_expired_credentials_do_not_close_the_connection() -> None:
    """Expired credentials get a reply that allows a retry; a refresh with them has no effect.

    See protocol 1: client-connect, client-refresh.
    """
    world = World(connection_lifetime=10, stale_connection_close_delay=25)
    client = world.connection()
    assert client.ask("connect", **credentials(world, "u", timestamp="990"))["body"]["expired"] is True
    assert world.node.hub.count_connections() == 0
    assert client.ask("connect", **credentials(world, "u", timestamp="991"))["body"]["client"] == client.id
    assert client.ask("refresh", **credentials(world, "u", timestamp="5"))["body"]["expired"] is True
    world.wait(26)
    assert client.reason() == "expired, come back"


def test_a_refresh_may_change_the_info() -> None:
    """Presence shows the info of a refresh after the next renewal; an empty info keeps the old value."""
    world = World(connection_lifetime=100, presence_ping_interval=5)
    client = world.connection("u", info='"old"')
    client.ask("subscribe", channel="c")
    for info in ('"new"', ""):
        client.ask("refresh", **credentials(world, "u", info=info))
    shown = world.node.engine.presence
    world.wait(4.9)
    assert shown("c")[client.id].conn_info == b'"old"'
    world.wait(0.1)
    assert shown("c")[client.id].conn_info == b'"new"'
    client.session.close(None)
    world.wait(100)
    assert shown("c") == {}


@pytest.mark.parametrize("timestamp", ["soon", "1_000", " 1", "", "9223372036854775808", "1" * 5000])
def test_a_timestamp_is_a_64_bit_integer(timestamp: str) -> None:
    """A timestamp must be a 64-bit integer in the syntax that Go accepts."""
    world = World()
    client = world.connection()
    params = credentials(world, "u") | {"timestamp": timestamp}
    params["token"] = sign(b"secret", b"u", timestamp.encode())
    client.session.receive(json.dumps({"method": "connect", "params": params}).encode())
    assert client.reason() == "invalid message"


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"", "invalid message"),
        (b"[]", "invalid message"),
        (b"nonsense", "invalid message"),
        (b'{"method":"connect"}', "invalid message"),
        (b'{"method":"nope"}', "unauthorized"),
        (b"[null]", "unauthorized"),
        (b"{" + b" " * 65536, "limit exceeded"),
    ],
)
def test_protocol_errors_close_an_unauthenticated_connection(frame: bytes, reason: str) -> None:
    """A protocol error closes an unauthenticated connection, and later frames are ignored."""
    client = World().connection()
    client.session.receive(frame)
    client.session.receive(b'{"method":"connect","params":{}}')
    assert client.reason() == reason


@pytest.mark.parametrize(
    ("method", "params", "reason"),
    [
        ("nope", {}, "method not found"),
        ("connect", {}, "invalid message"),
        ("refresh", {}, "invalid token"),
        ("subscribe", {}, "invalid message"),
        ("unsubscribe", {}, "invalid message"),
        ("ping", {"data": 5}, "invalid message"),
    ],
)
def test_protocol_errors_close_an_authenticated_connection(method: str, params: object, reason: str) -> None:
    """An invalid command closes an authenticated connection with the real server's reason."""
    client = World().connection("u")
    client.session.receive(json.dumps({"method": method, "params": params}).encode())
    assert client.reason() == reason


def test_commands_before_a_fatal_one_have_run() -> None:
    """Commands before a fatal command run and are visible to other clients, but their replies are lost."""
    world = World()
    witness = world.connection("w")
    witness.ask("subscribe", channel="public:c")
    witness.pushed()
    client = world.connection("u")
    subscribe = {"method": "subscribe", "params": {"channel": "public:c"}}
    client.session.receive(json.dumps([subscribe, {"method": "nope"}]).encode())
    assert client.reason() == "method not found"
    assert [push["method"] for push in witness.pushed()] == ["join", "leave"]
    assert [push["method"] for push in client.pushed()] == ["join"]


def test_an_unserializable_reply_closes_the_connection() -> None:
    """The connection is closed after all commands of the frame have run (protocol 1: client-close-reasons)."""
    world = World()
    client = world.connection("u", info="nonsense")
    witness = world.connection("w")
    for each in (client, witness):
        each.ask("subscribe", channel="recover:c")
    client.ask("subscribe", channel="c")
    presence = {"method": "presence", "params": {"channel": "c"}}
    leave = {"method": "unsubscribe", "params": {"channel": "recover:c"}}
    client.session.receive(json.dumps([presence, leave]).encode())
    assert client.reason() == "invalid message"
    assert world.node.engine.channels() == ["recover:c"]


def test_named_users_have_a_connection_limit() -> None:
    """The limit counts open connections of a named user; anonymous connections are unlimited.

    See protocol 1: configuration.
    """
    world = World(user_connection_limit=1)
    first, second = world.connection("u"), world.connection()
    second.session.receive(json.dumps({"method": "connect", "params": credentials(world, "u")}).encode())
    assert second.reason() == "limit exceeded"
    first.session.close(None)
    for user in ("u", "", ""):
        world.connection(user)


def test_subscription_checks_run_in_order() -> None:
    """The client gets the error of the first check that fails (protocol 1: client-subscribe)."""
    world = World(max_channel_length=20, client_channel_limit=1)
    client = world.connection("")

    def refusal(channel: str, **params: object) -> str:
        reply = client.ask("subscribe", channel=channel, **params)
        assert reply["body"] == {
            "channel": channel,
            "status": False,
            "last": "",
            "messages": None,
            "recovered": False,
        }
        assert reply["advice"] == "fix"
        error: str = reply["error"]
        return error

    assert refusal("nope:#x") == "permission denied"
    assert refusal("nope:&x") == "permission denied"
    assert refusal("nope:x") == "namespace not found"
    assert refusal("bare:x") == "permission denied"
    signed = sign(b"secret", client.id.encode(), b"$public:x")
    assert refusal("$public:x", sign=signed) == "permission denied"
    assert refusal("$public:x", client=client.id, sign=signed.upper()) == "permission denied"
    assert client.ask("subscribe", channel="$public:x", client=client.id, sign=signed)["body"]["status"] is True
    assert refusal("é" * 11) == "limit exceeded"
    assert refusal("$public:x") == "limit exceeded"
    client = World().connection("")
    client.ask("subscribe", channel="public:x")
    assert refusal("public:x") == "already subscribed"


def test_the_info_of_a_private_channel_is_kept() -> None:
    """The info of a private channel is kept for the whole connection; in other channels the info is ignored."""
    world = World()
    client = world.connection("u")
    for info in ("[1]", ""):
        signed = sign(b"secret", client.id.encode(), b"$c", info.encode())
        assert "error" not in client.ask("subscribe", channel="$c", client=client.id, info=info, sign=signed)
        assert world.node.engine.presence("$c")[client.id].chan_info == b"[1]"
        client.ask("unsubscribe", channel="$c")
    client.ask("subscribe", channel="c", info="[1]")
    assert world.node.engine.presence("c")[client.id].chan_info == b""


def test_a_subscriber_sees_its_own_join_before_the_reply() -> None:
    """A subscriber receives its own join before the reply, and its leave; other subscribers see both.

    See protocol 1: client-subscribe.
    """
    world = World()
    one, two = world.connection("1"), world.connection("2")
    for client in (one, two):
        client.ask("subscribe", channel="public:c")
    assert [(push["method"], push["body"]["data"]["user"]) for push in one.pushed()] == [("join", "1"), ("join", "2")]
    assert [push["method"] for push in two.pushed()] == ["join"]
    assert two.ask("unsubscribe", channel="public:c")["body"] == {"channel": "public:c", "status": True}
    assert two.ask("unsubscribe", channel="public:c")["body"] == {"channel": "public:c", "status": True}
    assert [push["method"] for push in two.pushed()] == [push["method"] for push in one.pushed()] == ["leave"]


def test_missed_messages_are_recovered() -> None:
    """Recovery is newest first, and complete only if the last message seen is still in the history.

    See protocol 1: client-recovery.
    """
    world = World()
    client = world.connection("u")

    def recover(channel: str = "recover:c", **params: object) -> tuple[str, list[str] | None, bool]:
        body = client.ask("subscribe", channel=channel, **params)["body"]
        client.ask("unsubscribe", channel=channel)
        messages = body["messages"]
        uids = None if messages is None else [message["uid"] for message in messages]
        return body["last"], uids, body["recovered"]

    assert recover() == ("", None, False)
    assert recover(recover=True, last="a") == ("", [], False)
    for uid in "abcd":
        world.call("publish", channel="recover:c", data=1, uid=uid)
    assert recover(last="b") == ("d", None, False)
    assert recover(recover=True, last="c") == ("", ["d"], True)
    assert recover(recover=True, last="d") == ("", [], True)
    assert recover(recover=True, last="a") == ("", ["d", "c", "b"], False)
    assert recover(recover=True) == ("", ["d", "c", "b"], False)
    assert recover("no-history:c", recover=True) == ("", [], False)
    assert recover("c", recover=True) == ("", None, False)


def test_the_back_end_ends_subscriptions() -> None:
    """Each unsubscribe is pushed, also without a subscription; without a channel there is a push per channel."""
    world = World()
    client = world.connection("u")
    client.ask("subscribe", channel="c")
    client.ask("subscribe", channel="d")
    world.call("unsubscribe", user="u", channel="elsewhere")
    world.call("unsubscribe", user="u")
    world.call("unsubscribe", user="u")
    assert [push["body"]["channel"] for push in client.pushed()] == ["elsewhere", "c", "d"]
    assert world.node.engine.channels() == []
    assert world.node.engine.presence("c") == {}


def test_the_back_end_ends_connections() -> None:
    """A disconnect takes effect after its command has returned (protocol 1: unsubscribe-disconnect)."""
    world = World()
    client = world.connection("u")
    world.call("disconnect", user="u")
    assert not client.ended
    world.wait(0)
    assert client.reason() == "disconnect"
    assert world.node.hub.count_connections() == 0


def test_a_stopping_server_sends_a_reason_to_authenticated_clients() -> None:
    """A stopping server sends a reason to authenticated clients and just closes the others.

    See protocol 1: client-close-reasons.
    """
    world = World()
    known, stranger = world.connection("u"), world.connection()
    for client in (known, stranger, known):
        client.session.shut_down()
    assert (known.reason(), stranger.ended) == ("shutting down, come back", [None])


def test_publishing_needs_a_subscription_and_the_option() -> None:
    """Publishing checks the subscription first and the option second; `insecure` replaces the option."""
    world = World()
    client = world.connection("u", info="{}")
    for params, error in (
        ({"channel": "public:c"}, "invalid message"),
        ({"data": 1}, "invalid message"),
        ({"channel": "public:c", "data": None}, "permission denied"),
    ):
        reply = client.ask("publish", **params)
        assert (reply["error"], reply["body"]["status"]) == (error, False)
    for channel in ("bare:c", "public:c"):
        client.ask("subscribe", channel=channel)
    assert client.ask("publish", channel="bare:c", data=1)["error"] == "permission denied"
    client.pushed()
    assert client.ask("publish", channel="public:c", data=None)["body"] == {"channel": "public:c", "status": True}
    (push,) = client.pushed()
    info = {"default_info": {}, "user": "u", "client": client.id}
    assert push["body"] | {"uid": ""} == {
        "uid": "",
        "client": client.id,
        "info": info,
        "channel": "public:c",
        "data": None,
    }


def test_presence_and_history_are_for_subscribers() -> None:
    """Presence and history require a subscription; if the option is off, the error advises a retry.

    See protocol 1: client-commands.
    """
    world = World()
    client = world.connection("u")
    assert client.ask("presence", channel="c")["error"] == "permission denied"
    for channel in ("c", "bare:c"):
        client.ask("subscribe", channel=channel)
    assert client.ask("presence", channel="c")["body"]["data"] == {client.id: {"user": "u", "client": client.id}}
    assert client.ask("history", channel="c")["body"]["data"] == []
    reply = client.ask("history", channel="bare:c")
    assert (reply["error"], reply["advice"], reply["body"]["data"]) == ("not available", "retry", None)


def test_pings_are_answered() -> None:
    """A ping is answered with its data, if it has any."""
    client = World().connection("u")
    assert client.ask("ping") == {"uid": "1", "method": "ping"}
    assert client.ask("ping", data="x") == {"uid": "1", "method": "ping", "body": {"data": "x"}}


def test_counters_match_the_sessions() -> None:
    """The metrics of the node count what its sessions did."""
    world = World()
    client = world.connection("u")
    client.ask("subscribe", channel="public:c")
    client.ask("publish", channel="public:c", data=1)
    client.session.close(None)
    metrics = world.node.metrics.current()
    ones = ["client_num_connect", "client_num_subscribe", "client_num_msg_published"]
    ones += [
        f"node_num_{way}_{what}" for way in ("add", "remove") for what in ("client_conn", "client_sub", "presence")
    ]
    ones += [f"node_num_{what}_msg_{way}" for what in ("client", "join", "leave") for way in ("published", "received")]
    assert {name: metrics[name] for name in ones} == dict.fromkeys(ones, 1)
    assert metrics["client_api_num_requests"] == 3
    assert metrics["client_bytes_in"] > 100


def test_client_actions_emit_events() -> None:
    """Listeners get an event for each connect, subscription, refusal and disconnect."""
    world, heard = World(), list[Any]()
    world.node.events.listen(heard.append)
    client = world.connection("42")
    client.ask("subscribe", channel="public:x")
    client.ask("publish", channel="public:x", data={"n": 1})
    client.ask("publish", channel="elsewhere", data=1)
    world.call("disconnect", user="42")
    world.wait(1)
    assert [type(event).__name__ for event in heard] == [
        *("TokenSent", "Connected", "Joined", "Published", "CommandRefused", "CommandRun", "Left", "Disconnected"),
    ]
    assert {event.user for event in heard[1:]} == {"42"}
    sent, _, _, published, refused, *_, end = heard
    assert (sent.method, sent.signed["user"], sent.token in repr(sent)) == ("connect", "42", False)
    assert (published.by_client, published.client, published.receivers) == (True, client.id, 1)
    assert (refused.method, refused.channel, refused.error) == ("publish", "elsewhere", "permission denied")
    assert (end.code, end.reason, end.client) == (3000, "disconnect", client.id)
