"""One subscription: its options and the messages that it passes on."""

import json
from typing import Any

import msgspec
import pytest

from centripetal.dialects.current.client_protocol.fossil_delta import apply
from centripetal.dialects.current.objects import FilterNode
from centripetal.server.current.connection import OutgoingJoinLeave, OutgoingPublication
from centripetal.server.current.refusals import FatalError
from centripetal.server.current.subscribe_options import SubscribeOptions
from centripetal.server.current.subscription import (
    LostPositionError,
    Subscription,
    checked,
    delta_chain,
    publication_frame,
)
from centripetal.server.engine.engine import ClientInfo, Position, Publication

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


# ---- publications


def test_publications_must_be_consecutive() -> None:
    """A duplicate publication is skipped, and a gap or another epoch means that publications were lost."""
    one = subscription(offset=3)
    assert one.publication_push(message(3), 1001) is None
    assert one.publication_push(message(4), 1001) is not None
    assert (one.offset, one.checked_at, one.is_at(Position(4, "e"))) == (4, 1001, True)
    for lost in (message(6), message(5, epoch="other")):
        with pytest.raises(LostPositionError):
            one.publication_push(lost, 1002)
    assert (one.offset, one.is_at(Position(5, "e")), one.is_at(Position(4, "f"))) == (4, False, False)


def test_without_a_position_all_publications_are_passed_on() -> None:
    """A subscription without a position passes on all publications, and so does any subscription without an offset."""
    one = subscription(options=SubscribeOptions())
    assert [one.publication_push(message(offset), 1000) is None for offset in (7, 3, 0)] == [False, False, False]
    assert subscription(offset=3).publication_push(message(0), 1000) is not None


def test_all_plain_subscribers_get_the_same_bytes() -> None:
    """A publication is encoded once for all; invalid JSON disconnects the subscribers that would receive it."""
    one = message(1, b'{ "a": 1 }')
    first, second = (subscription().publication_push(one, 1000) for _ in range(2))
    assert first is second
    assert first == b'{"push":{"channel":"c","pub":{"data":{ "a": 1 },"offset":1,"epoch":"e"}}}'
    bad = message(1, b"x")
    for _ in range(2):
        with pytest.raises(FatalError, match="inappropriate protocol"):
            subscription().publication_push(bad, 1000)
    assert subscription(delta=True).publication_push(bad, 1000) is not None


def test_a_filter_advances_the_position() -> None:
    """The position advances over publications that the filter excludes."""
    one = subscription(filter_=FilterNode(key="k", cmp="eq", val="v"))
    assert one.publication_push(message(1), 1000) is None
    assert one.publication_push(message(2, tags={"k": "v"}), 1000) is not None


def payload(line: bytes | None) -> tuple[str, bool]:
    """Return the text of a publication for a subscriber with deltas, and whether it is a delta."""
    assert line is not None
    publication = json.loads(line)["push"]["pub"]
    return publication["data"], publication.get("delta", False)


def test_deltas_need_a_base_and_a_smaller_result() -> None:
    """The first payload is a full string, then come deltas; publications without delta are full strings, too."""
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
    """A delta that would split a character is sent as a full string; the real server sends an unusable delta."""
    one = subscription(delta=True, has_base=True)
    before, after = ((FOX.decode() + letter + FOX.decode()).encode() for letter in "éè")
    assert payload(one.publication_push(message(1, after, delta=True, previous=before), 1000)) == (
        after.decode(),
        False,
    )


def test_deltas_disable_filters() -> None:
    """A subscription with deltas ignores its filter, as on the real server, because no base may be skipped."""
    one = subscription(delta=True, filter_=FilterNode(key="k", cmp="ex"))
    assert one.publication_push(message(1), 1000) is not None


def test_recovered_publications_are_a_chain_of_deltas() -> None:
    """Recovered publications start with a full payload, and each is the base of the next delta."""
    texts = [b'"%b%d"' % (FOX * 2, number) for number in range(3)]
    frames = delta_chain([Publication("", "c", text, offset=index) for index, text in enumerate(texts, 1)])
    assert [frame.delta for frame in frames] == [False, True, True]
    source = msgspec.json.decode(frames[0].data).encode()
    for frame, text in zip(frames[1:], texts[1:], strict=True):
        source = apply(msgspec.json.decode(frame.data).encode(), source)
        assert source == text
    assert delta_chain([]) == []


def test_a_publication_shows_its_author() -> None:
    """A publication has the client info of its author, and the epoch if it is the first one of its stream."""
    made = Publication("", "c", b"1", "id", WHO, 1, {"t": "x"}, 7)
    frame = publication_frame(made, "e")
    assert (frame.epoch, frame.version, frame.tags) == ("e", 7, {"t": "x"})
    assert frame.info is not None
    assert (frame.info.user, bytes(frame.info.chan_info)) == ("42", b"[2]")
    assert publication_frame(msgspec.structs.replace(made, offset=2), "e").epoch == ""


# ---- joins and leaves


@pytest.mark.parametrize("kind", ["join", "leave"])
def test_joins_and_leaves_go_to_subscribers_with_the_option(kind: str) -> None:
    """Joins and leaves reach subscribers with the option; an info that is not JSON disconnects those subscribers."""
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


def test_lines_are_validated_before_sending() -> None:
    """A line that is not valid JSON raises an error, because clients could not read it."""
    assert checked(b'{"a":1}') == b'{"a":1}'
    with pytest.raises(FatalError):
        checked(b'{"a":x}')
