"""The event feed of a console page, and the count of missed events."""

import json
from functools import partial
from typing import Any

import msgspec
import pytest

from centripetal.dialects.current.advice import ADVICE as CURRENT_ADVICE
from centripetal.dialects.v1.advice import ADVICE
from centripetal.server.console.feed import Cursor, Feed
from centripetal.server.console.problems import explain
from centripetal.server.console.token_checks import Reason, TokenCheck
from centripetal.server.engine.events import (
    CommandRun,
    Connected,
    Disconnected,
    Event,
    Published,
    RequestRefused,
    TokenSent,
)

BEGINNING = Cursor("run", 0)


def check_token(sent: TokenSent) -> TokenCheck:
    """Refuse the token "bad", and accept all others."""
    accepted = sent.token != "bad"
    reasons = () if accepted else (Reason("It is bad.", "Make a good one."),)
    return TokenCheck(sent.token[:3], "connection", accepted, "said", reasons)


def feed(events: int = 0) -> Feed:
    feed = Feed("run", partial(explain, ADVICE), check_token)
    for number in range(1, events + 1):
        feed.take(Connected(at=number, client=str(number), user=""))
    return feed


def portions(feed: Feed, cursor: Cursor) -> tuple[list[int], int, Cursor]:
    """Return the numbers of all events after *cursor*, the number of missed events, and the end cursor."""
    numbers: list[int] = []
    missed = 0
    while True:
        frame, cursor = feed.read(cursor)
        if not frame:
            return numbers, missed, cursor
        fields = dict(line.split(": ", 1) for line in frame.decode().removesuffix("\n\n").split("\n"))
        assert fields["id"] == str(cursor)
        body: dict[str, Any] = json.loads(fields["data"])
        assert 0 < len(body["events"]) <= 100
        numbers += [int(event["client"]) for event in body["events"]]
        missed += body["missed"]


@pytest.mark.parametrize("events", [0, 1, 99, 100, 101, 500])
def test_kept_events_are_read_once_and_in_order(events: int) -> None:
    """Reading returns all kept events once and in order, in any number of portions, and later reads continue."""
    lately = feed(events)
    numbers, missed, cursor = portions(lately, BEGINNING)
    assert (numbers, missed) == (list(range(1, events + 1)), 0)
    lately.take(Connected(at=1, client="0", user=""))
    assert portions(lately, cursor)[0] == [0]


@pytest.mark.parametrize(
    ("cursor", "first", "missed"), [("", 201, 0), ("run-10", 201, 190), ("run-200", 201, 0), ("run-600", 601, 0)]
)
def test_a_slow_reader_gets_the_number_of_missed_events(cursor: str, first: int, missed: int) -> None:
    """A slow reader gets the last 500 events and the number it missed; a new reader has missed none."""
    lately = feed(700)
    assert portions(lately, lately.cursor(cursor))[:2] == (list(range(first, 701)), missed)


@pytest.mark.parametrize("text", ["", "other-3", "run-", "run-x", "run--1", "run-²", "run-" + "9" * 30])
def test_an_unknown_cursor_starts_at_the_beginning(text: str) -> None:
    """A cursor of another run, or an invalid cursor, starts at the beginning."""
    assert feed(5).cursor(text) == BEGINNING


def test_a_cursor_is_never_ahead_of_the_events() -> None:
    """A cursor beyond the last event is moved back to the last event."""
    assert feed(5).cursor("run-99") == Cursor("run", 5)


@pytest.mark.parametrize(
    ("tags", "text"),
    [({}, ""), ({"lang": "en", "k": "v"}, "lang=en, k=v"), ({"t": "x" * 9999}, "t=" + "x" * 4094)],
)
def test_tags_are_sent_as_text(tags: dict[str, str], text: str) -> None:
    """Tags are sent as text, truncated like the data."""
    lately = feed()
    lately.take(Published(at=1, channel="news", data=msgspec.Raw(b"1"), tags=tags))
    (event,) = json.loads(lately.read(BEGINNING)[0].partition(b"data: ")[2])["events"]
    assert event["tags"] == text


@pytest.mark.parametrize("size", [10, 4096, 4097, 1_000_000])
def test_long_publications_are_truncated(size: int) -> None:
    """Publications are kept unchanged up to 4,096 bytes, together with their full size."""
    lately = feed()
    data = b'"' + b"x" * (size - 2) + b'"'
    lately.take(Published(at=1, channel="news", data=msgspec.Raw(data), receivers=3))
    frame, _ = lately.read(BEGINNING)
    (event,) = json.loads(frame.partition(b"data: ")[2])["events"]
    assert event["text"] == data[:4096].decode()
    assert (event["size"], event["receivers"], event["kind"]) == (size, 3, "published")
    assert lately.published == 1


def test_a_frame_is_one_event_for_any_data() -> None:
    """A frame is one event even if the data has line breaks or half a character."""
    lately = feed()
    lately.take(Published(at=1, channel="a\nb", data=msgspec.Raw(b'["\n\n",\r\n"\xc3"]')))
    frame, _ = lately.read(BEGINNING)
    assert frame.count(b"\n") == 4
    assert frame.count(b"\r") == 0


def test_problems_are_collected_from_events() -> None:
    """Problems are kept apart from the events and stay when the events are dropped."""
    lately = feed()
    lately.take(RequestRefused(at=1, status=401, reason="invalid sign"))
    for _ in range(600):
        lately.take(Connected(at=1, client="1", user=""))
    assert [each.reason for each in lately.problems.latest()] == ["invalid sign"]


@pytest.mark.parametrize(
    "event",
    [
        CommandRun(at=1.0, method="broadcast", channels=tuple(map(str, range(100_000)))),
        CommandRun(at=1.0, method="broadcast", channels=("c" * 100_000,) * 30, user="u" * 100_000, error="e" * 100_000),
        Published(at=1.0, channel="c" * 100_000, data=msgspec.Raw(b"1"), user="u" * 100_000, tags={"t" * 100_000: "v"}),
        RequestRefused(at=1.0, status=400, reason="r" * 100_000),
        Disconnected(at=1.0, client="1", user="u", code=4000, reason="r" * 100_000),
        TokenSent(at=1.0, client="1", user="…" * 100_000, method="connect", channel="c" * 9999, token="t" * 100_000),
    ],
)
def test_events_of_any_size_take_little_memory(event: Event) -> None:
    """Only the beginnings of long texts and lists are kept, for the page as well as for the problems."""
    feed = Feed("run", lambda _: None, check_token)
    feed.take(event)
    frame, _ = feed.read(feed.cursor(""))
    assert len(frame) < 20_000
    assert "…".encode() in frame


def token(text: str, client: str = "1") -> TokenSent:
    return TokenSent(at=1, client=client, user="ada", method="connect", channel="", token=text)


REFUSAL = Disconnected(at=2, client="1", user="", code=3500, reason="invalid token")


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([token("bad"), REFUSAL], ["It is bad."]),
        ([token("good"), REFUSAL], ["A client sent a token that the server does not accept."]),
        ([token("bad", "2"), REFUSAL], ["A client sent a token that the server does not accept."]),
        ([token("bad"), REFUSAL, REFUSAL], ["A client sent a token that the server does not accept.", "It is bad."]),
        ([token("bad"), Connected(at=1, client="1", user="")], []),
    ],
)
def test_a_refused_token_is_a_problem_with_its_own_reason(events: list[Event], expected: list[str]) -> None:
    """The refusal of a token is explained once, from the token of the same client if it has a fault."""
    lately = Feed("run", partial(explain, CURRENT_ADVICE), check_token)
    for event in events:
        lately.take(event)
    assert [each.what for each in lately.problems.latest()] == expected


def test_pages_get_the_explanation_instead_of_the_token() -> None:
    """A page reads the explanation of each token, which is made once, and the token itself is dropped."""
    checks = list[str]()

    def check(sent: TokenSent) -> TokenCheck:
        checks.append(sent.token)
        return check_token(sent)

    lately = Feed("run", partial(explain, ADVICE), check)
    lately.take(token("bad and secret"))
    assert checks == []
    for _ in range(2):
        frame = lately.read(BEGINNING)[0]
        (event,) = json.loads(frame.partition(b"data: ")[2])["events"]
        assert (event["kind"], event["check"]["token"], event["method"]) == ("token", "bad", "connect")
        assert b"secret" not in frame
    assert checks == ["bad and secret"]
