"""One subscription: what it is granted, and what it is told."""

import json
from typing import Any

import msgspec
import pytest

from centripetal.dialects.current.client_protocol.fossil_delta import apply
from centripetal.dialects.current.objects import FilterNode
from centripetal.server.current.channels import ChannelOptions
from centripetal.server.current.connection import OutgoingJoinLeave, OutgoingPublication, ServerSubscription
from centripetal.server.current.refusals import FatalError
from centripetal.server.current.subscription import (
    LostPositionError,
    SubscribeOptions,
    Subscription,
    checked,
    delta_chain,
    options_for,
    publication_frame,
    server_options,
)
from centripetal.server.engine.engine import ClientInfo, HistoryOptions, Position, Publication
from centripetal.tokens.claims import Override, SubscribeClaims

FOX = b"The quick brown fox jumps over the lazy dog. "
WHO = ClientInfo("42", "id", b'{"n":1}', b"[2]")


def subscription(offset: int = 0, options: SubscribeOptions | None = None, **how: Any) -> Subscription:
    options = options or SubscribeOptions(positioning=True)
    settings = {"server_side": False, "delta": False, "has_base": False, "filter_": None, "now": 1000.0} | how
    return Subscription("c", options, Position(offset, "e"), **settings)


def message(
    offset: int, data: bytes = b"1", epoch: str = "e", previous: bytes | None = None, **how: Any
) -> OutgoingPublication:
    before = None if previous is None else Publication("", "c", previous, offset=offset - 1)
    publication = Publication("", "c", data, offset=offset, tags=how.get("tags", {}))
    return OutgoingPublication(publication, Position(offset, epoch), before, delta=how.get("delta", False))


# ---- what it is granted


def test_a_token_overrides_what_the_namespace_grants() -> None:
    """Each of the options that it names."""
    options = ChannelOptions(presence=True, join_leave=True, force_recovery=True, history_size=2, history_ttl=9.0)
    plain = options_for(options)
    assert (plain.presence, plain.join_leave, plain.recovery, plain.positioning) == (True, True, True, False)
    claims = SubscribeClaims(
        info=b"1", data=b"2", override=Override(presence=False, force_recovery=False, force_positioning=True)
    )
    granted = options_for(options, claims, expire_at=5, by_token=True)
    assert (granted.presence, granted.join_leave, granted.recovery, granted.positioning) == (False, True, False, True)
    assert (granted.chan_info, granted.data, granted.expire_at, granted.by_token) == (b"1", b"2", 5, True)
    assert [each.has_position for each in (plain, granted, SubscribeOptions())] == [True, True, False]


def test_a_position_needs_no_history() -> None:
    """It is remembered for as long as the namespace says, or for ever."""
    assert options_for(ChannelOptions(history_meta_ttl=60.0)).stream == HistoryOptions(meta_ttl=60)
    assert options_for(ChannelOptions()).stream == HistoryOptions(meta_ttl=None)


def test_the_back_end_grants_what_it_says() -> None:
    """Whatever the namespace has; but never deltas, filters or the cache mode."""
    options = ChannelOptions(presence=True, force_recovery_mode="cache", allowed_delta_types=["fossil"])
    granted = server_options(options, ServerSubscription(channel="c", force_recovery=True, chan_info=b"1", expire_at=3))
    assert granted == SubscribeOptions(recovery=True, chan_info=b"1", expire_at=3, stream=HistoryOptions(meta_ttl=None))


# ---- publications


def test_publications_follow_one_another() -> None:
    """What has come already is left out; what comes too early, or from another epoch, means that something is lost."""
    one = subscription(offset=3)
    assert one.publication_push(message(3), 1001) is None
    assert one.publication_push(message(4), 1001) is not None
    assert (one.offset, one.checked_at, one.is_at(Position(4, "e"))) == (4, 1001, True)
    for lost in (message(6), message(5, epoch="other")):
        with pytest.raises(LostPositionError):
            one.publication_push(lost, 1002)
    assert (one.offset, one.is_at(Position(5, "e")), one.is_at(Position(4, "f"))) == (4, False, False)


def test_without_a_position_everything_is_passed_on() -> None:
    """And so is what has no offset."""
    one = subscription(options=SubscribeOptions())
    assert [one.publication_push(message(offset), 1000) is None for offset in (7, 3, 0)] == [False, False, False]
    assert subscription(offset=3).publication_push(message(0), 1000) is not None


def test_all_plain_subscribers_get_the_same_bytes() -> None:
    """It is encoded once; what is no JSON ends the connections of those who would get it."""
    one = message(1, b'{ "a": 1 }')
    first, second = (subscription().publication_push(one, 1000) for _ in range(2))
    assert first is second
    assert first == b'{"push":{"channel":"c","pub":{"data":{ "a": 1 },"offset":1,"epoch":"e"}}}'
    bad = message(1, b"x")
    for _ in range(2):
        with pytest.raises(FatalError, match="inappropriate protocol"):
            subscription().publication_push(bad, 1000)
    assert subscription(delta=True).publication_push(bad, 1000) is not None


def test_a_filter_leaves_gaps() -> None:
    """The position goes on over what is not wanted."""
    one = subscription(filter_=FilterNode(key="k", cmp="eq", val="v"))
    assert one.publication_push(message(1), 1000) is None
    assert one.publication_push(message(2, tags={"k": "v"}), 1000) is not None


def payload(line: bytes | None) -> tuple[str, bool]:
    """The text in a publication for a subscriber with deltas, and whether it is a delta."""
    assert line is not None
    publication = json.loads(line)["push"]["pub"]
    return publication["data"], publication.get("delta", False)


def test_deltas_come_when_there_is_something_to_make_them_against() -> None:
    """First the payload as a string, then what is different; as a string again where no delta was asked for."""
    one = subscription(delta=True)
    first, second = b'"%b1"' % (FOX * 3), b'"%b2"' % (FOX * 3)
    assert payload(one.publication_push(message(1, first, delta=True, previous=second), 1000)) == (
        first.decode(),
        False,
    )
    text, is_delta = payload(one.publication_push(message(2, second, delta=True, previous=first), 1000))
    assert (apply(text.encode(), first), is_delta) == (second, True)
    assert payload(one.publication_push(message(3, first, previous=second), 1000)) == (first.decode(), False)
    assert payload(one.publication_push(message(4, b"1", delta=True, previous=first), 1000)) == ("1", False)


def test_a_delta_that_would_break_a_character_is_not_sent() -> None:
    """No string could hold it; the real server sends one that cannot be applied."""
    one = subscription(delta=True, has_base=True)
    before, after = ((FOX.decode() + letter + FOX.decode()).encode() for letter in "éè")
    assert payload(one.publication_push(message(1, after, delta=True, previous=before), 1000)) == (
        after.decode(),
        False,
    )


def test_deltas_and_filters_exclude_each_other() -> None:
    """A base must not be missed, so everything comes, as from the real server."""
    one = subscription(delta=True, filter_=FilterNode(key="k", cmp="ex"))
    assert one.publication_push(message(1), 1000) is not None


def test_recovered_publications_are_a_chain_of_deltas() -> None:
    """The first one is whole, which makes it the base of the next."""
    texts = [b'"%b%d"' % (FOX * 2, number) for number in range(3)]
    frames = delta_chain([Publication("", "c", text, offset=index) for index, text in enumerate(texts, 1)])
    assert [frame.delta for frame in frames] == [False, True, True]
    source = msgspec.json.decode(frames[0].data).encode()
    for frame, text in zip(frames[1:], texts[1:], strict=True):
        source = apply(msgspec.json.decode(frame.data).encode(), source)
        assert source == text
    assert delta_chain([]) == []


def test_a_publication_shows_who_made_it() -> None:
    """And the epoch of its stream if it is the first one there."""
    made = Publication("", "c", b"1", "id", WHO, 1, {"t": "x"}, 7)
    frame = publication_frame(made, "e")
    assert (frame.epoch, frame.version, frame.tags) == ("e", 7, {"t": "x"})
    assert frame.info is not None
    assert (frame.info.user, bytes(frame.info.chan_info)) == ("42", b"[2]")
    assert publication_frame(msgspec.structs.replace(made, offset=2), "e").epoch == ""


# ---- joins and leaves


@pytest.mark.parametrize("kind", ["join", "leave"])
def test_joins_and_leaves_go_to_those_who_want_them(kind: str) -> None:
    """With all that is known of the other; an info that is no JSON ends the connections that would get it."""
    outgoing = OutgoingJoinLeave("c", WHO, joined=kind == "join")
    assert subscription().join_leave_push(outgoing) is None
    wanting = SubscribeOptions(push_join_leave=True)
    info = {"user": "42", "client": "id", "conn_info": {"n": 1}, "chan_info": [2]}
    assert json.loads(subscription(options=wanting).join_leave_push(outgoing) or b"")["push"] == {
        "channel": "c",
        kind: {"info": info},
    }
    with pytest.raises(FatalError, match="inappropriate protocol"):
        subscription(options=wanting).join_leave_push(OutgoingJoinLeave("c", ClientInfo("", "id", b"x"), joined=True))


def test_lines_are_checked_before_they_go_out() -> None:
    """A client cannot read what is no JSON."""
    assert checked(b'{"a":1}') == b'{"a":1}'
    with pytest.raises(FatalError):
        checked(b'{"a":x}')
