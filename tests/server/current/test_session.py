"""One client connection, from connect to its end."""

from typing import Any

import pytest

from centripetal.server.engine.events import CommandRefused, Connected, Disconnected, Joined, Left, TokenSent
from tests.server.current.world import World, error, token

YEAR = 365 * 24 * 3600


# ---- connect


def test_a_client_that_does_not_connect_is_closed() -> None:
    """A client that does not send `connect` is closed exactly after the configured delay."""
    world = World(client={"stale_close_delay": "10s"})
    client, other = world.new(), world.anonymous()
    world.wait(9.9)
    assert not client.ended
    world.wait(0.1)
    assert (client.close(), other.ended) == ((3502, "stale"), [])


def test_the_connect_reply_describes_the_connection() -> None:
    """The connect reply has the client id, version, TTL and ping settings, and the time if so configured."""
    world = World(client={"connect_include_server_time": True})
    client = world.new()
    assert client.result("connect", token=token(sub="42", exp=1010), name="js", version="1", data={"any": 1}) == {
        "client": client.id,
        "version": "6.9.1 OSS",
        "expires": True,
        "ttl": 10,
        "ping": 25,
        "pong": True,
        "time": 1_000_000,
    }
    assert world.new(pings=False).result("connect").keys() == {"client", "version", "time"}
    assert World().new().result("connect", token=token(sub="42", exp=1000 + 2 * YEAR))["ttl"] == YEAR


@pytest.mark.parametrize(
    ("claims", "code"),
    [({"exp": 999}, 109), ({"expire_at": 999}, 110), ({"channels": ["nowhere:a"]}, 102), ({"b64info": "?"}, 100)],
)
def test_a_refused_connect_makes_the_connection_unusable(claims: dict[str, Any], code: int) -> None:
    """A refused connect ignores further messages and closes the TCP connection without a reason after five seconds."""
    world = World()
    client = world.new()
    client.say({"id": 1, "connect": {"token": token(sub="42", **claims)}}, {"id": 2, "rpc": {}})
    client.say({"id": 3, "connect": {}})
    client.session.receive(b"not json")
    (reply,) = client.pushed()
    assert error(reply) == code
    assert reply["error"].get("temporary", False) is (code == 100)
    world.wait(4.9)
    assert not client.ended
    world.wait(0.1)
    assert client.close() is None
    assert world.node.hub.count_connections() == 0


def test_a_token_that_expires_now_is_accepted() -> None:
    """A token that expires now is valid: the client must refresh within the usual delay (seen on a 6.9.1 server)."""
    world = World(client={"expired_close_delay": "5s"})
    client = world.new()
    assert client.result("connect", token=token(sub="42", expire_at=1000))["expires"] is True
    world.wait(5)
    assert client.close() == (3005, "connection expired")


@pytest.mark.parametrize(
    ("settings", "connect", "close"),
    [
        ({}, {"token": "nonsense"}, (3500, "invalid token")),
        ({}, {"token": token("other", sub="42")}, (3500, "invalid token")),
        ({}, {"token": token(sub="42", channel="open:a")}, (3500, "invalid token")),
        ({"allow_anonymous_connect_without_token": False}, {}, (3501, "bad request")),
        ({"disallow_anonymous_connection_tokens": True}, {"token": token()}, (3507, "permission denied")),
        ({}, {"subs": {"nowhere:a": {}}}, (3501, "bad request")),
        ({"channel_limit": 1}, {"subs": {"open:a": {}, "open:b": {}}}, (3505, "channel limit")),
    ],
)
def test_a_forbidden_connect_closes_the_connection(
    settings: dict[str, object], connect: dict[str, object], close: tuple[int, str]
) -> None:
    """A connect that is not permitted closes the connection with a code that allows a reconnect or not."""
    client = World(client=settings).new()
    client.say({"id": 1, "connect": connect})
    assert (client.pushed(), client.close()) == ([], close)


def test_a_user_has_a_connection_limit() -> None:
    """A connection above the user's limit is closed; the anonymous user has no limit."""
    world = World(client={"user_connection_limit": 1})
    world.user("42")
    world.anonymous()
    world.anonymous()
    client = world.new()
    client.say({"id": 1, "connect": {"token": token(sub="42")}})
    assert client.close() == (3504, "connection limit")


def test_insecure_accepts_clients_without_expiration() -> None:
    """With `insecure` any client connects without expiration, but a token must still be valid."""
    world = World(client={"insecure": True, "allow_anonymous_connect_without_token": False})
    assert "expires" not in world.new().result("connect", token=token(sub="42", exp=1010))
    world.anonymous()
    client = world.new()
    client.say({"id": 1, "connect": {"token": "bad"}})
    assert client.close() == (3500, "invalid token")


def test_a_named_user_is_subscribed_to_its_personal_channel() -> None:
    """A named user is subscribed to its channel, and `single_connection` closes its older connection."""
    personal = {"enabled": True, "personal_channel_namespace": "own", "single_connection": True}
    own = {"name": "own", "presence": True, "allow_user_limited_channels": True}
    world = World((own,), client={"subscribe_to_user_personal_channel": personal})
    assert "subs" not in world.new().result("connect")
    first, other = world.new(), world.user("43")
    assert first.result("connect", token=token(sub="42"))["subs"] == {"own:#42": {}}
    second = world.user("42")
    world.wait(0)
    assert (first.close(), second.ended, other.ended) == ((3504, "connection limit"), [], [])
    assert list(world.node.engine.presence("own:#42")) == [second.id]
    # A later connection replaces this one, even if it is refused afterwards.
    world.new().say({"id": 1, "connect": {"token": token(sub="42"), "subs": {"nowhere:a": {}}}})
    world.wait(0)
    assert second.close() == (3504, "connection limit")


def test_empty_channels_in_a_token_are_ignored() -> None:
    """Empty channel names in a token are ignored, as by the real server."""
    assert World().new().result("connect", token=token(channels=["", "open:a"]))["subs"] == {"open:a": {}}


def test_connecting_subscribes_to_channels() -> None:
    """Connecting subscribes to the token's channels and to requested channels if permitted, with recovery."""
    world = World()
    world.user("1", subs={"rec:a": {}}).session.close(None)
    world.publish("rec:a", 1)
    client = world.new()
    wishes = {"rec:a": {"recover": True, "offset": 0}, "open:a": {}, "closed:b": {}, "$open:a": {}, "chat:ä": {}}
    subs = client.result("connect", token=token(sub="42", subs={"closed:a": {"data": {"d": 1}}}), subs=wishes)["subs"]
    assert subs.keys() == {"rec:a", "open:a", "closed:a"}
    assert subs["closed:a"] == {"data": {"d": 1}}
    assert [each["data"] for each in subs["rec:a"]["publications"]] == [1]
    assert client.pushed() == []


def test_joins_come_after_the_connect_reply() -> None:
    """The client receives its own join, with all its info, after the connect reply."""
    client = World().new()
    client.say({"id": 1, "connect": {"token": token(sub="42", info={"n": 1}, subs={"chat:a": {"info": [2]}})}})
    reply, join = client.pushed()
    assert reply["connect"]["subs"] == {"chat:a": {}}
    info = {"user": "42", "client": client.id, "conn_info": {"n": 1}, "chan_info": [2]}
    assert join == {"channel": "chat:a", "join": {"info": info}}


# ---- messages


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\n",
        b"{bad",
        b"{}",
        b'{"id":1}',
        b'{"id":1,"nosuch":{}}',
        b'{"id":1,"ping":{}}',
        b'{"connect":{}}',
        b'{"subscribe":{"channel":"open:a"}}',
        b'{"id":1,"connect":{}}',
        b'{"id":1,"subscribe":{}}',
        b'{"id":1,"unsubscribe":{}}',
        b'{"id":1,"publish":{"data":1}}',
        b'{"id":1,"presence":{}}',
        b'{"id":1,"presence_stats":{}}',
        b'{"id":1,"history":{}}',
        b'{"id":1,"sub_refresh":{}}',
        b'{"id":1,"refresh":{}}',
        b'{"id":1,"subscribe":{"channel":"open:a","delta":"other"}}',
    ],
)
def test_a_malformed_message_closes_the_connection(message: bytes) -> None:
    """A malformed message closes the connection with a code that forbids a reconnect."""
    client = World().anonymous()
    client.session.receive(message)
    assert client.close() == (3501, "bad request")


def test_connect_must_be_the_first_command() -> None:
    """A command before `connect` closes the connection."""
    client = World().new()
    client.say({"id": 1, "rpc": {"method": "ping"}}, {"id": 2, "connect": {}})
    assert (client.pushed(), client.close()) == ([], (3501, "bad request"))


def test_send_commands_are_refused() -> None:
    """A `send` command closes the connection as not available."""
    client = World().anonymous()
    client.say({"send": {"data": 1}})
    assert client.close() == (3508, "not available")


def test_commands_before_an_invalid_line_have_run() -> None:
    """Commands before an invalid line run, and commands after it do not."""
    world = World()
    client = world.anonymous()
    client.session.receive(
        b'{"id":1,"subscribe":{"channel":"open:a"}}\n{bad\n{"id":2,"subscribe":{"channel":"open:b"}}'
    )
    assert client.pushed() == [{"id": 1, "subscribe": {}}]
    assert client.close() == (3501, "bad request")
    client.say({"id": 3, "rpc": {}})
    assert world.node.engine.channels() == []


def test_a_ping_together_with_a_request_is_refused() -> None:
    """A command with both a ping and another request is refused (seen on a 6.9.1 server)."""
    client = World().anonymous()
    client.say({"id": 1, "ping": {}, "subscribe": {"channel": "open:a"}})
    assert error(client.pushed()[0]) == 108


def test_invalid_json_closes_the_receiving_connections() -> None:
    """A push or reply that is not valid JSON closes the connections that would receive it."""
    world = World()
    client, other = world.anonymous(), world.anonymous()
    client.result("subscribe", channel="rec:a")
    world.api("publish", channel="rec:a", b64data="eA==")
    assert client.close() == (3506, "inappropriate protocol")
    other.say({"id": 1, "subscribe": {"channel": "rec:a", "recover": True}})
    assert (other.pushed(), other.close()) == ([], (3506, "inappropriate protocol"))
    third = world.user("1", b64info="eA==")
    third.say({"id": 1, "subscribe": {"channel": "chat:a"}})
    world.wait(0)
    assert third.close() == (3506, "inappropriate protocol")


# ---- refresh


def test_a_connection_expires_unless_it_is_refreshed() -> None:
    """A connection is closed a delay after its token expired, unless a refresh set a new expiry and a new info."""
    world = World(client={"expired_close_delay": "5s"})
    one, two = world.user("1", exp=1010), world.user("1", exp=1010)
    world.wait(9)
    assert two.result("refresh", token=token(sub="1", exp=1030, info={"n": 1})) == {"expires": True, "ttl": 21}
    world.wait(5.9)
    assert not one.ended
    world.wait(0.1)
    assert (one.close(), two.ended) == ((3005, "connection expired"), [])
    two.result("subscribe", channel="chat:a")
    assert two.pushed()[0]["join"]["info"]["conn_info"] == {"n": 1}
    world.wait(20)
    assert two.close() == (3005, "connection expired")


def test_a_refresh_without_an_expiry_keeps_the_old_expiry() -> None:
    """A refresh without an expiry is answered as permanent, but the old expiry still applies (seen on 6.9.1)."""
    world = World(client={"expired_close_delay": "5s"})
    client = world.user("1", exp=1010)
    assert client.result("refresh", token=token(sub="1")) == {}
    world.wait(15)
    assert client.close() == (3005, "connection expired")


@pytest.mark.parametrize(
    ("claims", "close"),
    [
        ({"sub": "1", "exp": 999}, (3005, "connection expired")),
        ({"sub": "2"}, (3500, "invalid token")),
        ({"sub": "1", "channel": "x"}, (3500, "invalid token")),
        ({"sub": "1", "channels": ["open:a", "open:b"]}, (3010, "insufficient state")),
        ({"sub": "1"}, (3010, "insufficient state")),
    ],
)
def test_a_refresh_with_a_wrong_token_closes_the_connection(claims: dict[str, Any], close: tuple[int, str]) -> None:
    """A refresh token that is invalid, for another user, or with other channels closes the connection."""
    client = World().user("1", channels=["open:a"])
    client.say({"id": 1, "refresh": {"token": token(**claims)}})
    assert client.close() == close


@pytest.mark.parametrize(("claims", "code"), [({"expire_at": 1000}, 110), ({"channels": ["nowhere:a"]}, 102)])
def test_a_refresh_may_be_refused(claims: dict[str, Any], code: int) -> None:
    """A refused refresh is answered with an error, and the connection stays open."""
    assert error(World().user("1").ask("refresh", token=token(sub="1", **claims))) == code


# ---- API calls


def test_the_api_subscribes_and_unsubscribes() -> None:
    """API calls subscribe and unsubscribe the client with a push; a repeated call is pushed again without an effect."""
    world = World()
    client = world.user("42", info={"n": 1})
    for _ in range(2):
        world.api("subscribe", user="42", channel="chat:a", info=[1], data={"hello": 1})
        info = {"user": "42", "client": client.id, "conn_info": {"n": 1}, "chan_info": [1]}
        assert client.pushed() == [
            {"channel": "chat:a", "subscribe": {"data": {"hello": 1}}},
            {"channel": "chat:a", "join": {"info": info}},
        ]
    assert error(client.ask("subscribe", channel="chat:a")) == 105
    for _ in range(2):
        world.api("unsubscribe", user="42", channel="chat:a")
        told = {"channel": "chat:a", "unsubscribe": {"code": 2000, "reason": "server unsubscribe"}}
        assert client.pushed() == [told]
    assert world.node.engine.channels() == []


def test_an_expired_api_subscription_removes_the_current_subscription() -> None:
    """An expired API subscription removes the current one silently and keeps its presence, as the real server does."""
    world = World()
    client, other = world.user("42"), world.user("1")
    for each in (client, other):
        each.result("subscribe", channel="chat:a")
    client.pushed(), other.pushed()
    assert world.api("subscribe", user="42", channel="chat:a", expire_at=999).code == 100
    world.publish("chat:a", 1)
    assert (client.pushed(), len(other.pushed()), world.node.engine.count_subscribers("chat:a")) == ([], 1, 1)
    assert client.id in world.node.engine.presence("chat:a")
    assert world.api("subscribe", user="42", channel="open:a", expire_at=999).code == 100
    assert "subscribe" in client.ask("subscribe", channel="chat:a")


def test_an_api_subscription_may_have_a_position() -> None:
    """The push has the given offset without the missed publications, even in cache mode."""
    world = World()
    client = world.user("42")
    for channel in ("rec:a", "cache:a"):
        for number in (1, 2):
            world.publish(channel, number)
        world.api("subscribe", user="42", channel=channel, recover_since={"offset": 1})
        (push,) = client.pushed()
        assert push["subscribe"] == {
            "recoverable": True,
            "epoch": push["subscribe"]["epoch"],
            "offset": 1,
            "positioned": True,
        }
        world.publish(channel, 3)
        assert client.publications() == [3]


def test_invalid_data_is_an_error_of_the_api_call() -> None:
    """Invalid data is an error of the API call, but the client is subscribed without a push (seen on 6.9.1)."""
    world = World()
    client = world.user("42")
    outcome = world.api("subscribe", user="42", channel="open:a", b64data="eA==")
    assert (outcome.code, client.pushed(), client.ended) == (100, [], [])
    world.publish("open:a", 1)
    assert client.publications() == [1]


def test_too_many_api_subscriptions_close_the_connection() -> None:
    """A subscription by the API above the client's channel limit closes the connection."""
    world = World(client={"channel_limit": 1})
    client = world.user("42")
    world.api("subscribe", user="42", channel="open:a")
    world.api("subscribe", user="42", channel="open:b")
    assert client.close() == (3505, "channel limit")


def test_the_api_disconnects() -> None:
    """The API closes the connections of a user with the given code or the default code."""
    world = World()
    one, two = world.user("1"), world.user("2")
    world.api("disconnect", user="1")
    world.api("disconnect", user="2", disconnect={"code": 4001, "reason": "come back"})
    assert (one.close(), two.close()) == ((3503, "force disconnect"), (4001, "come back"))


def test_the_api_refreshes() -> None:
    """A refresh by the API sets, removes or ends the expiry; an info needs an expiry to take effect.

    See protocol 6: refresh.
    """
    world = World(client={"expired_close_delay": "1s"})
    client = world.user("1", exp=1010, info=1)
    world.api("refresh", user="1", info=2)
    assert client.pushed() == [{"refresh": {}}]
    world.wait(20)
    world.api("refresh", user="1", info=3, expire_at=1030)
    assert client.pushed() == [{"refresh": {"expires": True, "ttl": 10}}]
    client.result("subscribe", channel="chat:a")
    assert client.pushed()[0]["join"]["info"]["conn_info"] == 3
    world.wait(11)
    assert client.close() == (3005, "connection expired")
    for how in ({"expired": True}, {"expire_at": 1}):
        client = world.user("2")
        world.api("refresh", user="2", **how)
        assert client.close() == (3005, "connection expired")


# ---- the end


def test_a_closed_connection_leaves_its_channels() -> None:
    """Closing a connection sends its leaves to the other subscribers and removes it from presence and the hub."""
    world = World()
    client, other = world.user("1"), world.user("2")
    for each in (client, other):
        each.result("subscribe", channel="chat:a")
    client.pushed(), other.pushed()
    client.session.close(None)
    client.session.close(None)
    assert client.close() is None
    (leave,) = other.pushed()
    assert leave == {"channel": "chat:a", "leave": {"info": {"user": "1", "client": client.id}}}
    assert client.pushed() == []
    assert list(world.node.engine.presence("chat:a")) == [other.id]
    assert world.node.hub.count_connections() == 1


def test_a_stopping_server_sends_a_reason_to_connected_clients() -> None:
    """A stopping server tells connected clients to reconnect and just closes the others."""
    world = World()
    client, new = world.anonymous(), world.new()
    client.session.shut_down()
    new.session.shut_down()
    assert (client.close(), new.close()) == ((3001, "shutdown"), None)


def test_client_actions_emit_events() -> None:
    """Listeners get the events of a connection, including refusals, in order."""
    world = World()
    client = world.new()
    world.listen()
    signed = token(sub="42", channels=["open:a"])
    client.result("connect", token=signed)
    client.ask("subscribe", channel="closed:a")
    client.result("unsubscribe", channel="open:a")
    client.session.close(None)
    who: dict[str, Any] = {"at": 1000.0, "client": client.id, "user": "42"}
    assert world.events == [
        TokenSent(method="connect", channel="", token=signed, **{**who, "user": ""}),
        Connected(**who),
        Joined(channel="open:a", **who),
        CommandRefused(method="subscribe", channel="closed:a", error="permission denied", **who),
        Left(channel="open:a", **who),
        Disconnected(**who),
    ]
