"""What a page is told of what happened, and of what it has missed."""

import json
from functools import partial
from typing import Any

import msgspec
import pytest

from centripetal.dialects.v1.advice import ADVICE
from centripetal.server.console.feed import Cursor, Feed
from centripetal.server.console.problems import explain
from centripetal.server.engine.events import Connected, Published, RequestRefused

BEGINNING = Cursor("run", 0)


def feed(events: int = 0) -> Feed:
    feed = Feed("run", partial(explain, ADVICE))
    for number in range(1, events + 1):
        feed.take(Connected(at=number, client=str(number), user=""))
    return feed


def portions(feed: Feed, cursor: Cursor) -> tuple[list[int], int, Cursor]:
    """The numbers of all events from *cursor* on, how many were missed, and where that ends."""
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
def test_all_that_is_kept_is_told_once_and_in_order(events: int) -> None:
    """However many portions that takes; where it ended, it goes on."""
    lately = feed(events)
    numbers, missed, cursor = portions(lately, BEGINNING)
    assert (numbers, missed) == (list(range(1, events + 1)), 0)
    lately.take(Connected(at=1, client="0", user=""))
    assert portions(lately, cursor)[0] == [0]


@pytest.mark.parametrize(
    ("cursor", "first", "missed"), [("", 201, 0), ("run-10", 201, 190), ("run-200", 201, 0), ("run-600", 601, 0)]
)
def test_who_was_too_slow_is_told_what_it_missed(cursor: str, first: int, missed: int) -> None:
    """The last 500 are kept; who begins has missed nothing."""
    lately = feed(700)
    assert portions(lately, lately.cursor(cursor))[:2] == (list(range(first, 701)), missed)


@pytest.mark.parametrize("text", ["", "other-3", "run-", "run-x", "run--1", "run-²", "run-" + "9" * 30])
def test_a_cursor_of_another_start_is_the_beginning(text: str) -> None:
    """As is one that is none: it comes from outside."""
    assert feed(5).cursor(text) == BEGINNING


def test_a_cursor_is_never_ahead() -> None:
    """Who claims to know the future gets what comes next."""
    assert feed(5).cursor("run-99") == Cursor("run", 5)


@pytest.mark.parametrize(
    ("tags", "text"),
    [({}, ""), ({"lang": "en", "k": "v"}, "lang=en, k=v"), ({"t": "x" * 9999}, "t=" + "x" * 4094)],
)
def test_tags_are_told(tags: dict[str, str], text: str) -> None:
    """As text, up to the same size."""
    lately = feed()
    lately.take(Published(at=1, channel="news", data=msgspec.Raw(b"1"), tags=tags))
    (event,) = json.loads(lately.read(BEGINNING)[0].partition(b"data: ")[2])["events"]
    assert event["tags"] == text


@pytest.mark.parametrize("size", [10, 4096, 4097, 1_000_000])
def test_publications_are_kept_as_the_beginning_of_their_text(size: int) -> None:
    """Exactly as they were published, up to a size; the size is told."""
    lately = feed()
    data = b'"' + b"x" * (size - 2) + b'"'
    lately.take(Published(at=1, channel="news", data=msgspec.Raw(data), receivers=3))
    frame, _ = lately.read(BEGINNING)
    (event,) = json.loads(frame.partition(b"data: ")[2])["events"]
    assert event["text"] == data[:4096].decode()
    assert (event["size"], event["receivers"], event["kind"]) == (size, 3, "published")
    assert lately.published == 1


def test_a_frame_is_one_event_whatever_was_published() -> None:
    """A line break in the data ends no line of the stream, and half a character does no harm."""
    lately = feed()
    lately.take(Published(at=1, channel="a\nb", data=msgspec.Raw(b'["\n\n",\r\n"\xc3"]')))
    frame, _ = lately.read(BEGINNING)
    assert frame.count(b"\n") == 4
    assert frame.count(b"\r") == 0


def test_problems_are_taken_from_what_happens() -> None:
    """They are kept apart: the ring forgets them, the list does not."""
    lately = feed()
    lately.take(RequestRefused(at=1, status=401, reason="invalid sign"))
    for _ in range(600):
        lately.take(Connected(at=1, client="1", user=""))
    assert [each.reason for each in lately.problems.latest()] == ["invalid sign"]
