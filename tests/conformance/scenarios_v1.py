"""Scenarios for servers of Centrifugo 1.x: calls and their expected results.

See protocol 1: channels, signatures, http-api, commands, json-rules, storage.
"""

import dataclasses
import datetime
import decimal
import enum
import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from centripetal import v1
from tests.conformance.scenario import SCENARIOS, TOGETHER, Call, Kept, Namer, Request, ask, request, scenario, until

__all__ = ["METHODS", "SCENARIOS"]

METHODS = ("publish", "broadcast", "unsubscribe", "disconnect", "presence", "history", "channels", "stats", "node")

METRICS = frozenset(
    f"http_api_{span}_{what}"
    for span in (1, 15)
    for what in (
        "count",
        *(f"microseconds_{of}" for of in ("50%ile", "90%ile", "99%ile", "99.99%ile", "max", "mean", "min")),
    )
)
METRICS |= {name.replace("http_api", "client_api") for name in METRICS}
METRICS |= {"http_api_num_requests", "http_raw_ws_num_requests", "http_sockjs_num_requests", "client_api_num_requests"}
METRICS |= {"client_bytes_in", "client_bytes_out", "client_num_connect", "client_num_subscribe"}
METRICS |= {f"client_num_msg_{what}" for what in ("published", "queued", "sent")}
METRICS |= {f"node_num_{what}_client_{of}" for what in ("add", "remove") for of in ("conn", "sub")}
METRICS |= {
    f"node_num_{what}" for what in ("add_presence", "history", "last_message_id", "presence", "remove_presence")
}
METRICS |= {
    f"node_num_{kind}_msg_{what}"
    for kind in ("admin", "client", "control", "join", "leave")
    for what in ("published", "received")
}
METRICS |= {f"node_memory_{what}" for what in ("heap_alloc", "heap_sys", "stack_inuse", "sys")}
METRICS |= {"node_cpu_usage", "node_num_channels", "node_num_clients", "node_num_goroutine", "node_num_unique_clients"}
METRICS |= {"node_rusage_stime", "node_rusage_utime", "node_uptime_seconds"}

NOT_FOUND = "namespace not found"
UNAVAILABLE = "not available"


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Point:
    x: int
    y: float


class Place(msgspec.Struct):
    name: str
    at: Point


def publish(channel: str, data: Any, **options: Any) -> Call:
    return ask("publish", channel, data, **options)


def history(channel: str) -> Call:
    return ask("history", channel)


def holds(value: object) -> Callable[[list[Kept]], bool]:
    """Return a check that the newest message of a history has this value."""
    return lambda messages: bool(json.loads(messages[0].data) == value)


def kept(channel: str, *texts: str, **members: str) -> list[Kept]:
    """Return a history, newest first."""
    return [Kept(channel, text.encode(), **members) for text in texts]


# ---- publish


@scenario()
def publishes_each_kind_of_json(name: Namer) -> Iterator[Request]:
    """Any JSON value is valid data, including null, false, 0 and empty values."""
    values = [None, True, False, 0, -1, "", "text", [], {}, [1, [2, {"a": None}]], {"a": {"b": [1.5, "c"]}}]
    for value in values:
        channel = name("kinds")
        name = Namer()
        yield request(publish(channel, value).returns(True), history(channel).returns(kept(channel, compact(value))))


@scenario()
def publishes_python_types(name: Namer) -> Iterator[Request]:
    """Dataclasses, structs, enums, decimals, times and UUIDs arrive as the documented JSON."""
    moment = datetime.datetime(2018, 5, 4, 3, 2, 1, tzinfo=datetime.UTC)
    number = uuid.UUID("12345678-1234-5678-1234-567812345678")
    values: list[tuple[object, str]] = [
        (Point(1, 2.5), '{"x":1,"y":2.5}'),
        (Place("here", Point(0, 0.5)), '{"name":"here","at":{"x":0,"y":0.5}}'),
        ({"colour": Colour.RED}, '{"colour":"red"}'),
        ([decimal.Decimal("1.10")], '["1.10"]'),
        (moment, '"2018-05-04T03:02:01Z"'),
        (datetime.date(2018, 5, 4), '"2018-05-04"'),
        (number, f'"{number}"'),
        ((1, 2), "[1,2]"),
        ({1: "int key"}, '{"1":"int key"}'),
    ]
    for value, text in values:
        channel = name("types")
        name = Namer()
        yield request(publish(channel, value).returns(True), history(channel).returns(kept(channel, text)))


@scenario()
def publishes_unicode(name: Namer) -> Iterator[Request]:
    """Non-ASCII text, NUL and DEL are unchanged, in data and in channel names."""
    for text in ("é", "канал", "日本語", "😀", "\u2028\u2029", "\x00\x1f\x7f\x80", "\ufeff", "\ufffd", "e\u0301"):
        channel = name(f"uni {text}")
        name = Namer()
        yield request(
            publish(channel, [text]).returns(True),
            history(channel).satisfies(f"one message of {text!r}", holds([text])),
        )


@scenario()
def publishes_html(name: Namer) -> Iterator[Request]:
    """HTML characters are returned as equivalent escapes, in data and in names."""
    channel = name("<a href='x'>&amp;</a>")
    yield request(
        publish(channel, {"<b>": "x & y"}).returns(True),
        history(channel).returns(kept(channel, r'{"\u003cb\u003e":"x \u0026 y"}')),
    )


@scenario()
def publishes_ready_made_json(name: Namer) -> Iterator[Request]:
    """Serialized JSON keeps its spelling of numbers, escapes, order and repeated members, but not its white space."""
    texts = [
        (b' { "b" : 1.0 , "a" : 1e400, "b" : [ ] }\n', '{"b":1.0,"a":1e400,"b":[]}'),
        (rb'"\u00e9\/\ud83d\ude00"', r'"\u00e9\/\ud83d\ude00"'),
        (b"-0", "-0"),
        (b"123456789012345678901234567890.000", "123456789012345678901234567890.000"),
        (b'"<>&"', r'"\u003c\u003e\u0026"'),
    ]
    for given, text in texts:
        channel = name("raw")
        name = Namer()
        yield request(publish(channel, given).returns(True), history(channel).returns(kept(channel, text)))


@scenario()
def publishes_big_numbers(name: Namer) -> Iterator[Request]:
    """Integers keep all digits, and floats keep their value."""
    for value in (2**53 + 1, 2**63, -(2**63) - 1, 2**64 + 1, 10**30, 0.1, 1e-7, 1.7976931348623157e308, 5e-324):
        channel = name("numbers")
        name = Namer()
        yield request(
            publish(channel, value).returns(True),
            history(channel).satisfies(f"{value!r}", holds(value)),
        )


@scenario()
def publishes_for_a_client(name: Namer) -> Iterator[Request]:
    """The client id of a publisher is copied into the message; an empty id is ignored."""
    channel = name("client")
    yield request(
        publish(channel, 1, client="3f8878ac-6887").returns(True),
        publish(channel, 2, client="<é>").returns(True),
        publish(channel, 3, client="").returns(True),
        publish(channel, 4, client=None).returns(True),
        history(channel).returns(
            [*kept(channel, "4", "3"), *kept(channel, "2", client="<é>"), *kept(channel, "1", client="3f8878ac-6887")]
        ),
    )


@scenario()
def publishes_with_uid(name: Namer) -> Iterator[Request]:
    """A given uid becomes the message's uid, even twice; a uid that would break pushes is refused by the client."""
    channel = name("uid")
    yield request(
        publish(channel, 1, uid="my-uid").returns(True),
        publish(channel, 2, uid="my-uid").returns(True),
        publish(channel, 3, uid="é <1>", client="c").returns(True),
        publish(channel, 4, uid='a"b').is_unusable("uid"),
        publish(channel, 4, uid="").is_unusable("uid"),
        history(channel).returns(
            [
                Kept(channel, b"3", "c", "é <1>"),
                Kept(channel, b"2", None, "my-uid"),
                Kept(channel, b"1", None, "my-uid"),
            ]
        ),
    )


@scenario()
def publishes_into_any_name(name: Namer) -> Iterator[Request]:
    """A channel name may have any characters and any length, and is case-sensitive."""
    for channel in map(name, ("a b\t\n", '"z\\', "x" * 1000, "z#1,2&3", "ÄÖ")):
        yield request(
            publish(channel, 1).returns(True),
            history(channel).returns(kept(channel, "1")),
            history(channel.swapcase()).returns([]),
        )


@scenario()
def refuses_bad_data(name: Namer) -> Iterator[Request]:
    """Invalid JSON and invalid channels are refused before sending, and the other calls of the request succeed."""
    channel = name("bad")
    yield request(
        publish(channel, 1).returns(True),
        publish(channel, float("nan")).is_unusable("nan"),
        publish(channel, {"a": [float("inf")]}).is_unusable("data.a[0]"),
        publish(channel, {1, 2}).is_unusable("data"),
        publish(channel, b"{").is_unusable("must be encoded JSON"),
        publish(channel, b"").is_unusable("must be encoded JSON"),
        publish(channel, b'"\xff"').is_unusable("must be encoded JSON"),
        # Servers would accept this payload, but browsers could not decode it.
        publish(channel, rb'"\ud800"').is_unusable("must be encoded JSON"),
        publish(channel, "\ud800").is_unusable("surrogate"),
        publish(channel, object()).is_unusable("data"),
        publish("", 1).is_unusable("channel"),
        publish("\udfff", 1).is_unusable("channel"),
        ask("publish", 42, 1).is_unusable("channel"),
        publish(channel, 1, client=5).is_unusable("client"),
        publish(channel, 2).returns(True),
        history(channel).returns(kept(channel, "2", "1")),
    )


@scenario()
def publishes_five_megabytes(name: Namer) -> Iterator[Request]:
    """A body of five megabytes is accepted and returned unchanged."""
    channel = name("one:large")
    text = "é" * 2_500_000
    yield request(
        publish(channel, text).returns(True),
        history(channel).returns(kept(channel, f'"{text}"')),
    )


@scenario()
def replies_in_chunks(name: Namer) -> Iterator[Request]:
    """A reply is the same below and above 2 KB, where a real server starts to send chunks."""
    for size in (1, 1800, 1900, 2000, 2048, 2100, 3000, 4096, 70_000):
        channel = name("one:chunks")
        text = "x" * size
        yield request(publish(channel, text).returns(True), history(channel).returns(kept(channel, f'"{text}"')))


# ---- broadcast


@scenario()
def broadcasts(name: Namer) -> Iterator[Request]:
    """Each listed channel gets a message, twice if it is listed twice, with the client id if one is given."""
    one, two = name("b1"), name("b2")
    yield request(
        ask("broadcast", [one, two, one], {"a": 1}).returns(True),
        ask("broadcast", (two,), None, client="me").returns(True),
        history(one).returns(kept(one, '{"a":1}', '{"a":1}')),
        history(two).returns([Kept(two, b"null", "me"), Kept(two, b'{"a":1}')]),
    )


@scenario()
def broadcasts_to_many(name: Namer) -> Iterator[Request]:
    """One command can publish to ten thousand channels."""
    channels = [name(f"many-{number}") for number in range(10_000)]
    same = name("deep:same")
    yield request(
        ask("broadcast", channels, "all").returns(True),
        ask("broadcast", [same] * 10_000, 1).returns(True),
        *(history(channel).returns(kept(channel, '"all"')) for channel in channels[::2_500]),
        history(same).satisfies("ten thousand messages", lambda got: len(got) == 10_000),
    )


@scenario()
def broadcast_stops_at_unknown_namespace(name: Namer) -> Iterator[Request]:
    """A channel in an unknown namespace ends a broadcast: channels before it get the message, later channels do not."""
    before, after = name("before"), name("after")
    yield request(
        ask("broadcast", [before, name("nowhere:x"), after], 1).is_refused(NOT_FOUND, advice="fix", executed="unknown"),
        history(before).returns(kept(before, "1")),
        history(after).returns([]),
    )


@scenario()
def refuses_bad_broadcasts(name: Namer) -> Iterator[Request]:
    """A broadcast without channels, or with an invalid list of channels, is not sent."""
    channel = name("list")
    yield request(
        ask("broadcast", [], 1).is_unusable("channels"),
        ask("broadcast", channel, 1).is_unusable("channels"),
        ask("broadcast", [channel, ""], 1).is_unusable("channels[1]"),
        ask("broadcast", [channel, 7], 1).is_unusable("channels[1]"),
        ask("broadcast", [channel], float("nan")).is_unusable("nan"),
        history(channel).returns([]),
    )


# ---- users


@scenario()
def unsubscribes(name: Namer) -> Iterator[Request]:
    """Unsubscribing succeeds for absent users; the empty channel means all channels; channel names are checked."""
    yield request(
        ask("unsubscribe", name("x"), "42").returns(True),
        ask("unsubscribe", "", "42").returns(True),
        ask("unsubscribe", name("$public:x"), "üser").returns(True),
        ask("unsubscribe", name("nowhere:x"), "42").is_refused(NOT_FOUND),
        ask("unsubscribe", name("x"), "").is_unusable("user"),
        ask("unsubscribe", name("x"), 42).is_unusable("write '42'"),
    )


@scenario()
def disconnects(name: Namer) -> Iterator[Request]:
    """Disconnecting succeeds for absent users; the anonymous user cannot be addressed."""
    yield request(
        ask("disconnect", "42").returns(True),
        ask("disconnect", name("<ü>")).returns(True),
        ask("disconnect", "").is_unusable("user"),
        ask("disconnect", None).is_unusable("user"),
    )


# ---- presence


@scenario()
def presence(name: Namer) -> Iterator[Request]:
    """Presence without subscribers is empty; disabled presence and unknown namespaces are errors."""
    yield request(
        ask("presence", name("x")).returns({}),
        ask("presence", name("public:x")).returns({}),
        ask("presence", name("$public:x")).returns({}),
        ask("presence", name("bare:x")).is_refused(UNAVAILABLE),
        ask("presence", name("nowhere:x")).is_refused(NOT_FOUND),
        ask("presence", "").is_unusable("channel"),
    )


# ---- history


@scenario()
def history_is_newest_first_and_limited(name: Namer) -> Iterator[Request]:
    """History is newest first and limited to the size configured for the channel's namespace."""
    top, public, one = name("order"), name("public:order"), name("one:order")
    for channel, size in ((top, 10), (public, 5), (one, 1)):
        yield request(
            *(publish(channel, number).returns(True) for number in range(12)),
            history(channel).returns(kept(channel, *(str(11 - number) for number in range(size)))),
        )


@scenario()
def history_availability(name: Namer) -> Iterator[Request]:
    """History needs a size and a lifetime; publishing needs neither."""
    for namespace in ("bare:x", "size-only:x", "life-only:x"):
        channel = name(namespace)
        yield request(publish(channel, 1).returns(True), history(channel).is_refused(UNAVAILABLE))
    yield request(
        history(name("empty")).returns([]),
        history(name("nowhere:x")).is_refused(NOT_FOUND),
        history("").is_unusable("channel"),
    )


@scenario(slow=True)
def history_ends(name: Namer) -> Iterator[Request]:
    """A history expires as a whole some time after its latest message, and can start again."""
    channel = name("short:x")
    for _ in range(2):
        yield request(publish(channel, 1).returns(True), publish(channel, 2).returns(True))
        yield until(history(channel).returns([]))


@scenario()
def inactive_channels_keep_nothing(name: Namer) -> Iterator[Request]:
    """With `history_drop_inactive`, a message for a channel without subscribers is accepted and not kept."""
    channel = name("inactive:x")
    yield request(publish(channel, 1).returns(True), history(channel).returns([]))


# ---- channel names


@scenario()
def names_are_different_channels(name: Namer) -> Iterator[Request]:
    """The same name with and without a private prefix, inside and outside a namespace, is four channels."""
    channels = [name(prefix + "sisters") for prefix in ("", "$", "public:", "$public:")]
    yield request(
        *(publish(channel, number).returns(True) for number, channel in enumerate(channels)),
        *(history(channel).returns(kept(channel, str(number))) for number, channel in enumerate(channels)),
    )


@scenario()
def names_are_read_for_namespaces(name: Namer) -> Iterator[Request]:
    """The namespace is the text between one private prefix and the first boundary, or empty."""
    for inside in ("public:a:b", "$public:a#1", "public:", ":x", "$:x", "$", ":", "$$", "public#1&2", "public"):
        yield request(publish(name(inside), 1).returns(True))
    for outside in (
        "nowhere:x",
        "$nowhere:x",
        "Public:x",
        "$$public:x",
        "public :x",
        "dialog#1:2",
        "x:public:y",
        "$ :x",
    ):
        yield request(publish(name(outside), 1).is_refused(NOT_FOUND, advice="fix"))


@scenario()
def unknown_namespace(name: Namer) -> Iterator[Request]:
    """Every command reports an unknown namespace; only publish and broadcast have advice."""
    channel = name("nowhere:x")
    yield request(
        publish(channel, 1).is_refused(NOT_FOUND, advice="fix"),
        ask("broadcast", [channel], 1).is_refused(NOT_FOUND, advice="fix", executed="unknown"),
        ask("unsubscribe", channel, "1").is_refused(NOT_FOUND),
        ask("presence", channel).is_refused(NOT_FOUND),
        history(channel).is_refused(NOT_FOUND),
    )


# ---- the server


@scenario(alone=True)
def channels(name: Namer) -> Iterator[Request]:
    """Channels are listed while they have subscribers; publishing and history do not create channels."""
    yield request(
        ask("channels").returns([]),
        publish(name("x"), 1).returns(True),
        ask("channels").returns([]),
    )


def _is_node(node: v1.NodeInfo) -> bool:
    return (
        node.name == "node-1" and len(node.uid) == 36 and node.started > 1_500_000_000 and set(node.metrics) == METRICS
    )


@scenario()
def stats(name: Namer) -> Iterator[Request]:
    """Stats describe one node with 74 metrics and the minute that they cover."""
    yield request(
        ask("stats").satisfies(
            "a node with its metrics",
            lambda got: got.metrics_interval == 60 and len(got.nodes) == 1 and _is_node(got.nodes[0]),
        ),
        ask("node").satisfies("a node with its metrics", _is_node),
    )


@scenario(alone=True)
def node_counts(name: Namer) -> Iterator[Request]:
    """A node counts its work since the start, by command."""
    channel = name("public:x")
    counters = {
        "node_num_client_msg_published": 5,
        "node_num_history": 1,
        "node_num_presence": 1,
        "node_num_last_message_id": 0,
        "node_num_join_msg_published": 0,
        "node_num_add_client_conn": 0,
        "client_num_msg_published": 0,
        "client_num_connect": 0,
        "client_api_num_requests": 0,
        "http_raw_ws_num_requests": 0,
    }
    yield request(
        publish(channel, 1).returns(True),
        publish(name("bare:x"), 1).returns(True),
        publish(name("nowhere:x"), 1).is_refused(NOT_FOUND, advice="fix"),
        ask("broadcast", [channel, channel, name("y")], 1).returns(True),
        history(channel).satisfies("three messages", lambda got: len(got) == 3),
        ask("presence", channel).returns({}),
        ask("presence", name("bare:x")).is_refused(UNAVAILABLE),
        ask("node").satisfies(
            f"{counters}", lambda got: {counter: got.metrics[counter] for counter in counters} == counters
        ),
    )


# ---- batches


@scenario()
def errors_do_not_spread(name: Namer) -> Iterator[Request]:
    """A failing command does not affect the commands before and after it."""
    channel, nowhere, bare = name("x"), name("nowhere:x"), name("bare:x")
    yield request(
        publish(channel, 1).returns(True),
        publish(nowhere, 2).is_refused(NOT_FOUND, advice="fix"),
        publish(channel, 3).returns(True),
        ask("presence", bare).is_refused(UNAVAILABLE),
        ask("unsubscribe", nowhere, "1").is_refused(NOT_FOUND),
        history(bare).is_refused(UNAVAILABLE),
        publish(channel, 4).returns(True),
        history(channel).returns(kept(channel, "4", "3", "1")),
    )


@scenario()
def every_command_may_fail(name: Namer) -> Iterator[Request]:
    """A request in which every command fails gets an error per command."""
    yield request(
        publish(name("nowhere:x"), 1).is_refused(NOT_FOUND, advice="fix"),
        history(name("bare:x")).is_refused(UNAVAILABLE),
        ask("presence", name("nowhere:x")).is_refused(NOT_FOUND),
    )


@scenario()
def order_is_kept(name: Namer) -> Iterator[Request]:
    """Commands run in the order of the calls, so each history shows the messages published before it."""
    channel = name("order")
    yield request(
        history(channel).returns([]),
        publish(channel, 1).returns(True),
        history(channel).returns(kept(channel, "1")),
        publish(channel, 2).returns(True),
        history(channel).returns(kept(channel, "2", "1")),
    )


@scenario(facades=TOGETHER)
def thousands_at_once(name: Namer) -> Iterator[Request]:
    """A request can have five thousand commands, including repetitions of one command."""
    channel = name("x")
    yield request(*(publish(channel, number).returns(True) for number in range(5_000)))
    yield request(history(channel).returns(kept(channel, *(str(4_999 - number) for number in range(10)))))


@scenario()
def nothing_to_send_is_not_sent(name: Namer) -> Iterator[Request]:
    """Without calls, or if all calls are refused before sending, nothing is sent and nothing fails."""
    yield request()
    yield request(publish("", 1).is_unusable("channel"))


# ---- access


@scenario(secret="wrong")
def wrong_secret(name: Namer) -> Iterator[Request]:
    """A wrong secret is an authentication error, and no command runs."""
    yield request(publish(name("x"), 1).fails(v1.AuthenticationError, 401))
    yield request(
        ask("channels").fails(v1.AuthenticationError, 401),
        ask("stats").fails(v1.AuthenticationError, 401),
        publish("", 1).is_unusable("channel"),
    )


@scenario(secret=None)
def no_signature(name: Namer) -> Iterator[Request]:
    """A server that requires signatures answers 400 to a client that does not sign."""
    yield request(publish(name("x"), 1).fails(v1.HTTPStatusError, 400))
    yield request(
        ask("channels").fails(v1.HTTPStatusError, 400, together="unknown"),
        ask("node").fails(v1.HTTPStatusError, 400, together="unknown"),
    )


@scenario(config="without secret")
def server_without_secret(name: Namer) -> Iterator[Request]:
    """A server without a secret answers 400 to clients that sign."""
    yield request(publish(name("x"), 1).fails(v1.HTTPStatusError, 400))


@scenario(config="without secret", secret=None)
def server_without_secret_unsigned(name: Namer) -> Iterator[Request]:
    """A server without a secret answers 400 to clients that do not sign."""
    yield request(ask("channels").fails(v1.HTTPStatusError, 400))


def _works(name: Namer) -> Iterator[Request]:
    channel = name("x")
    yield request(
        publish(channel, 1).returns(True),
        history(channel).returns(kept(channel, "1")),
        ask("broadcast", [name("nowhere:x")], 1).is_refused(NOT_FOUND, advice="fix", executed="unknown"),
    )


@scenario(config="insecure", secret=None)
def insecure_unsigned(name: Namer) -> Iterator[Request]:
    """With `insecure_api`, a client that does not sign is served."""
    yield from _works(name)


@scenario(config="insecure", secret="wrong")
def insecure_wrongly_signed(name: Namer) -> Iterator[Request]:
    """With `insecure_api`, a wrong signature is ignored."""
    yield from _works(name)


@scenario(config="insecure without secret")
def insecure_without_secret(name: Namer) -> Iterator[Request]:
    """With `insecure_api` and no secret, a client that signs is served."""
    yield from _works(name)


def compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
