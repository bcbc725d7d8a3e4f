"""Watching channels of a current server without a connection: commands sent and events returned."""

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.dialects.current.client_protocol.commands import Command, Connect, Refresh, Subscribe, read_commands
from centripetal.dialects.current.client_protocol.objects import ClientInfo, Disconnect, Publication, UnsubscribePush
from centripetal.dialects.current.client_protocol.replies import (
    PING,
    ConnectResult,
    Error,
    Info,
    Push,
    RefreshResult,
    Reply,
    SubscribePush,
    SubscribeResult,
    encode_push,
    encode_reply,
)
from centripetal.dialects.current.watcher import Watcher
from centripetal.errors import UsageError
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
from centripetal.tokens.issuing import signer
from centripetal.tokens.signing_key import SigningKey
from centripetal.tokens.verification import TokenKeys, verify_connection, verify_subscription

NOW = 1_700_000_000.0
KEY = "the key of tokens"
KEYS = TokenKeys(hmac_secret_key=KEY)
ANN = ClientInfo("42", "c2", msgspec.Raw(b'{"n":1}'))
RECOVERABLE = SubscribeResult(recoverable=True, positioned=True, epoch="e1", offset=5)


def commands(step: Step) -> list[Command]:
    return [command for frame in step.send for command in read_commands(frame)]


def row_of(event: Event) -> tuple[Any, ...]:
    """Return an event as a row of a table, with errors as text."""
    values = [getattr(event, name) for name in event.__struct_fields__]
    return (type(event), *(str(value) if isinstance(value, Exception) else value for value in values))


def connected(watcher: Watcher, **result: Any) -> Step:
    """Return the step that follows when the server has accepted the connection."""
    (command,) = commands(watcher.opened(NOW))
    reply = Reply(command.id, connect=ConnectResult("c1", "6.9.1 OSS", ping=25, pong=True, **result))
    return watcher.received(encode_reply(reply), NOW)


def subscribed(watcher: Watcher, result: SubscribeResult, **more: Any) -> Step:
    """Return the step that follows when the only channel is subscribed to, in a new connection."""
    (command,) = commands(connected(watcher, **more))
    return watcher.received(encode_reply(Reply(command.id, subscribe=result)), NOW)


def push(watcher: Watcher, channel: str = "news", **kind: Any) -> Step:
    return watcher.received(encode_push(Push(channel, **kind)), NOW)


def error(watcher: Watcher, code: int, message: str, *, temporary: bool = False) -> Step:
    """Return the step that follows when the subscription to the only channel is refused."""
    (command,) = commands(connected(watcher))
    return watcher.received(encode_reply(Reply(command.id, error=Error(code, message, temporary))), NOW)


# ---- commands sent


def test_a_watcher_signs_its_own_tokens() -> None:
    """The connection token is valid for the user; each channel gets its own token and requests every feature."""
    watcher = Watcher(["news", "$desk", "news"], sign=signer(KEY, "42"))
    (command,) = commands(watcher.opened(NOW))
    assert isinstance(request := command.request(), Connect)
    assert verify_connection(request.token, KEYS, NOW).user == "42"
    reply = Reply(command.id, connect=ConnectResult("c1", "6.9.1"))
    step = watcher.received(encode_reply(reply), NOW)
    assert step.events == (Connected("c1", "6.9.1"),)
    wishes = [command.request() for command in commands(step)]
    for name, wish in zip(["news", "$desk"], wishes, strict=True):
        assert isinstance(wish, Subscribe)
        claims = verify_subscription(wish.token, KEYS, NOW)
        assert (claims.channel, claims.user, claims.expire_at) == (name, "42", 0)
        assert (wish.recoverable, wish.positioned, wish.join_leave, wish.recover) == (True, True, True, False)


@pytest.mark.parametrize(("options", "token"), [({"token": "t"}, "t"), ({}, "")])
def test_a_watcher_without_a_key_signs_no_tokens(options: dict[str, Any], token: str) -> None:
    """A token that was passed in is sent unchanged; without a token and a key, no token is sent."""
    watcher = Watcher(["news"], **options)
    (command,) = commands(watcher.opened(NOW))
    assert isinstance(request := command.request(), Connect)
    assert request.token == token
    (wish,) = commands(connected(watcher))
    assert wish.subscribe is not None
    assert wish.subscribe.token == ""


def test_pings_are_answered_as_the_server_wants() -> None:
    """The watcher sends a pong if the server asked for pongs, and nothing otherwise."""
    watcher = Watcher(["news"])
    connected(watcher)
    assert watcher.received(PING, NOW) == Step((PING,))
    (command,) = commands(watcher.opened(NOW))
    watcher.received(encode_reply(Reply(command.id, connect=ConnectResult("c1", ping=25))), NOW)
    assert watcher.received(PING, NOW) == Step()


def test_the_token_is_renewed_before_it_expires() -> None:
    """The token is renewed after three quarters of each life; a token that was passed in cannot be renewed."""
    watcher = Watcher(["news"], sign=signer(KEY, "42"))
    subscribed(watcher, SubscribeResult(), expires=True, ttl=20)
    assert watcher.wake_at() == NOW + 15
    assert watcher.tick(NOW + 14.9) == Step()
    (command,) = commands(watcher.tick(NOW + 15))
    assert isinstance(request := command.request(), Refresh)
    assert verify_connection(request.token, KEYS, NOW + 15).user == "42"
    watcher.received(encode_reply(Reply(command.id, refresh=RefreshResult(True, 40))), NOW + 16)
    # The deadline for the server's ping is earlier than the next renewal.
    assert watcher.wake_at() == NOW + 16 + 25 + 5
    watcher.received(PING, NOW + 40)
    assert watcher.wake_at() == NOW + 16 + 30
    other = Watcher(["news"], token="t")
    subscribed(other, SubscribeResult(), expires=True, ttl=20)
    assert other.wake_at() == NOW + 30


def test_a_refresh_push_changes_the_renewal() -> None:
    """A refresh push changes the time of the next renewal."""
    watcher = Watcher(["news"], sign=signer(KEY, ""))
    subscribed(watcher, SubscribeResult(), expires=True, ttl=20)
    push(watcher, "", refresh=RefreshResult(True, 8))
    assert watcher.wake_at() == NOW + 6
    push(watcher, "", refresh=RefreshResult())
    assert watcher.wake_at() == NOW + 30


# ---- events


def test_pushes_of_a_channel_become_events() -> None:
    """Publications keep their bytes, offset, tags and sender; joins and leaves follow, also several in one message."""
    watcher = Watcher(["news"])
    subscribed(watcher, SubscribeResult())
    first = encode_push(Push("news", pub=Publication(msgspec.Raw(b'{ "n": 1.00 }'), ANN, 6, {"a": "b"})))
    second = encode_push(Push("news", join=Info(ANN)))
    third = encode_push(Push("news", leave=Info(ANN)))
    ann = Person("c2", "42", b'{"n":1}')
    assert watcher.received(b"\n".join((first, second, third, PING)), NOW) == Step(
        (PING,),
        (
            Published("news", b'{ "n": 1.00 }', ann, None, False, 6, {"a": "b"}),
            Joined("news", ann),
            Left("news", ann),
        ),
    )
    assert push(watcher, pub=Publication()).events == (Published("news", b"null"),)
    assert push(watcher, "other", pub=Publication(msgspec.Raw(b"1"))) == Step()


def test_missed_publications_are_recovered() -> None:
    """Recovery starts after the last publication that was seen, and leaves no gap."""
    watcher = Watcher(["news"], sign=signer(KEY, ""))
    assert subscribed(watcher, RECOVERABLE).events == (Subscribed("news"),)
    push(watcher, pub=Publication(msgspec.Raw(b"1"), offset=6))
    assert row_of(watcher.closed(None, "").events[0])[:2] == (Lost, "the server closed the connection without a reason")
    (command,) = commands(connected(watcher))
    assert isinstance(wish := command.subscribe, Subscribe)
    assert (wish.recover, wish.epoch, wish.offset) == (True, "e1", 6)
    missed = [Publication(msgspec.Raw(b"%d" % n), offset=n) for n in (7, 8)]
    result = msgspec.structs.replace(RECOVERABLE, recovered=True, was_recovering=True, publications=missed, offset=6)
    step = watcher.received(encode_reply(Reply(command.id, subscribe=result)), NOW)
    assert step.events == (
        Subscribed("news", recovered=True),
        Published("news", b"7", recovered=True, offset=7),
        Published("news", b"8", recovered=True, offset=8),
    )
    (command,) = commands(connected(watcher))
    assert command.subscribe is not None
    assert command.subscribe.offset == 8


def test_deep_and_unreadable_publications_do_not_hide_others() -> None:
    """Recovered publications are reported although one of them is nested deeply and another one cannot be read."""
    watcher = Watcher(["news"])
    connected(watcher)
    subscribed(watcher, RECOVERABLE)
    watcher.opened(NOW)
    connected(watcher)
    deep = b"[" * 5_000 + b"]" * 5_000
    frame = (
        b'{"id":%d,"subscribe":{"recoverable":true,"recovered":true,"epoch":"e1","offset":8,"publications":['
        b'{"data":%b,"offset":6},{"data":1,"tags":7,"offset":7},{"data":2,"offset":8}]}}\n'
        b'{"push":{"channel":"news","pub":{"data":nope}}}\n'
        b'{"push":{"channel":"news","join":{"info":{"user":"","client":"c","conn_info":%b}}}}\n'
        b'{"push":{"channel":"news","pub":{"data":%b,"offset":9}}}'
    ) % (watcher._number, deep, deep, deep)
    events = watcher.received(frame, NOW).events
    kinds = [Subscribed, Published, Unreadable, Published, Unreadable, Joined, Published]
    assert [type(event) for event in events] == kinds
    assert [event.data for event in events if isinstance(event, Published)] == [deep, b"2", deep]
    assert "publication 7 of 'news' cannot be read: tags" in str(getattr(events[2], "error", ""))
    (request,) = commands(watcher.opened(NOW))
    connected(watcher)
    assert (watcher._channels["news"].offset, request.connect is not None) == (9, True)


@pytest.mark.parametrize("result", [b"5", b'{"offset":-1}', b'{"offset":%d}' % 2**64, b'{"publications":{}}', b"nope"])
def test_an_unreadable_reply_does_not_break_the_connection(result: bytes) -> None:
    """A channel whose subscribe reply cannot be read is watched, and the request does not time out."""
    watcher = Watcher(["news", "other"])
    connected(watcher)
    frame = b'{"id":2,"subscribe":%b}\n{"id":3,"subscribe":{}}' % result
    unreadable, *others = watcher.received(frame, NOW).events
    assert isinstance(unreadable, Unreadable)
    assert others == [Subscribed("news"), Subscribed("other")]
    assert watcher.tick(NOW + 10) == Step()


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (
            RECOVERABLE,
            msgspec.structs.replace(RECOVERABLE, epoch="e2", was_recovering=True),
            "no longer contains the last publication",
        ),
        (SubscribeResult(), SubscribeResult(), "recovery is disabled"),
    ],
)
def test_publications_that_may_be_missing_are_a_gap(
    before: SubscribeResult, after: SubscribeResult, words: str
) -> None:
    """A gap is reported with its reason if publications could not be recovered."""
    watcher = Watcher(["news"])
    subscribed(watcher, before)
    again, gap = subscribed(watcher, after).events
    assert again == Subscribed("news")
    assert isinstance(gap, Gap)
    assert words in gap.reason


def test_a_subscription_that_lost_its_position_is_renewed() -> None:
    """After an unsubscribe with code 2500 or higher, the watcher subscribes again one second later, with recovery."""
    watcher = Watcher(["news"], sign=signer(KEY, ""))
    subscribed(watcher, RECOVERABLE)
    assert push(watcher, unsubscribe=UnsubscribePush(2500, "insufficient state")) == Step()
    assert push(watcher, unsubscribe=UnsubscribePush(2500, "insufficient state")) == Step()
    assert watcher.wake_at() == NOW + 1
    (command,) = commands(watcher.tick(NOW + 1))
    assert command.subscribe is not None
    assert (command.subscribe.recover, command.subscribe.offset) == (True, 5)
    assert watcher.wake_at() == NOW + 1 + 5


def test_a_temporary_error_is_retried_later() -> None:
    """The pauses between the attempts grow."""
    watcher = Watcher(["news"])
    step = error(watcher, 100, "internal server error", temporary=True)
    pauses, now = [], NOW
    for _ in range(6):
        assert step == Step()
        pauses.append(watcher.wake_at() - now)
        now = watcher.wake_at()
        (command,) = commands(watcher.tick(now))
        step = watcher.received(encode_reply(Reply(command.id, error=Error(100, "", True))), now)
    assert pauses == [1, 2, 4, 8, 16, 16]


def test_a_server_side_subscription_is_used() -> None:
    """The token, the API or a push before our command can subscribe; the connect command then recovers."""
    watcher = Watcher(["news"])
    step = connected(watcher, subs={"news": RECOVERABLE, "other": RECOVERABLE})
    assert step == Step((), (Connected("c1", "6.9.1 OSS"), Subscribed("news")))
    (command,) = commands(watcher.opened(NOW))
    assert command.connect is not None
    assert {name: (sub.recover, sub.offset) for name, sub in command.connect.subs.items()} == {"news": (True, 5)}
    by_api = Watcher(["news"])
    connected(by_api)
    step = push(by_api, subscribe=SubscribePush(recoverable=True, epoch="e1", offset=3))
    assert step.events == (Subscribed("news"),)
    assert error(Watcher(["news"]), 105, "already subscribed").events == (Subscribed("news"),)


def test_a_subscription_by_the_server_replaces_ours() -> None:
    """A subscribe push that precedes our command or its reply gives one subscription and no gap."""
    watcher = Watcher(["news"])
    subscribed(watcher, RECOVERABLE)
    push(watcher, unsubscribe=UnsubscribePush(2500, "insufficient state"))
    assert push(watcher, subscribe=SubscribePush(offset=5)).events[0] == Subscribed("news")
    assert watcher.tick(NOW + 1) == Step()
    watcher = Watcher(["news"])
    (command,) = commands(connected(watcher))
    assert push(watcher, subscribe=SubscribePush(recoverable=True, epoch="e1", offset=3)).events == (
        Subscribed("news"),
    )
    already = Reply(command.id, error=Error(105, "already subscribed"))
    assert watcher.received(encode_reply(already), NOW) == Step()
    (command,) = commands(watcher.opened(NOW))
    assert command.connect is not None
    assert {name: (sub.recover, sub.offset) for name, sub in command.connect.subs.items()} == {"news": (True, 3)}


def test_a_disconnect_push_ends_the_connection() -> None:
    """A disconnect push has the same effect as a close frame."""
    watcher = Watcher(["news"])
    connected(watcher)
    (event,) = push(watcher, "", disconnect=Disconnect(3503, "force disconnect")).events
    assert isinstance(event, Ended)


# ---- the end


@pytest.mark.parametrize(
    ("code", "message", "words"),
    [
        (102, "unknown channel", "the name “news” has no namespace"),
        (103, "permission denied", "allow_subscribe_for_client"),
        (107, "bad request", "channel.max_length"),
        (999, "who knows", "not subscribed"),
    ],
)
def test_a_refused_channel_is_explained(code: int, message: str, words: str) -> None:
    """The refusal of the last channel ends the watcher; an earlier refusal does not affect other channels."""
    (event,) = error(Watcher(["news"]), code, message).events
    assert isinstance(event, Ended)
    assert words in str(event.error)
    assert f"{code}: {message}" in str(event.error)
    two = Watcher(["news", "other"])
    (first, second) = commands(connected(two))
    (refused,) = two.received(encode_reply(Reply(first.id, error=Error(code, message))), NOW).events
    assert isinstance(refused, Refused)
    assert two.received(encode_reply(Reply(second.id, subscribe=SubscribeResult())), NOW).events == (
        Subscribed("other"),
    )


@pytest.mark.parametrize(
    ("channel", "key", "words"),
    [
        ("$desk", None, "requires a subscription token"),
        ("a#42", None, "the users listed after the #"),
        ("a", KEY, "a separate key"),
    ],
)
def test_a_denied_channel_is_explained(channel: str, key: str | None, words: str) -> None:
    """The advice depends on the channel's name and on the token that was sent."""
    (event,) = error(Watcher([channel], sign=signer(key, "") if key else None), 103, "permission denied").events
    assert isinstance(event, Ended)
    assert words in str(event.error)


def test_an_unsubscribe_from_all_channels_ends_the_watcher() -> None:
    """A final unsubscribe from the only channel ends the watcher."""
    watcher = Watcher(["news"])
    subscribed(watcher, SubscribeResult())
    taken, ended = push(watcher, unsubscribe=UnsubscribePush(2000, "server unsubscribe")).events
    assert taken == Unsubscribed("news")
    assert isinstance(ended, Ended)


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (None, Lost, "without a reason"),
        (1006, Lost, "with 1006"),
        (3001, Lost, "with 3001"),
        (3012, Lost, "with 3012"),
        (4000, Lost, "with 4000"),
        (4499, Lost, "with 4499"),
        (5000, Lost, "with 5000"),
        (3500, Ended, "the token is not signed with the server's"),
        (3503, Ended, "the back end disconnected the user"),
        (3504, Ended, "user_connection_limit"),
        (3599, Ended, "3599"),
        (4500, Ended, "4500"),
        (4999, Ended, "4999"),
    ],
)
def test_the_close_code_decides_about_reconnecting(code: int | None, kind: type[Event], words: str) -> None:
    """Codes 3500 to 3999 and 4500 to 4999 end the watcher; all others lead to a reconnect.

    See protocol 6: table-close-codes.
    """
    watcher = Watcher(["news"], sign=signer(KEY, ""))
    connected(watcher)
    (event,) = watcher.closed(code, "a reason").events
    assert isinstance(event, kind)
    assert words in str(row_of(event)[1])


def test_a_server_that_wants_a_token_is_recognised() -> None:
    """3501 without a token means that the server wants a token; with a token it means something else."""
    without, with_key = Watcher(["news"]), Watcher(["news"], sign=signer(KEY, ""))
    for watcher, words in ((without, "the server requires a token"), (with_key, "centrifuge-js 3 or later")):
        watcher.opened(NOW)
        (event,) = watcher.closed(3501, "bad request").events
        assert isinstance(event, Ended)
        assert words in str(event.error)


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        ({"error": Error(109, "token expired")}, Ended, "synchronize the clocks"),
        ({"error": Error(100, "internal server error", True)}, Lost, "internal server error"),
        ({"connect": ConnectResult()}, Ended, "contains no client id"),
        ({}, Ended, "contains no client id"),
    ],
)
def test_a_refused_connect_ends_the_watcher(reply: dict[str, Any], kind: type[Event], words: str) -> None:
    """A refused connect ends the watcher unless the error is temporary."""
    watcher = Watcher(["news"], sign=signer(KEY, ""))
    (command,) = commands(watcher.opened(NOW))
    (event,) = watcher.received(encode_reply(Reply(command.id, **reply)), NOW).events
    assert isinstance(event, kind)
    assert words in str(row_of(event)[1])


def test_a_silent_server_is_detected() -> None:
    """A missing reply or ping is detected in time; a server without pings may be silent forever."""
    watcher = Watcher(["news"], patience=3)
    watcher.opened(NOW)
    assert watcher.wake_at() == NOW + 3
    assert watcher.tick(NOW + 2.9) == Step()
    (event,) = watcher.tick(NOW + 3).events
    assert "did not reply to connect within 3 s" in str(row_of(event)[1])
    subscribed(watcher, SubscribeResult())
    assert watcher.wake_at() == NOW + 25 + 3
    (event,) = watcher.tick(NOW + 28).events
    assert "no ping from the server within 28 s" in str(row_of(event)[1])
    (command,) = commands(watcher.opened(NOW))
    reply = watcher.received(encode_reply(Reply(command.id, connect=ConnectResult("c1"))), NOW)
    (command,) = commands(reply)
    watcher.received(encode_reply(Reply(command.id, subscribe=SubscribeResult())), NOW)
    assert watcher.wake_at() == math.inf


def test_an_invalid_message_is_reported() -> None:
    """After a connect reply, invalid bytes are unreadable; before, they end the watcher."""
    watcher = Watcher(["news"])
    watcher.opened(NOW)
    assert isinstance(watcher.received(b"hello", NOW).events[0], Ended)
    connected(watcher)
    assert isinstance(watcher.received(b"hello", NOW).events[0], Unreadable)


@pytest.mark.parametrize(
    ("channels", "options"),
    [
        ([], {}),
        ([""], {}),
        (["a"], {"sign": signer(KEY, ""), "token": "t"}),
        (["a"], {"sign": lambda _, __: SigningKey("")}),
        (["a"], {"sign": signer(KEY, 7.5)}),  # type: ignore[arg-type]
    ],
)
def test_wrong_arguments_are_refused(channels: list[str], options: dict[str, Any]) -> None:
    """Invalid arguments are refused before a connection is opened."""
    with pytest.raises(UsageError):
        Watcher(channels, **options)


replies = st.one_of(
    st.builds(Reply, st.integers(1, 4), connect=st.builds(ConnectResult, st.sampled_from(["", "c1"]))),
    st.builds(Reply, st.integers(1, 4), subscribe=st.builds(SubscribeResult, recovered=st.booleans())),
    st.builds(Reply, st.integers(1, 4), error=st.builds(Error, st.integers(100, 113), temporary=st.booleans())),
    st.builds(Reply, push=st.builds(Push, st.just("a"), pub=st.builds(Publication, offset=st.integers(0, 3)))),
    st.builds(
        Reply, push=st.builds(Push, st.just("a"), unsubscribe=st.builds(UnsubscribePush, st.integers(1999, 2502)))
    ),
    st.just(Reply()),
).map(encode_reply)


@given(st.lists(st.one_of(replies, st.binary(max_size=30)), max_size=12))
def test_any_messages_are_handled(frames: list[bytes]) -> None:
    """No sequence of messages makes the watcher raise, send invalid commands, or report channels it does not watch."""
    watcher = Watcher(["a", "b"], sign=signer(KEY, ""))
    now, step = NOW, watcher.opened(NOW)
    for frame in frames:
        commands(Step(tuple(each for each in step.send if each != PING)))
        if any(isinstance(event, Ended | Lost) for event in step.events):
            step = watcher.opened(now)
        assert all(getattr(event, "channel", "a") in ("a", "b") for event in step.events)
        now += 0.5
        step = watcher.received(frame, now)
        if watcher.wake_at() <= now:
            step = Step(step.send + watcher.tick(now).send, step.events)
