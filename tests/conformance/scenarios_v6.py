"""Scenarios for servers of the current API: calls and their expected results.

See protocol 6: http-api, methods, api-errors, history-and-positions, map-channels.

A scenario is a generator function under `@scenario`. It gets a `Namer`, which makes unused names, and yields lists of
asks, which batches send as one request and other facades one by one. Results that later requests need are in
`remembered`.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import centripetal as c
from centripetal.errors import CentripetalError, Executed
from tests.conformance.scenario import Call, Namer, ask

__all__ = ["ALL", "SCENARIOS", "TOGETHER", "Ask", "Scenario"]

ALL = ("sync", "async", "batch", "async batch", "gathered", "retried")
TOGETHER = ("batch", "async batch")
"""The facades that send the calls of a request together."""
EPOCH = re.compile("[A-Za-z]{8}")


class Ask(NamedTuple):
    """A call and its expected result.

    Attributes:
        call: the call.
        what: description of the expectation for failure messages.
        check: returns whether a result is correct; None if an error is expected.
        error: the exact class of the error, or None.
        code: expected code of a `ServerError`.
        status: expected status of an `HTTPStatusError`.
        text: text that the error message must contain.
        executed: expected attribute of the error.
    """

    call: Call
    what: str
    check: Callable[[Any], bool] | None = None
    error: type[CentripetalError] | None = None
    code: int | None = None
    status: int | None = None
    text: str = ""
    executed: Executed = "no"


Requests = Callable[[Namer], Iterator[list[Ask]]]


class Scenario(NamedTuple):
    """A scenario; `requests(Namer())` yields its requests."""

    name: str
    claim: str
    requests: Requests
    config: str
    key: bool
    facades: tuple[str, ...]
    slow: bool


SCENARIOS: list[Scenario] = []


def scenario(
    *, config: str = "usual", key: bool = True, facades: tuple[str, ...] = ALL, slow: bool = False
) -> Callable[[Requests], Requests]:
    """Register a generator function as a scenario; *key*: whether the client has the server's key."""

    def add(requests: Requests) -> Requests:
        name, claim = requests.__name__, (requests.__doc__ or "").strip()
        assert claim, f"{name} has no docstring"
        SCENARIOS.append(Scenario(name, claim, requests, config, key, facades, slow))
        return requests

    return add


def returns(call: Call, value: Any) -> Ask:
    return Ask(call, f"{value!r:.200}", lambda came: bool(came == value))


def satisfies(call: Call, what: str, check: Callable[[Any], bool]) -> Ask:
    return Ask(call, what, check)


def refused(call: Call, code: int, text: str = "", executed: Executed = "no") -> Ask:
    """Expect that the server returns an error for this command."""
    return Ask(call, f"error {code}", error=c.ServerError, code=code, text=text, executed=executed)


def unusable(call: Call, text: str) -> Ask:
    """Expect that the client refuses to send the command."""
    return Ask(call, "a UsageError", error=c.UsageError, text=text)


def fails(call: Call, error: type[CentripetalError], status: int, text: str = "", executed: Executed = "no") -> Ask:
    """Expect that the server refuses the whole request."""
    return Ask(call, f"{error.__name__} {status}", error=error, status=status, text=text, executed=executed)


def publish(channel: str, data: Any, **options: Any) -> Call:
    return ask("publish", channel, data, **options)


def at(offset: int) -> Callable[[c.PublishResult], bool]:
    """Return a check that a publication has this offset, in any epoch."""
    return lambda result: result.offset == offset and EPOCH.fullmatch(result.epoch) is not None


def holds(*values: Any) -> Callable[[c.HistoryResult], bool]:
    """Return a check that a page has exactly these data."""
    return lambda result: [one.data for one in result.publications] == list(values)


def history(channel: str, **options: Any) -> Call:
    return ask("history", channel, **({"limit": -1} | options))


# ---- publish, broadcast


@scenario()
def publishes_each_kind_of_json(name: Namer) -> Iterator[list[Ask]]:
    """Any JSON value is valid data, including null, false, 0 and empty values."""
    for value in (None, True, False, 0, -1, "", "text", [], {}, [1, [2, {"a": None}]], {"a": {"b": [1.5, "<c>"]}}):
        channel = Namer()("kinds")
        yield [satisfies(publish(channel, value), "offset 1", at(1))]
        yield [satisfies(history(channel), repr(value), holds(value))]


@scenario()
def publishes_ready_made_json_and_base64(name: Namer) -> Iterator[list[Ask]]:
    """JSON bytes are sent unchanged; base64 data may be any bytes, and the history shows those that are JSON."""
    channel = name("ready")
    yield [
        satisfies(publish(channel, b' {"n": 1.10}'), "offset 1", at(1)),
        satisfies(ask("publish", channel, b64data=b'{"n":2}'), "offset 2", at(2)),
        satisfies(ask("publish", channel, b64data="eyJuIjozfQ=="), "offset 3", at(3)),
        returns(ask("publish", name("bytes:x"), b64data=b"\x00\xff"), c.PublishResult()),
        returns(ask("publish", name("bytes:x"), b64data=b""), c.PublishResult()),
    ]
    yield [
        satisfies(
            history(channel),
            "three",
            lambda result: [one.data_json for one in result.publications] == [b'{"n":1.10}', b'{"n":2}', b'{"n":3}'],
        )
    ]


@scenario()
def publishes_with_options(name: Namer) -> Iterator[list[Ask]]:
    """Tags are kept, a publication that skips the history has no offset, and a delta does not change the history."""
    channel = name("options")
    yield [
        satisfies(publish(channel, 1, tags={"a": "b", "é": ""}), "offset 1", at(1)),
        returns(publish(channel, 2, skip_history=True), c.PublishResult()),
        satisfies(publish(channel, 3, delta=True), "offset 2", at(2)),
        returns(publish(name("bare:x"), 1), c.PublishResult()),
    ]
    yield [
        satisfies(
            history(channel),
            "two",
            lambda result: (
                [(one.data, one.offset, one.tags) for one in result.publications]
                == [(1, 1, {"a": "b", "é": ""}), (3, 2, {})]
            ),
        )
    ]


@scenario()
def repeats_a_key_without_publishing(name: Namer) -> Iterator[list[Ask]]:
    """A repeated key returns the first result for any data; publish and broadcast share keys."""
    channel, key = name("keys"), name("key")
    yield [satisfies(publish(channel, 1, idempotency_key=key), "offset 1", at(1))]
    yield [satisfies(publish(channel, 2, idempotency_key=key), "offset 1", at(1))]
    yield [
        satisfies(
            ask("broadcast", [channel], 3, idempotency_key=key),
            "offset 1",
            lambda result: at(1)(result.responses[0].value()),
        )
    ]
    yield [satisfies(history(channel), "one", holds(1))]


@scenario()
def skips_old_versions(name: Namer) -> Iterator[list[Ask]]:
    """A version that is not higher than the last one of its epoch is not kept."""
    channel = name("versions")
    for data, version, epoch in ((1, 5, ""), (2, 5, ""), (3, 4, ""), (4, 6, ""), (5, 1, "new"), (6, 2**64 - 1, "new")):
        yield [
            satisfies(publish(channel, data, version=version, version_epoch=epoch), "a position", lambda result: True)
        ]
    yield [satisfies(history(channel), "four", holds(1, 4, 5, 6))]


@scenario()
def refuses_bad_publications(name: Namer) -> Iterator[list[Ask]]:
    """Each error belongs to its call, and the other calls of the request succeed."""
    good = name("neighbours")
    yield [
        satisfies(publish(good, 1), "offset 1", at(1)),
        refused(publish("nosuch:x", 1), 102, "is not configured"),
        refused(publish(name("object:x"), 1), 107, "publication_data_format"),
        returns(publish(name("object:x"), {"a": 1}), c.PublishResult()),
        refused(publish(name("map:x"), 1), 107),
        unusable(ask("publish", good), "data is missing"),
        unusable(publish(good, 1, b64data=b"x"), "exclude each other"),
        unusable(publish("", 1), "must not be empty"),
        unusable(publish("канал", 1), "check_channels=False"),
        unusable(publish("x" * 256, 1), "check_channels=False"),
        unusable(publish(good, 1, tags={"a": 1}), "write '1'"),
        unusable(publish(good, float("nan")), "nan"),
        unusable(publish(good, "x" * 2**20), "max_payload_bytes"),
        satisfies(publish(good, 2), "offset 2", at(2)),
    ]


@scenario()
def broadcasts(name: Namer) -> Iterator[list[Ask]]:
    """A broadcast has a response per channel, in order, with the channel's own error."""
    first, second = name("one"), name("two")
    yield [satisfies(publish(first, 0), "offset 1", at(1))]
    yield [
        satisfies(
            ask("broadcast", [first, "nosuch:x", second, name("bare:x")], {"n": 1}, tags={"a": "b"}),
            "three results and an error",
            lambda result: (
                [one.error and one.error.code for one in result.responses] == [None, 102, None, None]
                and [one.result and one.result.offset for one in result.responses] == [2, None, 1, 0]
                and list(result.failed) == [1]
            ),
        )
    ]
    yield [satisfies(history(second), "one", holds({"n": 1}))]


@scenario()
def broadcasts_widely(name: Namer) -> Iterator[list[Ask]]:
    """A broadcast can reach thousands of channels."""
    channels = [f"{name('wide')}.{number}" for number in range(3000)]
    yield [
        satisfies(
            ask("broadcast", channels, 1),
            "3000 results",
            lambda result: all(at(1)(one.value()) for one in result.responses) and len(result.responses) == 3000,
        )
    ]


# ---- history, presence, channels, info


@scenario()
def reads_a_history(name: Namer) -> Iterator[list[Ask]]:
    """A history page has a limit, a start position and a direction, and always includes the top position."""
    channel = name("five:h")
    for number in range(1, 8):
        yield [satisfies(publish(channel, number), "an offset", at(number))]
    yield [
        satisfies(history(channel), "the last five", holds(3, 4, 5, 6, 7)),
        satisfies(history(channel, limit=2), "the oldest two", holds(3, 4)),
        satisfies(history(channel, limit=2, reverse=True), "the newest two", holds(7, 6)),
        satisfies(history(channel, since=c.StreamPosition(5)), "publications after 5", holds(6, 7)),
        satisfies(history(channel, since=c.StreamPosition(5), reverse=True), "publications before 5", holds(4, 3)),
        satisfies(history(channel, since=c.StreamPosition(99)), "nothing", holds()),
        satisfies(
            history(channel, limit=0),
            "only the position",
            lambda result: not result.publications and result.offset == 7,
        ),
        refused(history(channel, since=c.StreamPosition(5, "other")), 112, "has a new epoch"),
        unusable(history(channel, since=c.StreamPosition(0), reverse=True), "nothing before offset 0"),
        unusable(history(channel, limit=2**31), "limit must be"),
        refused(history("nosuch:x"), 102),
        refused(history(name("bare:x")), 108, "`history_size` and `history_ttl`"),
    ]


@scenario()
def removes_a_history(name: Namer) -> Iterator[list[Ask]]:
    """Removing a history keeps the position, and the next publication continues from it."""
    channel = name("removed")
    yield [satisfies(publish(channel, 1), "offset 1", at(1))]
    yield [returns(ask("history_remove", channel), c.HistoryRemoveResult())]
    yield [satisfies(history(channel), "nothing", lambda result: not result.publications and result.offset == 1)]
    yield [satisfies(publish(channel, 2), "offset 2", at(2))]
    yield [
        refused(ask("history_remove", "nosuch:x"), 102),
        refused(ask("history_remove", name("bare:x")), 108, "history is disabled"),
    ]


@scenario(slow=True)
def forgets_a_history_in_time(name: Namer) -> Iterator[list[Ask]]:
    """Publications expire, and the position stays."""
    channel = name("brief:h")
    yield [satisfies(publish(channel, 1), "offset 1", at(1))]
    yield [satisfies(history(channel), "gone", lambda result: not result.publications and result.offset == 1)]


@scenario()
def looks_at_presence(name: Namer) -> Iterator[list[Ask]]:
    """Presence without subscribers is empty, and the error for disabled presence says so."""
    channel = name("nobody")
    yield [
        returns(ask("presence", channel), c.PresenceResult()),
        returns(ask("presence_stats", channel), c.PresenceStatsResult()),
        refused(ask("presence", name("bare:x")), 108, "presence is disabled"),
        refused(ask("presence_stats", name("bare:x")), 108, "presence is disabled"),
        refused(ask("presence", "nosuch:x"), 102),
        refused(ask("presence_stats", "nosuch:x"), 102),
    ]


@scenario()
def lists_channels(name: Namer) -> Iterator[list[Ask]]:
    """Without subscribers no channel is listed, and an invalid pattern is an internal error of the server."""
    yield [
        returns(ask("channels"), c.ChannelsResult()),
        returns(ask("channels", pattern="*"), c.ChannelsResult()),
        refused(ask("channels", pattern="[a"), 100, "is a valid glob", executed="unknown"),
    ]


@scenario()
def reports_its_node(name: Namer) -> Iterator[list[Ask]]:
    """The server reports one node with its name and version."""
    yield [
        satisfies(
            ask("info"),
            "a node",
            lambda result: [node.name for node in result.nodes] == ["node-1"] and bool(result.nodes[0].version),
        )
    ]


# ---- users, RPC, unavailable methods


@scenario()
def accepts_calls_for_absent_users(name: Namer) -> Iterator[list[Ask]]:
    """Calls for absent users succeed; ints are user ids; an empty id is refused unless it is meant."""
    channel, user = name("users"), 42
    yield [
        returns(
            ask(
                "subscribe",
                channel,
                user,
                info={"a": 1},
                b64data=b"{}",
                client="c",
                session="s",
                expire_at=2**33,
                recover_since=c.StreamPosition(0, "e"),
                override=c.SubscribeOptionOverride(presence=True, force_recovery=False),
            ),
            c.SubscribeResult(),
        ),
        returns(ask("unsubscribe", channel, user), c.UnsubscribeResult()),
        returns(
            ask("disconnect", user, whitelist=["c"], disconnect=c.DisconnectReason(4500, "bye")), c.DisconnectResult()
        ),
        returns(ask("refresh", user, expire_at=2**33, info=None), c.RefreshResult()),
        returns(ask("refresh", user, expired=True), c.RefreshResult()),
        returns(ask("disconnect", "", client="nobody", anonymous=True), c.DisconnectResult()),
        refused(ask("subscribe", "nosuch:x", user), 102),
        refused(ask("unsubscribe", "nosuch:x", user), 102),
        unusable(ask("unsubscribe", channel, ""), "anonymous=True"),
        unusable(ask("disconnect", ""), "anonymous=True"),
        unusable(ask("disconnect", None), "user must be a user's id"),
        unusable(ask("refresh", user, info={"a": 1}), "expire_at"),
    ]


@scenario()
def has_no_rpc(name: Namer) -> Iterator[list[Ask]]:
    """The open-source server has no RPC methods."""
    yield [
        refused(ask("rpc", "nosuch", params={"a": 1}), 104, "RPC method"),
        refused(ask("rpc", "nosuch"), 104, "RPC method"),
        unusable(ask("rpc", ""), "method must not be empty"),
    ]


PRO: dict[str, tuple[Any, ...]] = {
    "connections": (),
    "update_user_status": (["u"], "away"),
    "get_user_status": (["u"],),
    "delete_user_status": (["u"],),
    "block_user": (42,),
    "unblock_user": (42,),
    "revoke_token": ("uid",),
    "invalidate_user_tokens": ("u",),
    "device_register": ("fcm", "token", "ios"),
    "device_list": (),
    "device_topic_list": (),
    "device_topic_update": ("d", "add", ["t"]),
    "user_topic_list": (),
    "user_topic_update": ("u", "set", ["t"]),
    "send_push_notification": (
        c.PushRecipient(fcm_tokens=["t"]),
        c.PushNotification(fcm=c.FcmPushNotification({"a": 1})),
    ),
    "update_push_status": ("a", "delivered"),
    "cancel_push": ("uid",),
}
PRO_BY_OPTIONS: dict[str, dict[str, Any]] = {"device_update": {"ids": ["d"]}, "device_remove": {"users": [42]}}


@scenario(facades=TOGETHER)
def has_no_pro_methods_in_a_batch(name: Namer) -> Iterator[list[Ask]]:
    """PRO methods return error 104 with an explanation, and the other calls of the batch succeed."""
    yield [
        satisfies(publish(name("pro"), 1), "offset 1", at(1)),
        *(refused(ask(method, *arguments), 104, "needs Centrifugo PRO") for method, arguments in PRO.items()),
        *(refused(ask(method, **options), 104, "needs Centrifugo PRO") for method, options in PRO_BY_OPTIONS.items()),
        refused(ask("call", "no_such_method", {}), 104, "needs Centrifugo PRO"),
        satisfies(publish(name("pro"), 2), "offset 2", at(2)),
    ]


@scenario(facades=("sync", "async", "gathered", "retried"))
def has_no_pro_methods(name: Namer) -> Iterator[list[Ask]]:
    """PRO methods return 404 with an explanation, and concurrent calls succeed."""
    missing = [
        *(ask(method, *arguments) for method, arguments in PRO.items()),
        *(ask(method, **options) for method, options in PRO_BY_OPTIONS.items()),
        ask("call", "no_such_method", {}),
    ]
    yield [
        satisfies(publish(name("pro"), 1), "offset 1", at(1)),
        *(fails(call, c.HTTPStatusError, 404, "needs Centrifugo PRO or a newer server") for call in missing),
        satisfies(publish(name("pro"), 2), "offset 2", at(2)),
    ]


@scenario()
def takes_methods_by_name(name: Namer) -> Iterator[list[Ask]]:
    """A method can be called by name with its fields unchanged, and returns the result of the reply."""
    yield [
        satisfies(
            ask("call", "publish", {"channel": name("by-name"), "data": b"[1]"}),
            "a dict",
            lambda result: result["offset"] == 1 and sorted(result) == ["epoch", "offset"],
        ),
        returns(ask("call", "publish", {"channel": name("bare:x"), "data": None}), {}),
        refused(ask("call", "publish", {"channel": name("by-name")}), 107),
    ]


# ---- maps


@scenario()
def keeps_maps(name: Namer) -> Iterator[list[Ask]]:
    """A map keeps keys with values, in order; a change that was not made is reported with its reason."""
    channel = name("map:m")
    yield [satisfies(ask("map_publish", channel, "b", {"v": 1}, tags={"t": "1"}), "offset 1", lambda r: r.offset == 1)]
    yield [satisfies(ask("map_publish", channel, "a", None), "offset 2", lambda r: r.offset == 2 and not r.suppressed)]
    yield [
        satisfies(
            ask("map_publish", channel, "a", 1, key_mode="if_new"),
            "suppressed",
            lambda r: (r.suppressed, r.suppress_reason) == (True, "key_exists"),
        ),
        satisfies(
            ask("map_publish", channel, "z", 1, key_mode="if_exists"),
            "suppressed",
            lambda r: (r.suppressed, r.suppress_reason) == (True, "key_not_found"),
        ),
        returns(ask("map_stats", channel), c.MapStatsResult(2)),
        satisfies(
            ask("map_read_state", channel, limit=-1),
            "two keys",
            lambda r: (
                [(one.key, one.data, one.tags) for one in r.entries] == [("a", None, {}), ("b", {"v": 1}, {"t": "1"})]
            ),
        ),
        satisfies(
            ask("map_read_state", channel, limit=1),
            "a page",
            lambda r: [one.key for one in r.entries] == ["a"] == [r.cursor],
        ),
        satisfies(
            ask("map_read_stream", channel, limit=-1),
            "two changes",
            lambda r: [one.key for one in r.entries] == ["b", "a"],
        ),
    ]
    yield [satisfies(ask("map_remove", channel, "b"), "offset 3", lambda r: r.offset == 3 and not r.suppressed)]
    yield [returns(ask("map_stats", channel), c.MapStatsResult(1))]
    yield [returns(ask("map_clear", channel), c.MapClearResult())]
    yield [returns(ask("map_stats", channel), c.MapStatsResult(0))]


@scenario()
def refuses_invalid_map_calls(name: Namer) -> Iterator[list[Ask]]:
    """Map methods fail for other namespace types, unknown namespaces, and versions without support."""
    channel = name("plain")
    yield [
        refused(ask("map_publish", channel, "k", 1), 107, "subscription_type"),
        refused(ask("map_read_state", channel), 107, "subscription_type"),
        refused(ask("map_stats", "nosuch:x"), 102),
        refused(ask("shared_poll_publish", channel, "k", 1, 1), 107, "shared_poll"),
        refused(ask("map_publish", name("ephemeral:x"), "k", 1, version=1), 100, "ephemeral", executed="unknown"),
        unusable(ask("map_publish", channel, "", 1), "key must not be empty"),
        unusable(ask("map_publish", channel, "k", 1, key_mode="never"), "key_mode must be"),
        unusable(ask("shared_poll_publish", channel, "k", 0, 1), "version must be from 1"),
    ]


# ---- keys and modes


@scenario(key=False)
def wants_its_key(name: Namer) -> Iterator[list[Ask]]:
    """A call without the key does nothing."""
    yield [
        fails(publish(name("key"), 1), c.AuthenticationError, 401, "an api_key"),
        fails(ask("info"), c.AuthenticationError, 401, "an api_key"),
    ]


@scenario(config="insecure", key=False)
def needs_no_key_if_insecure(name: Namer) -> Iterator[list[Ask]]:
    """An insecure server needs no key, and its API may have another path."""
    yield [
        satisfies(publish(name("open"), 1), "offset 1", at(1)),
        satisfies(publish(name("open"), 2), "offset 2", at(2)),
    ]


@scenario(config="statuses")
def says_errors_in_statuses(name: Namer) -> Iterator[list[Ask]]:
    """With the error mode "transport", the errors are the same, alone or in a batch."""
    yield [
        satisfies(publish(name("statuses"), 1), "offset 1", at(1)),
        refused(publish("nosuch:x", 1), 102, "is not configured"),
        refused(ask("presence", name("bare:x")), 108, "presence is disabled"),
        refused(ask("rpc", "nosuch"), 104),
        refused(history(name("statuses"), since=c.StreamPosition(1, "other")), 112),
        refused(ask("channels", pattern="[a"), 100, executed="unknown"),
    ]
