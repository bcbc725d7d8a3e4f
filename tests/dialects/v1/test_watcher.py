"""Watching channels of a 1.x server: recorded conversations, tables of single steps, and arbitrary bytes."""

import json
import re
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.dialects.v1.client_protocol import COMMANDS, Connect, Params, Ping, Refresh, Subscribe, read_params
from centripetal.dialects.v1.credentials import generate_channel_sign, generate_client_token
from centripetal.dialects.v1.server_codec import read_envelopes
from centripetal.dialects.v1.watcher import Watcher
from centripetal.errors import ConnectionLostError, MalformedResponseError, ServerError, TimeoutError, UsageError
from centripetal.protocol.watching import (
    Connected,
    Ended,
    Event,
    Gap,
    Joined,
    Left,
    Lost,
    Person,
    Published,
    Refused,
    Step,
    Subscribed,
    Unreadable,
    Unsubscribed,
)
from tests.wire.golden import load, payload

SECRET = "secret"
NOW = 1_500_000_000.0
ACCEPTED = b'{"uid":"1","method":"connect","body":{"version":"1","client":"c","expires":false,"expired":false,"ttl":0}}'


def commands(step: Step) -> list[tuple[str, Params]]:
    """Return the commands that a step sends, with their uids."""
    envelopes = [envelope for frame in step.send for envelope in read_envelopes(frame)]
    return [(each.uid, read_params(each, COMMANDS[each.method])) for each in envelopes]


def test_deep_and_unreadable_messages_do_not_hide_others() -> None:
    """Messages are reported although one of them is nested deeply and another one cannot be read."""
    watcher = Watcher(["news"], secret=None)
    watcher.opened(NOW)
    watcher.received(ACCEPTED, NOW)
    deep = b"[" * 5_000 + b"]" * 5_000
    message = b'{"uid":"%d","channel":"news","data":%b}'
    missed = b",".join([message % (3, b"2"), b'{"uid":2,"channel":"news","data":1}', message % (1, deep)])
    frame = (
        b'[{"uid":"2","method":"subscribe","body":{"channel":"news","status":true,"recovered":true,"messages":[%b]}},'
        b'{"method":"message","body":%b},{"method":"message","body":{}},{"method":"message","body":%b},'
        b'{"method":"join","body":{"channel":"news","data":{"user":"","client":"d","default_info":%b}}}]'
    ) % (missed, message % (4, deep), message % (5, b"nope"), deep)
    events = watcher.received(frame, NOW).events
    kinds = [Subscribed, Published, Unreadable, Published, Published, Unreadable, Unreadable, Joined]
    assert [type(event) for event in events] == kinds
    assert [event.data for event in events if isinstance(event, Published)] == [deep, b"2", deep]


@pytest.mark.parametrize("body", [b"5", b'{"channel":7}', b'{"channel":"news","status":true,"messages":{}}', b"nope"])
def test_an_unreadable_reply_does_not_break_the_connection(body: bytes) -> None:
    """A channel whose subscribe reply cannot be read is watched, and the request does not time out."""
    watcher = Watcher(["news", "other"], secret=None)
    watcher.opened(NOW)
    watcher.received(ACCEPTED, NOW)
    frame = b'[{"uid":"2","method":"subscribe","body":%b},{"uid":"3","method":"subscribe"}]' % body
    unreadable, *others = watcher.received(frame, NOW).events
    assert isinstance(unreadable, Unreadable)
    assert others == [Subscribed("news"), Subscribed("other")]
    assert watcher.wake_at() > NOW + 20


def row_of(event: Event) -> tuple[Any, ...]:
    """Return an event as a row of a table, with errors as text."""
    # Publications of 1.x have neither offsets nor tags.
    values = [getattr(event, name) for name in event.__struct_fields__ if name not in ("offset", "tags")]
    return (type(event), *(str(value) if isinstance(value, Exception) else value for value in values))


# ---- recorded conversations


def replay(watcher: Watcher, name: str, connections: str) -> list[Event]:
    """Return the watcher's events for the frames that a real server sent on these connections, in order."""
    events: list[Event] = []
    to_send: deque[tuple[str, Params]] = deque()
    uids: dict[str, str] = {}

    def take(step: Step) -> None:
        to_send.extend(commands(step))
        events.extend(step.events)

    for frame in load("v1", name)["frames"]:
        if frame.get("conn") not in connections.split():
            continue
        if frame["dir"] == "open":
            uids.clear()
            take(watcher.opened(NOW))
        elif frame["dir"] == "send" and "data" in frame:
            answer_to(frame, to_send, uids)
        elif frame["dir"] == "recv" and "data" in frame:
            # A reply to a command that the watcher did not send gets a uid that the watcher does not know.
            data = re.sub(
                rb'"uid":"(\d+)"',
                lambda f: b'"uid":"%b"' % uids.get(f[1].decode(), "?").encode(),
                payload(frame, "data"),
            )
            take(watcher.received(data, NOW))
        elif "close" in frame and frame["dir"] == "recv":
            take(watcher.closed(frame["close"]["code"], frame["close"]["reason"]))
        if events and isinstance(events[-1], Ended):
            break
    # A recorded client may have sent other commands before it had subscribed to all channels again.
    assert all(isinstance(params, Subscribe) for _, params in to_send)
    return events


def answer_to(frame: Mapping[str, Any], to_send: "deque[tuple[str, Params]]", uids: dict[str, str]) -> None:
    """Check that the watcher sends the recorded commands, as long as it has commands to send."""
    for envelope in read_envelopes(payload(frame, "data")):
        params = read_params(envelope, COMMANDS[envelope.method])
        if not to_send or type(params) is not type(to_send[0][1]):
            continue
        uids[envelope.uid], ours = to_send.popleft()
        if isinstance(params, Connect) and isinstance(ours, Connect):
            assert ours.user == params.user
        elif isinstance(params, Subscribe) and isinstance(ours, Subscribe):
            assert (ours.channel, ours.recover, ours.last) == (params.channel, params.recover, params.last)
            assert params.sign in ("", ours.sign)


ANN = Person("660fc2cb-de14-4c3e-a67c-00daa2f796ad", "42", b'{"name":"Ann"}')
ANN_AGAIN = Person("ebf5753a-92fe-48c5-ad22-600db2e7c1d1", "42", b'{"name":"Ann"}')
ANONYMOUS = "the anonymous user may not subscribe: set `anonymous` {}, or connect with a user"
TOP = "at the top level of the configuration"
BARE = "in the entry “bare” of `namespaces`"
REFUSED = "the server says: {} (channel {!r}: {})"

REPLAYS: list[tuple[str, str, str, list[str], list[tuple[Any, ...]]]] = [
    (
        "ws_js_client",
        "a b",
        "42",
        ["public:news", "$hist:p"],
        [
            (Connected, ANN.client, ""),
            (Subscribed, "public:news", False),
            (Joined, "public:news", ANN),
            (Subscribed, "$hist:p", False),
            (Published, "public:news", b'{"t":1}', ANN, "GR30Q8IIVE5bP5MsKCiXfw", False),
            (Connected, ANN_AGAIN.client, ""),
            (Subscribed, "public:news", True),
            (Published, "public:news", b'{"t":2}', None, "m2", True),
            (Joined, "public:news", ANN_AGAIN),
            (Left, "public:news", ANN_AGAIN),
            (Lost, "the server closed the connection without a reason", 0.0),
        ],
    ),
    (
        "ws_api_unsubscribe",
        "a",
        "42",
        ["bare:x"],
        [
            (Connected, "0395a005-4b15-4db8-9a97-a1911822490f", ""),
            (Subscribed, "bare:x", False),
            (Unsubscribed, "bare:x"),
            (Ended, "the server says: unsubscribed (the back end unsubscribed this client from all channels)"),
        ],
    ),
    (
        "ws_api_disconnect",
        "a",
        "42",
        ["public:x"],
        [
            (Connected, "14130c85-a2d3-4f08-98f8-9e78b4bb6163", ""),
            (Subscribed, "public:x", False),
            (Joined, "public:x", Person("14130c85-a2d3-4f08-98f8-9e78b4bb6163", "42")),
            (Ended, "the server says: disconnect (the back end has disconnected the user)"),
        ],
    ),
    (
        "ws_shutdown",
        "a",
        "42",
        ["bare:x"],
        [
            (Connected, "e40e7f79-cf54-4e8f-a935-95b2725cb287", ""),
            (Subscribed, "bare:x", False),
            (Lost, "the server closed the connection with 'shutting down'", 0.0),
        ],
    ),
    (
        "ws_connect_refused",
        "a",
        "42",
        ["bare:x"],
        [
            (
                Ended,
                "the server says: invalid token (make the token with the `secret` of the server's configuration, from "
                "exactly the values that the client sends: `generate_client_token(secret, user, timestamp, info)`)",
            )
        ],
    ),
    (
        "ws_anonymous",
        "a",
        "",
        ["bare:x", "toplevel", "public:x", "$bare:x"],
        [
            (Connected, "61f12614-bbb0-4bfc-9dc4-3cfb507a15b6", ""),
            *(
                (
                    Refused,
                    name,
                    REFUSED.format(
                        "permission denied",
                        name,
                        ANONYMOUS.format(place),
                    ),
                )
                for name, place in (("bare:x", BARE), ("toplevel", TOP))
            ),
            (Subscribed, "public:x", False),
            (Joined, "public:x", Person("61f12614-bbb0-4bfc-9dc4-3cfb507a15b6", "")),
            (
                Refused,
                "$bare:x",
                REFUSED.format(
                    "permission denied",
                    "$bare:x",
                    ANONYMOUS.format(BARE),
                ),
            ),
        ],
    ),
    (
        "ws_limits",
        "a",
        "42",
        ["x" * 20, "x" * 21],
        [
            (Connected, "aea01e61-8a6a-47b1-92e5-5053bd0eba83", ""),
            (Subscribed, "x" * 20, False),
            (
                Refused,
                "x" * 21,
                REFUSED.format(
                    "limit exceeded",
                    "x" * 21,
                    "use a shorter name or fewer channels, or raise `max_channel_length` or `client_channel_limit`",
                ),
            ),
        ],
    ),
    (
        "ws_expire",
        "b",
        "42",
        ["bare:x"],
        [
            (
                Ended,
                "the server says: the credentials have expired (`connection_lifetime` is 2 s: "
                "is this machine's clock that far behind the server's clock?)",
            )
        ],
    ),
]


@pytest.mark.parametrize(("name", "connections", "user", "channels", "events"), REPLAYS, ids=[r[0] for r in REPLAYS])
def test_frames_of_a_real_server_become_events(
    name: str, connections: str, user: str, channels: list[str], events: list[tuple[Any, ...]]
) -> None:
    """The watcher sends the commands of the recorded client and turns the replies into these events."""
    assert list(map(row_of, replay(Watcher(channels, secret=SECRET, user=user), name, connections))) == events


def test_missed_messages_come_oldest_first() -> None:
    """Missed messages come after the reply and before new messages (protocol 1: client-recovery)."""
    events = replay(Watcher(["public:r"], secret=SECRET, user="42"), "ws_recover", "a b")
    again = [index for index, event in enumerate(events) if isinstance(event, Connected)][1]
    told = [row_of(event) for event in events[again + 1 :] if isinstance(event, Subscribed | Gap | Published)]
    assert told == [
        (Subscribed, "public:r", True),
        (Published, "public:r", b"3", None, "m3", True),
        (Published, "public:r", b"4", None, "m4", True),
    ]


# ---- tables


CONNECTED = (
    b'{"uid":"1","method":"connect","body":{"version":"1.8.0","client":"id","expires":%s,"expired":false,"ttl":%d}}'
)


def connected(channels: Sequence[str] = ("c",), secret: str | None = SECRET, ttl: int = 0) -> Watcher:
    """Return a watcher that waits for the replies to its subscriptions, whose uids start at 2."""
    watcher = Watcher(channels, secret=secret, user="42")
    watcher.opened(NOW)
    step = watcher.received(CONNECTED % (b"true" if ttl else b"false", ttl), NOW)
    assert [type(params) for _, params in commands(step)] == [Subscribe] * len(channels)
    return watcher


def subscribed(watcher: Watcher, uid: int = 2, channel: str = "c", **body: Any) -> Step:
    """Return the step that follows from the reply to a subscription."""
    whole = {"channel": channel, "status": True, "last": "", "messages": None, "recovered": False, **body}
    return watcher.received(json.dumps({"uid": str(uid), "method": "subscribe", "body": whole}).encode(), NOW)


def message(uid: str, channel: str = "c") -> dict[str, Any]:
    return {"uid": uid, "channel": channel, "data": 1}


def push(uid: str, channel: str = "c") -> bytes:
    return json.dumps({"method": "message", "body": message(uid, channel)}).encode()


def test_a_connection_begins_with_a_token() -> None:
    """The token is the same as the recorded clients': it signs the user and the time with the secret."""
    watcher = Watcher(["c"], secret=SECRET, user="42")
    token = "0edb687d567dff2c3cae7b18513e77d3f305f9fcd0864edaf16324ae0ca0c73d"
    assert commands(watcher.opened(NOW)) == [("1", Connect("42", "1500000000", token=token))]


def test_without_a_secret_there_is_no_token() -> None:
    """Without a secret (a server with `insecure`), the watcher signs no channels and refreshes nothing."""
    watcher = Watcher(["c"], secret=None)
    assert commands(watcher.opened(NOW)) == [("1", Connect())]
    step = watcher.received(CONNECTED % (b"true", 60), NOW)
    assert commands(step) == [("2", Subscribe("c"))]
    subscribed(watcher)
    assert watcher.wake_at() == NOW + 25
    (ended,) = watcher.closed(3000, '{"reason":"invalid token","reconnect":false}').events
    assert "requires a token" in row_of(ended)[1]


def test_every_channel_is_signed() -> None:
    """All names are signed, because the server decides which are private; a repeated name counts once."""
    watcher = Watcher(["$a", "b", "$a"], secret=SECRET)
    watcher.opened(NOW)
    step = watcher.received(CONNECTED % (b"false", 0), NOW)
    assert commands(step) == [
        (str(uid), Subscribe(name, client="id", sign=generate_channel_sign(SECRET, "id", name)))
        for uid, name in ((2, "$a"), (3, "b"))
    ]


def test_pushes_wait_for_the_reply() -> None:
    """Pushes that arrive before the reply are kept, and a message that is also among the missed messages comes once."""
    watcher = connected()
    subscribed(watcher, last="m1")
    watcher.opened(NOW)
    again = watcher.received((CONNECTED % (b"false", 0)).replace(b'"1"', b'"3"'), NOW)
    ((_, params),) = commands(again)
    assert isinstance(params, Subscribe)
    assert (params.recover, params.last) == (True, "m1")
    assert watcher.received(push("m3"), NOW) == watcher.received(push("m4"), NOW) == Step()
    step = subscribed(watcher, 4, messages=[message("m3"), message("m2")], recovered=True)
    assert [row_of(event)[-2:] for event in step.events[1:]] == [("m2", True), ("m3", True), ("m4", False)]
    assert watcher.opened(NOW).send
    again = watcher.received((CONNECTED % (b"false", 0)).replace(b'"1"', b'"5"'), NOW)
    assert getattr(commands(again)[0][1], "last", None) == "m4"


@pytest.mark.parametrize(
    ("last", "body", "reason"),
    [
        ("m1", {"messages": None}, "option `recover`"),
        ("m1", {"messages": [message("m9")]}, "no longer contains"),
        ("", {"messages": []}, "no publication had been seen"),
    ],
)
def test_messages_that_were_not_recovered_are_a_gap(last: str, body: dict[str, Any], reason: str) -> None:
    """A gap has a reason, and the messages that the server still has are published."""
    watcher = connected()
    subscribed(watcher, last=last)
    watcher.opened(NOW)
    watcher.received((CONNECTED % (b"false", 0)).replace(b'"1"', b'"3"'), NOW)
    first, gap, *rest = subscribed(watcher, 4, **body).events
    assert first == Subscribed("c", recovered=False)
    assert isinstance(gap, Gap)
    assert reason in gap.reason
    assert [event.uid for event in rest if isinstance(event, Published)] == [m["uid"] for m in body["messages"] or ()]


def test_credentials_are_refreshed_before_they_expire() -> None:
    """Credentials are refreshed after three quarters of their life, and then by the life that the reply states."""
    watcher = connected(ttl=8)
    subscribed(watcher)
    assert watcher.wake_at() == NOW + 6
    assert watcher.tick(NOW + 5) == Step()
    token = generate_client_token(SECRET, "42", int(NOW) + 6)
    assert commands(watcher.tick(NOW + 6)) == [("3", Refresh("42", str(int(NOW) + 6), token=token))]
    watcher.received((CONNECTED % (b"true", 100)).replace(b'"1"', b'"3"').replace(b"connect", b"refresh"), NOW + 6)
    assert watcher.wake_at() == NOW + 6 + 25


def test_a_silent_server_is_pinged_and_then_given_up() -> None:
    """The watcher pings after 25 silent seconds and gives up 5 seconds later; any message is a sign of life."""
    watcher = connected()
    subscribed(watcher)
    assert watcher.wake_at() == NOW + 25
    assert commands(watcher.tick(NOW + 25)) == [("3", Ping())]
    watcher.received(push("m1"), NOW + 28)
    assert watcher.wake_at() == NOW + 33
    assert watcher.tick(NOW + 32) == Step()
    ((event,),) = watcher.tick(NOW + 33)[1:]
    assert isinstance(event, Lost)
    assert isinstance(event.error, TimeoutError)
    assert "did not reply to ping within 5 s" in str(event.error)
    watcher.received(b'{"uid":"3","method":"ping"}', NOW + 34)
    assert watcher.wake_at() == NOW + 34 + 25


def test_a_server_that_does_not_answer_to_connect_is_given_up() -> None:
    """The watcher waits `patience` seconds for the reply to connect."""
    watcher = Watcher(["c"], secret=SECRET, patience=2.0)
    watcher.opened(NOW)
    assert watcher.wake_at() == NOW + 2
    assert row_of(watcher.tick(NOW + 2).events[0])[:2] == (Lost, "the server did not reply to connect within 2 s")


@pytest.mark.parametrize(
    ("channel", "user", "secret", "error", "words"),
    [
        ("no:c", "42", SECRET, "namespace not found", "`namespaces`"),
        ("c#7", "42", SECRET, "permission denied", "named after the #"),
        ("c&7", "42", SECRET, "permission denied", "named after the &"),
        ("$c", "42", None, "permission denied", "needs a sign"),
        ("c", "", SECRET, "permission denied", "set `anonymous`"),
        ("c", "42", SECRET, "permission denied", "needs a sign"),
        ("c", "42", SECRET, "internal server error", "not subscribed"),
    ],
)
def test_a_refused_subscription_has_advice(channel: str, user: str, secret: str | None, error: str, words: str) -> None:
    """A refused subscription ends a watcher with one channel, and is an event for a watcher with more channels."""
    for others, kind in (([], Ended), (["other"], Refused)):
        watcher = Watcher([channel, *others], secret=secret, user=user)
        watcher.opened(NOW)
        watcher.received(CONNECTED % (b"false", 0), NOW)
        reply = json.dumps({"uid": "2", "method": "subscribe", "error": error, "advice": "fix"}).encode()
        (event,) = watcher.received(reply, NOW).events
        assert type(event) is kind
        assert isinstance(event, Ended | Refused)
        assert isinstance(event.error, ServerError)
        assert event.error.message == error
        assert words in str(event.error)
        assert event.error.executed == "no"


def test_an_unsubscribe_of_another_channel_is_ignored() -> None:
    """The server also sends it for channels without a subscription (protocol 1: client-api-effects)."""
    watcher = connected(["c", "d"])
    subscribed(watcher)
    subscribed(watcher, 3, "d")
    unsubscribe = b'{"method":"unsubscribe","body":{"channel":"%b","status":true}}'
    assert watcher.received(unsubscribe % b"x", NOW) == Step()
    assert watcher.received(unsubscribe % b"c", NOW).events == (Unsubscribed("c"),)
    assert watcher.received(push("m1"), NOW) == Step()
    assert [type(event) for event in watcher.received(push("m2", "d"), NOW).events] == [Published]


def test_a_broken_push_does_not_end_the_watcher() -> None:
    """Any client can cause a broken push; before the connect reply, invalid bytes end the watcher.

    See protocol 1: client-pushes.
    """
    watcher = connected()
    (event,) = watcher.received(b'{"method":"message","body":{"uid":""","channel":"c","data":1}}', NOW).events
    assert isinstance(event, Unreadable)
    fresh = Watcher(["c"], secret=SECRET)
    fresh.opened(NOW)
    (end,) = fresh.received(b"hello", NOW).events
    assert isinstance(end, Ended)
    assert isinstance(end.error, MalformedResponseError)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (b'{"uid":"1","method":"connect","error":"limit exceeded"}', "limit exceeded"),
        (b'{"uid":"1","method":"connect"}', "contain a connection id"),
        ((CONNECTED % (b"false", 0)).replace(b'"id"', b'""'), "contain a connection id"),
    ],
)
def test_a_refused_connect_ends_the_watcher(reply: bytes, words: str) -> None:
    """The error contains the server's text, if there is any."""
    watcher = Watcher(["c"], secret=SECRET)
    watcher.opened(NOW)
    (event,) = watcher.received(reply, NOW).events
    assert isinstance(event, Ended)
    assert words in str(event.error)


@pytest.mark.parametrize("code", [None, 1000, 1011, 3000])
def test_an_unexplained_close_leads_to_a_reconnect(code: int | None) -> None:
    """An end without a close frame also leads to a reconnect (protocol 1: client-close-reasons)."""
    (event,) = connected().closed(code, "").events
    assert isinstance(event, Lost)
    assert isinstance(event.error, ConnectionLostError)


@pytest.mark.parametrize(
    ("channels", "options", "words"),
    [
        ([], {}, "at least one"),
        (["a", ""], {}, r"channels\[1\]"),
        (["a"], {"user": 42}, "user"),
        (["a"], {"secret": ""}, "secret must not be empty"),
        (["a"], {"user": "\ud800"}, "surrogate"),
    ],
)
def test_invalid_arguments_are_refused_at_once(channels: list[str], options: dict[str, Any], words: str) -> None:
    """Invalid arguments are refused before a connection is opened."""
    with pytest.raises(UsageError, match=words):
        Watcher(channels, **{"secret": SECRET, **options})


FRAMES = st.one_of(
    st.binary(max_size=200),
    st.builds(
        lambda uid, method, body: json.dumps({"uid": uid, "method": method, "body": body}).encode(),
        st.sampled_from(["", "1", "2", "3", "9"]),
        st.sampled_from([*COMMANDS, "message", "join", "leave", "nonsense"]),
        st.one_of(
            st.none(),
            st.dictionaries(
                st.sampled_from(["channel", "status", "last", "messages", "recovered", "uid", "data", "client", "ttl"]),
                st.one_of(st.none(), st.booleans(), st.integers(), st.sampled_from(["", "c", "m1"]), st.just([])),
            ),
            st.just({"channel": "c", "status": True, "last": "m", "messages": [message("m1")], "recovered": True}),
            st.just({"version": "", "client": "id", "expires": True, "expired": False, "ttl": 3}),
            st.just(message("m2")),
            st.just({"channel": "c", "data": {"user": "u", "client": "x"}}),
        ),
    ),
)


@given(st.lists(FRAMES, max_size=12))
def test_any_bytes_become_events(frames: list[bytes]) -> None:
    """A watcher never raises, and publishes nothing from a channel before the subscription."""
    watcher = Watcher(["c"], secret=SECRET, user="42")
    watcher.opened(NOW)
    is_subscribed = False
    for number, frame in enumerate(frames):
        now = NOW + number
        for event in (*watcher.received(frame, now).events, *watcher.tick(now).events):
            is_subscribed |= isinstance(event, Subscribed)
            assert is_subscribed or not isinstance(event, Published | Joined | Left)
            if isinstance(event, Ended | Lost):
                return
        assert watcher.wake_at() > now
