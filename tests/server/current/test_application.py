"""Commands that the application decides: what it is asked, and what each answer means to the client."""

import base64
import json
from typing import Any

import pytest

from centripetal.server.engine.events import ApplicationAsked
from tests.server.current.proxied import INTERNAL, connected, proxied
from tests.server.current.world import World, token

Answer = tuple[Any, int]


def raw(body: bytes) -> Answer:
    return body, 200


USELESS = {
    "created": ({"result": {"user": "42"}}, 201),
    "no content": (b"", 204),
    "not found": ({"result": {}}, 404),
    "failed": ({"result": {}}, 500),
    "empty": raw(b""),
    "no JSON": raw(b"hello"),
    "a list": raw(b"[]"),
    "text after it": raw(b'{"result":{}} x'),
    "a mark": raw(b'\xef\xbb\xbf{"result":{}}'),
    "wrong type of result": raw(b'{"result":[]}'),
    "wrong type of error": raw(b'{"error":"no"}'),
    "negative code": raw(b'{"error":{"code":-1}}'),
    "code of 33 bits": raw(b'{"disconnect":{"code":4294967296}}'),
}
OF_KINDS: dict[str, list[bytes]] = {
    "connect": [
        *(b'{"result":{"user":42}}', b'{"result":{"expire_at":1.5}}', b'{"result":{"subs":{"a":{"b64info":"?"}}}}'),
        *(
            b'{"result":{"b64info":"?"}}',
            b'{"result":{"b64data":"a"}}',
            b'{"result":{"subs":{"a":{"override":{"presence":true}}}}}',
        ),
    ],
    "subscribe": [b'{"result":{"override":{"presence":true}}}', b'{"result":{"b64data":"?"}}', b'{"result":{"info":}}'],
    "publish": [b'{"result":{"tags":{"k":1}}}', b'{"result":{"b64data":"?"}}', b'{"result":{"version":-1}}'],
    "rpc": [b'{"result":{"b64data":"?"}}', b'{"result":7}'],
}
COMMANDS: dict[str, dict[str, Any]] = {
    "subscribe": {"subscribe": {"channel": "sub:a"}},
    "publish": {"publish": {"channel": "pub:a", "data": 1}},
    "rpc": {"rpc": {"method": "m", "data": 1}},
}


def answered(kind: str, body: Any, status: int = 200, world: World | None = None) -> Any:
    """Let a client send a command of *kind*, answer, and return the client."""
    world = world or proxied()
    if kind == "connect":
        client = world.new(pings=False)
        client.say({"id": 1, "connect": {}})
    else:
        client = connected(world)
        client.say({"id": 1, **COMMANDS[kind]})
    (asked,) = world.asked
    assert asked.question.kind == kind
    asked.answer(body, status)
    return client


# ---- answers, for every kind


@pytest.mark.parametrize("kind", ["connect", "subscribe", "publish", "rpc"])
@pytest.mark.parametrize("name", USELESS)
def test_a_useless_answer_is_a_temporary_error(kind: str, name: str) -> None:
    """An answer with another status than 200, or that is not the expected JSON, is error 100, temporary."""
    client = answered(kind, *USELESS[name])
    assert client.sent == [{"id": 1, "error": INTERNAL}]
    assert not client.ended


@pytest.mark.parametrize(("kind", "body"), [(kind, body) for kind, bodies in OF_KINDS.items() for body in bodies])
def test_a_wrong_field_makes_the_answer_useless(kind: str, body: bytes) -> None:
    """A field of a wrong type, or invalid base64, makes the whole answer useless."""
    assert answered(kind, body).sent == [{"id": 1, "error": INTERNAL}]


@pytest.mark.parametrize("kind", ["connect", "subscribe", "publish", "rpc"])
def test_no_answer_is_a_temporary_error(kind: str) -> None:
    """An application that does not answer is error 100, temporary."""
    world = proxied()
    client = world.new(pings=False) if kind == "connect" else connected(world)
    client.say({"id": 1, **({"connect": {}} if kind == "connect" else COMMANDS[kind])})
    world.asked.pop().fail()
    assert client.sent == [{"id": 1, "error": INTERNAL}]


@pytest.mark.parametrize("kind", ["connect", "subscribe", "publish", "rpc"])
@pytest.mark.parametrize(
    "error",
    [
        {"code": 401, "message": "who are you"},
        {"code": 4294967295, "message": "x" * 1000},
        {"code": 1000, "message": "later", "temporary": True},
        {"message": "without a code"},
        {"code": 100},
        {},
    ],
)
def test_an_error_goes_to_the_client_as_it_is(kind: str, error: dict[str, Any]) -> None:
    """An error of any code and length is the reply, and only it says whether it is temporary."""
    assert answered(kind, {"error": error, "result": {}}).sent == [{"id": 1, "error": error}]


@pytest.mark.parametrize("kind", ["connect", "subscribe", "publish", "rpc"])
@pytest.mark.parametrize("code", [0, 1, 3000, 4501, 5000, 70000])
def test_a_disconnect_closes_the_connection(kind: str, code: int) -> None:
    """A disconnect closes the connection with any code, and is stronger than an error and a result."""
    client = answered(kind, {"disconnect": {"code": code, "reason": "go"}, "error": {"code": 1}, "result": {}})
    assert (client.close(), client.sent) == ((code, "go"), [])


@pytest.mark.parametrize("body", [{}, None, {"result": None}, {"more": 1}])
def test_without_a_result_everything_but_connect_is_permitted(body: Any) -> None:
    """An answer without a result permits to subscribe, publish and call, but gives a connection no credentials."""
    assert answered("connect", body).close() == (3501, "bad request")
    assert answered("subscribe", body).sent == [{"id": 1, "subscribe": {}}]
    assert answered("publish", body).sent == [{"id": 1, "publish": {}}]
    assert answered("rpc", body).sent == [{"id": 1, "rpc": {}}]


def test_without_a_result_anonymous_clients_connect_if_they_may() -> None:
    """Without a result, a client is the anonymous user if the configuration allows that, with the channels it wants."""
    for setting in ("allow_anonymous_connect_without_token", "insecure"):
        world = proxied(client={setting: True})
        client = world.new(pings=False)
        client.say({"id": 1, "connect": {"subs": {"open:a": {}}}})
        world.asked.pop().answer({})
        assert client.sent[0]["connect"]["subs"] == {"open:a": {}}


@pytest.mark.parametrize("kind", ["connect", "subscribe", "publish", "rpc"])
def test_statuses_are_transformed(kind: str) -> None:
    """A status with a meaning in the configuration becomes an error or a disconnect."""
    transforms = [
        {"status_code": 404, "to_error": {"code": 404, "message": "nobody", "temporary": True}},
        {"status_code": 403, "to_disconnect": {"code": 4503, "reason": "go away"}},
        {"status_code": 200, "to_error": {"code": 1}},
    ]

    def world() -> World:
        return proxied(options={"http": {"status_to_code_transforms": transforms}})

    assert answered(kind, b"x", 404, world()).sent == [
        {"id": 1, "error": {"code": 404, "message": "nobody", "temporary": True}}
    ]
    assert answered(kind, {"result": {}}, 403, world()).close() == (4503, "go away")
    assert answered(kind, b"x", 500, world()).sent == [{"id": 1, "error": INTERNAL}]
    assert answered(kind, {"error": {"code": 7}}, 200, world()).sent == [{"id": 1, "error": {"code": 7}}]


# ---- connect


def test_connect_asks_with_all_that_the_client_said() -> None:
    """The question about a connection has the client's data, name, version and channels, and nothing that is empty."""
    world = proxied()
    client = world.new()
    client.say({"id": 1, "connect": {"data": {"a": "<"}, "name": "js", "version": "5", "subs": {"open:a": {}}}})
    common = {"client": client.id, "transport": "websocket", "protocol": "json", "encoding": "json"}
    assert world.asked[0].event == {
        **common,
        "data": {"a": "<"},
        "name": "js",
        "version": "5",
        "channels": ["open:a"],
    }
    assert world.asked[0].question.endpoint.url == "http://app/connect"
    other = world.new()
    other.say({"id": 1, "connect": {}})
    assert world.asked[1].event == {**common, "client": other.id}


def test_a_result_decides_about_the_connection() -> None:
    """The result gives the user, the info for others, data for the client, and server-side subscriptions."""
    world = proxied(({"name": "pres", "presence": True},))
    client = world.new(pings=False)
    client.say({"id": 1, "connect": {"subs": {"open:wanted": {}}}})
    subs = {"pres:b": {"info": {"i": 1}, "data": None, "expire_at": 1}, "rec:c": {"b64data": "eyJkIjoyfQ=="}}
    result = {"user": "42", "info": {"n": "Ann"}, "data": None, "channels": ["pres:a", "pres:b", ""], "subs": subs}
    world.asked.pop().answer({"result": result})
    reply = client.sent[0]["connect"]
    assert reply["data"] is None
    assert reply["subs"] == {
        "pres:a": {},
        "pres:b": {"data": None},
        "rec:c": {"recoverable": True, "epoch": "e1", "positioned": True, "data": {"d": 2}},
    }
    assert reply.keys() == {"client", "version", "data", "subs"}
    assert client.session.user == "42"
    assert world.node.engine.presence("pres:b")[client.id].chan_info == b'{"i": 1}'
    assert world.node.engine.presence("pres:a")[client.id].conn_info == b'{"n": "Ann"}'


def test_overrides_and_cache_recovery_of_a_connection() -> None:
    """Options of a subscription replace the options of the namespace, and can ask for the latest publication."""
    world = proxied()
    world.publish("cache:a", "latest")
    override = {name: {"value": False} for name in ("force_recovery", "presence")}
    subs = {"rec:a": {"override": override}, "cache:a": {"cache_recover": True}}
    client = world.new(pings=False)
    client.say({"id": 1, "connect": {}})
    world.asked.pop().answer({"result": {"subs": subs}})
    found = client.sent[0]["connect"]["subs"]
    assert found["rec:a"] == {}
    assert [each["data"] for each in found["cache:a"]["publications"]] == ["latest"]


def test_an_empty_result_is_the_anonymous_user() -> None:
    """An empty result lets the client connect as the anonymous user, also if anonymous clients may not connect."""
    assert answered("connect", {"result": {}}).sent[0]["connect"].keys() == {"client", "version"}


@pytest.mark.parametrize("result", [{"channels": ["none:a"]}, {"subs": {"none:a": {}}}])
def test_unknown_namespaces_in_a_result_are_an_error(result: dict[str, Any]) -> None:
    """A channel of an unknown namespace in the result is error 102."""
    reply = answered("connect", {"result": result}).sent[0]
    assert reply["error"] == {"code": 102, "message": "unknown channel"}


def test_the_expiry_of_a_connection() -> None:
    """A connection expires as the result says: in the past is error 110, far ahead is a year, and below 0 is never."""
    assert answered("connect", {"result": {"expire_at": 999}}).sent[0]["error"]["code"] == 110
    reply = answered("connect", {"result": {"expire_at": 1010}}).sent[0]["connect"]
    assert (reply["expires"], reply["ttl"]) == (True, 10)
    assert (
        answered("connect", {"result": {"expire_at": 1_900_000_000_000}}).sent[0]["connect"]["ttl"] == 365 * 24 * 3600
    )
    assert "expires" not in answered("connect", {"result": {"expire_at": -5}}).sent[0]["connect"]


def test_limits_count_for_proxied_connections() -> None:
    """Limits of channels and of a user's connections count, and personal channels are added."""
    personal = {"enabled": True}
    world = proxied(
        client={"channel_limit": 1, "user_connection_limit": 1, "subscribe_to_user_personal_channel": personal}
    )
    assert connected(world).id
    client = world.new(pings=False)
    client.say({"id": 1, "connect": {}})
    world.asked.pop().answer({"result": {"user": "42"}})
    assert client.close() == (3504, "connection limit")
    client = world.new(pings=False)
    client.say({"id": 1, "connect": {}})
    world.asked.pop().answer({"result": {"user": "43", "channels": ["open:a"]}})
    assert client.close() == (3505, "channel limit")
    world = proxied(client={"subscribe_to_user_personal_channel": personal})
    client = world.new(pings=False)
    client.say({"id": 1, "connect": {}})
    world.asked.pop().answer({"result": {"user": "43"}})
    assert client.sent[0]["connect"]["subs"] == {"#43": {}}


def test_a_token_is_stronger_than_the_proxies() -> None:
    """Clients with a connection token, and subscriptions with a token, are not asked about."""
    world = proxied()
    client = world.user("42")
    client.result("subscribe", channel="sub:a", token=token(sub="42", channel="sub:a"))
    assert world.asked == []


def test_data_that_is_no_json_closes_the_client() -> None:
    """Data in base64 that is not JSON closes a client with the JSON protocol."""
    text = base64.b64encode(b"no json").decode()
    for kind in ("connect", "subscribe", "rpc"):
        assert answered(kind, {"result": {"b64data": text}}).close() == (3506, "inappropriate protocol"), kind


# ---- subscribe


def test_a_subscription_is_as_the_result_says() -> None:
    """The result gives info, data and options of the subscription, and when it expires."""
    world = proxied(({"name": "chatty", "subscribe_proxy_enabled": True, "presence": True},))
    client = connected(world)
    client.say({"id": 2, "subscribe": {"channel": "chatty:a", "data": {"why": 1}}})
    common = {"client": client.id, "transport": "websocket", "protocol": "json", "encoding": "json", "user": "42"}
    assert world.asked[0].event == {**common, "channel": "chatty:a", "data": {"why": 1}}
    world.asked.pop().answer({"result": {"b64info": "eyJyIjoxfQ==", "data": {"d": 1}, "expire_at": 1010}})
    assert client.sent == [{"id": 2, "subscribe": {"expires": True, "ttl": 10, "data": {"d": 1}}}]
    assert world.node.engine.presence("chatty:a")[client.id].chan_info == b'{"r":1}'


def test_wishes_are_not_granted() -> None:
    """The wishes of a client count only without a proxy; the override of the result counts."""
    allowed = {"allow_recovery": True, "allow_positioning": True, "join_leave": True}
    world = proxied(
        ({"name": "able", "subscribe_proxy_enabled": True, "allow_presence_for_subscriber": True, **allowed},)
    )
    wishes = {"recoverable": True, "positioned": True, "join_leave": True}
    client = connected(world)
    client.say({"id": 2, "subscribe": {"channel": "able:a", **wishes}})
    world.asked.pop().answer({"result": {}})
    assert client.sent == [{"id": 2, "subscribe": {}}]
    client.sent.clear()
    client.say({"id": 3, "subscribe": {"channel": "able:b", **wishes}})
    world.asked.pop().answer({"result": {"override": {"force_positioning": {"value": True}}}})
    assert client.sent == [{"id": 3, "subscribe": {"epoch": "e1", "positioned": True}}]


@pytest.mark.parametrize(
    ("subscribe", "code"),
    [
        ({"channel": "none:a"}, 102),
        ({"channel": "sub:é"}, 107),
        ({"channel": "sub:a", "type": 1}, 103),
        ({"channel": "$sub:a"}, 103),
        ({"channel": "sub:twice"}, 105),
        ({"channel": "sub:expired"}, 110),
    ],
)
def test_checks_around_the_question(subscribe: dict[str, Any], code: int) -> None:
    """Checks of name, type and state come before the question; a result in the past is refused after it."""
    world = proxied()
    client = connected(world)
    client.say({"id": 1, "subscribe": {"channel": "sub:twice"}})
    world.asked.pop().answer({})
    client.sent.clear()
    client.say({"id": 2, "subscribe": subscribe})
    if code == 110:
        world.asked.pop().answer({"result": {"expire_at": 999}})
    assert world.asked == []
    assert client.sent[0]["error"]["code"] == code


def test_a_type_that_does_not_exist_closes_after_the_answer() -> None:
    """A subscription type above 4 closes the connection, but only once the application has permitted it."""
    world = proxied()
    client = connected(world)
    client.say({"id": 2, "subscribe": {"channel": "sub:a", "type": 9}})
    world.asked.pop().answer({})
    assert client.close() == (3004, "internal server error")


def test_user_limited_channels_are_not_asked_about() -> None:
    """The users in the name of a channel decide without the application, and refuse without it."""
    world = proxied(({"name": "lim", "subscribe_proxy_enabled": True, "allow_user_limited_channels": True},))
    client = connected(world)
    client.result("subscribe", channel="lim:a#42")
    assert client.ask("subscribe", channel="lim:a#43")["error"]["code"] == 103
    assert world.asked == []


def test_a_channel_with_a_proxy_is_left_out_of_connect() -> None:
    """A channel that a connecting client wants is left out silently if the application decides about it."""
    world = proxied()
    client = world.new(pings=False)
    client.say({"id": 1, "connect": {"token": token(sub="42"), "subs": {"sub:a": {}, "open:a": {}}}})
    assert client.sent[0]["connect"]["subs"] == {"open:a": {}}


# ---- publish


def test_a_publication_is_as_the_result_says() -> None:
    """The result can replace the data, null included, and add tags, a version and an idempotency key."""
    world = proxied(({"name": "pub", "publish_proxy_enabled": True, "history_size": 9, "history_ttl": "9s"},))
    reader = world.user("1")
    client = connected(world, {"info": {"n": 1}})
    world.node.engine.subscribe("pub:a", reader.id)
    results = [{}, {"data": None}, {"b64data": "Mg=="}, {"data": 3, "b64data": "NA==", "tags": {"k": "v"}}]
    results += [{"skip_history": True}, {"idempotency_key": "x"}, {"idempotency_key": "x"}, {"version": 7}]
    for number, result in enumerate(results):
        client.say({"id": number + 1, "publish": {"channel": "pub:a", "data": {"t": number}}})
        assert world.asked[0].event["data"] == {"t": number}
        world.asked.pop().answer({"result": result})
        assert client.sent.pop() == {"id": number + 1, "publish": {}}
    history = world.api("history", channel="pub:a", limit=-1).publications
    assert [json.loads(bytes(each.data)) for each in history] == [{"t": 0}, None, 2, 3, {"t": 5}, {"t": 7}]
    assert (history[3].tags, history[0].info.user) == ({"k": "v"}, "42")


def test_the_application_alone_decides_about_publications() -> None:
    """A client may publish without a subscription or a permission of the namespace, if its data has the format."""
    world = proxied(({"name": "pub", "publish_proxy_enabled": True, "publication_data_format": "json_object"},))
    client = connected(world)
    assert client.ask("publish", channel="pub:a", data=1)["error"]["code"] == 107
    assert world.asked == []
    client.sent.clear()
    client.say({"id": 2, "publish": {"channel": "pub:a", "data": {}}})
    world.asked.pop().answer({"result": {"data": "any"}})
    assert client.sent == [{"id": 2, "publish": {}}]


def test_a_publication_that_is_no_json_closes_its_subscribers() -> None:
    """Data in base64 that is not JSON closes every subscriber with the JSON protocol; the publisher is told success."""
    world = proxied()
    reader, client = world.user("1"), connected(world)
    reader.result("subscribe", channel="pub:a")
    client.say({"id": 1, "publish": {"channel": "pub:a", "data": 1}})
    world.asked.pop().answer({"result": {"b64data": base64.b64encode(b"{").decode()}})
    world.wait(0)
    assert reader.close() == (3506, "inappropriate protocol")
    assert client.sent == [{"id": 1, "publish": {}}]


def test_deltas_only_as_the_result_says() -> None:
    """The option `delta_publish` of the namespace does not count for publications that the application permits."""
    options = {"history_size": 9, "history_ttl": "9s", "delta_publish": True, "allowed_delta_types": ["fossil"]}
    namespace = {"name": "pub", "publish_proxy_enabled": True, "allow_subscribe_for_client": True, **options}
    world = proxied(({**namespace, "force_positioning": True},))
    reader, client = world.user("1"), connected(world)
    reader.result("subscribe", channel="pub:a", delta="fossil")
    deltas = []
    for number, result in enumerate([{}, {}, {"delta": True}]):
        client.say(
            {"id": 1, "publish": {"channel": "pub:a", "data": {"text": "long enough for a delta" * 3, "n": number}}}
        )
        world.asked.pop().answer({"result": result})
        deltas += [push["pub"].get("delta", False) for push in reader.pushed()]
    assert deltas == [False, False, True]


# ---- rpc


def test_methods_have_namespaces() -> None:
    """A method belongs to the namespace before its colon: an unknown one is error 104, one without a proxy 108."""
    world = proxied()
    client = connected(world)
    for method, code in (("none:m", 104), ("off:m", 108)):
        assert client.ask("rpc", method=method)["error"]["code"] == code
    assert world.asked == []
    for method in ("", "m", "on:m", ":m"):
        client.sent.clear()
        client.say({"id": 2, "rpc": {"method": method, "data": [1]}})
        assert world.asked[0].event.get("method", "") == method
        world.asked.pop().answer({"result": {"data": None}})
        assert client.sent == [{"id": 2, "rpc": {"data": None}}]


def test_the_ping_method_is_never_asked_about() -> None:
    """The method of `rpc.ping` is answered by the server; without any proxy, other methods are 104 then."""
    world = World(rpc={"ping": {"enabled": True}})
    client = world.anonymous()
    assert client.result("rpc", method="ping") == {}
    assert client.ask("rpc", method="m")["error"]["code"] == 104
    assert World().anonymous().ask("rpc", method="m")["error"]["code"] == 108


# ---- what every question has


def test_the_meta_of_a_connection_goes_along_if_configured() -> None:
    """The meta of the application or of a token is in later questions, if the proxy includes it."""
    world = proxied(options={"include_connection_meta": True})
    for client in (connected(world, {"meta": {"m": 1}}), world.user("42", meta={"m": 1})):
        for command in COMMANDS.values():
            client.say({"id": 1, **command})
            assert world.asked[0].event["meta"] == {"m": 1}
            world.asked.pop().answer({})
    without = proxied()
    client = connected(without, {"meta": {"m": 1}})
    client.say({"id": 1, **COMMANDS["rpc"]})
    assert "meta" not in without.asked[0].event
    null = connected(world, {"meta": None})
    null.say({"id": 1, **COMMANDS["rpc"]})
    assert world.asked[0].event["meta"] is None


def test_binary_encoding_sends_base64() -> None:
    """A proxy with binary encoding gets the data of clients in base64."""
    world = proxied(options={"binary_encoding": True})
    client = connected(world)
    client.say({"id": 1, "rpc": {"method": "m", "data": {"a": 1}}})
    event = world.asked[0].event
    assert (event["encoding"], event["b64data"]) == ("binary", base64.b64encode(b'{"a": 1}').decode())
    assert "data" not in event


def test_events_say_what_was_asked_and_what_it_means() -> None:
    """Listeners get each question with its answer, and the meaning in words, but no headers."""
    world = proxied(options={"http": {"static_headers": {"X-API-Key": "secret-value"}}})
    client = connected(world)
    world.listen()
    client.say({"id": 1, "rpc": {"method": "m"}}, {"id": 2, "subscribe": {"channel": "sub:a"}})
    world.asked.pop().answer({"result": {}})
    world.asked.pop().fail("no route to host")
    found = [event for event in world.events if isinstance(event, ApplicationAsked)]
    assert [(each.event, each.channel or each.method, each.status, each.answer) for each in found] == [
        ("rpc", "m", 200, '{"result": {}}'),
        ("subscribe", "sub:a", 0, "no route to host"),
    ]
    assert [each.meaning for each in found] == [
        "the client gets the result",
        "error 100, temporary: client libraries try again",
    ]
    assert "secret-value" not in repr(found)
