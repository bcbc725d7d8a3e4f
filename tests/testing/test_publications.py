"""Tests of the list of publications, and of the exact text of failed assertions."""

import itertools
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.errors import UsageError
from centripetal.server.engine.events import CommandRun, Joined, Published, RequestRefused
from centripetal.testing.matching import ANYTHING
from centripetal.testing.publications import Publication, Publications


def log(*pairs: tuple[str, Any]) -> Publications:
    published = Publications()
    for channel, data in pairs:
        published.note(Published(at=0, channel=channel, data=msgspec.Raw(msgspec.json.encode(data))))
    return published


NEWS = log(("news", {"text": "hello", "n": 1}), ("news", {"text": "ho"}), ("chat", 7))


def test_publications_are_a_sequence() -> None:
    """Publications have a length, indices and slices, and `to` returns the data of one channel."""
    assert len(NEWS) == 3
    assert NEWS[-1] == Publication("chat", 7)
    assert [each.channel for each in NEWS[:2]] == ["news", "news"]
    assert NEWS.to("news") == [{"text": "hello", "n": 1}, {"text": "ho"}]
    assert NEWS.to("nothing") == []


def test_a_publication_has_its_publisher() -> None:
    """A publication has the publisher's client, user and tags, and other events are ignored."""
    published = Publications()
    published.note(Joined(at=0, channel="a", client="c", user="u"))
    data = msgspec.Raw(b"1")
    published.note(
        Published(at=0, channel="a", data=data, client="c", user="u", by_client=True, tags={"k": "v"}, receivers=3)
    )
    assert list(published) == [Publication("a", 1, "c", "u", by_client=True, tags={"k": "v"})]


def test_watchers_are_called_until_they_stop() -> None:
    """A watcher is called once for each publication until it stops."""
    published, woken = Publications(), list[int]()
    stop = published.watch(lambda: woken.append(len(published)))
    event = Published(at=0, channel="a", data=msgspec.Raw(b"1"))
    published.note(event)
    published.note(event)
    stop()
    published.note(event)
    assert woken == [1, 2]


def test_clear_removes_everything() -> None:
    """`clear` removes the publications and the rejected requests."""
    published = log(("a", 1))
    published.note(RequestRefused(at=0, status=401, reason="invalid sign"))
    published.clear()
    assert published.missing("a") == "no publication to 'a'\n\nnothing was published"


@pytest.mark.parametrize(
    ("channel", "data", "times"),
    [
        ("news", {"text": "ho"}, None),
        ("news", ANYTHING, None),
        ("news", ANYTHING, 2),
        ("news", {"text": ANYTHING}, 1),
        ("other", ANYTHING, 0),
    ],
)
def test_a_publication_that_exists_is_not_missing(channel: str, data: Any, times: int | None) -> None:
    """`missing` returns an empty text if the expected publication exists."""
    assert NEWS.missing(channel, data, times) == ""


LISTED = """\
published:
  1. 'news'  {'text': 'hello', 'n': 1}
  2. 'news'  {'text': 'ho'}
  3. 'chat'  7"""


@pytest.mark.parametrize(
    ("channel", "data", "times", "text"),
    [
        (
            "news",
            {"text": "hi", "n": 1},
            None,
            f"""\
no publication of {{'text': 'hi', 'n': 1}} to 'news'

{LISTED}

closest is 1 (- expected, + published):
  - data['text'] = 'hi'
  + data['text'] = 'hello'""",
        ),
        (
            "nwes",
            {"text": "ho"},
            None,
            f"""\
no publication of {{'text': 'ho'}} to 'nwes'

{LISTED}

published to another channel: 2""",
        ),
        (
            "nowhere",
            ANYTHING,
            2,
            f"""\
no publication to 'nowhere'

{LISTED}""",
        ),
        (
            "news",
            ANYTHING,
            1,
            f"""\
2 publications to 'news', expected 1: 1, 2

{LISTED}""",
        ),
        (
            "chat",
            7,
            0,
            f"""\
1 publication of 7 to 'chat', expected 0: 3

{LISTED}""",
        ),
    ],
)
def test_a_missing_publication_is_described(channel: str, data: Any, times: int | None, text: str) -> None:
    """The text for a missing publication shows the closest publication or another channel with the same data."""
    assert NEWS.missing(channel, data, times) == text


def test_rejected_requests_explain_a_missing_publication() -> None:
    """The text for a missing publication lists rejected requests, because they are often the cause."""
    published = Publications()
    published.note(RequestRefused(at=0, status=401, reason="invalid sign"))
    published.note(CommandRun(at=0, method="publish", channels=("no:where",), error="namespace not found"))
    published.note(CommandRun(at=0, method="disconnect", user="42", error="invalid message"))
    published.note(CommandRun(at=0, method="publish", channels=("news",)))
    text = """\
no publication to 'no:where'

nothing was published

the server refused:
  an entire request: 401 invalid sign
  publish to 'no:where': namespace not found
  disconnect: invalid message"""
    assert published.missing("no:where") == text


@pytest.mark.parametrize("times", [0, -1, True, "2"])
def test_an_invalid_number_of_publications(times: Any) -> None:
    """Waiting for fewer than one publication, or for a number that is not an integer, raises UsageError."""
    with pytest.raises(UsageError, match="times must be an integer of 1 or more"):
        NEWS.find("news", ANYTHING, times)


def test_unwanted_publications_are_listed() -> None:
    """Unwanted publications are listed with their numbers, for all channels or for one."""
    assert (
        NEWS.unwanted()
        == "3 publications, expected none\n\n  1. 'news'  {'text': 'hello', 'n': 1}\n"
        + "  2. 'news'  {'text': 'ho'}\n  3. 'chat'  7"
    )
    assert NEWS.unwanted("chat") == "1 publication to 'chat', expected none\n\n  3. 'chat'  7"
    assert NEWS.unwanted("other") == Publications().unwanted() == ""


TITLE = "the publications differ from the expected publications (- missing, + unexpected)"


@pytest.mark.parametrize(
    ("expected", "lines"),
    [
        (
            [("news", {"text": "hello", "n": 2}), ("news", {"text": "ho"})],
            [
                "  - 'news'  {'text': 'hello', 'n': 2}",
                "  + 1. 'news'  {'text': 'hello', 'n': 1}",
                "      - data['n'] = 2",
                "      + data['n'] = 1",
                "    2. 'news'  {'text': 'ho'}",
                "  + 3. 'chat'  7",
            ],
        ),
        (
            [("chat", 7), ("news", {"text": "hello", "n": 1}), ("news", {"text": "ho"})],
            [
                "  - 'chat'  7",
                "    1. 'news'  {'text': 'hello', 'n': 1}",
                "    2. 'news'  {'text': 'ho'}",
                "  + 3. 'chat'  7",
            ],
        ),
        (
            {"chat": [7], "news": [{"text": "ho"}], "more": [1]},
            [
                "    3. 'chat'  7",
                "  + 1. 'news'  {'text': 'hello', 'n': 1}",
                "    2. 'news'  {'text': 'ho'}",
                "  - 'more'  1",
            ],
        ),
        (
            [],
            [
                "  + 1. 'news'  {'text': 'hello', 'n': 1}",
                "  + 2. 'news'  {'text': 'ho'}",
                "  + 3. 'chat'  7",
            ],
        ),
    ],
)
def test_differences_are_a_diff(expected: Any, lines: list[str]) -> None:
    """Expected rows are context, and missing or unexpected rows are marked and compared with each other."""
    assert NEWS.deviating(expected).splitlines() == [TITLE, "", *lines]


@pytest.mark.parametrize(
    "expected",
    [
        [("news", {"text": "hello", "n": 1}), ("news", {"text": "ho"}), ("chat", 7)],
        (("news", ANYTHING), ("news", {"text": ANYTHING}), ("chat", 7)),
        {"chat": [7], "news": [{"text": "hello", "n": 1}, {"text": "ho"}]},
    ],
)
def test_exact_publications_have_no_differences(expected: Any) -> None:
    """Expected pairs in order, or the data of each channel in order, match without differences."""
    assert NEWS.deviating(expected) == ""


def test_texts_are_bounded() -> None:
    """The text stays short: it shows the latest rows, cuts long runs and limits the number of differences."""
    published = log(*[("n", n) for n in range(1000)])
    listed = published.missing("n", -1).splitlines()
    assert listed[2:5] == ["published:", "  … 980 earlier", "  981. 'n'  980"]
    assert len(listed) == 2 + 2 + 20 + 4
    assert published.deviating([("n", n) for n in range(1001)]).splitlines()[2:] == [
        "    1. 'n'  0",
        "    2. 'n'  1",
        "    … 996 more as expected",
        "    999. 'n'  998",
        "    1000. 'n'  999",
        "  - 'n'  1000",
    ]
    assert len(published.deviating([]).splitlines()) == 2 + 41
    large = log(("n", {str(n): n for n in range(100)}))
    text = large.missing("n", {str(n): n + 1 for n in range(100)})
    assert len(text) < 1500
    assert text.endswith("  + data['5'] = 5\n  … 188 more")


def test_the_repr_lists_the_publications() -> None:
    """The repr shows every publication."""
    assert repr(log(("a", 1))) == "<1 publication\n  1. 'a'  1>"
    assert repr(log()) == "<0 publications>"


ROWS = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 1)), max_size=5)


def longest_common(one: Sequence[Any], other: Sequence[Any]) -> int:
    for size in range(min(len(one), len(other)), 0, -1):
        if set(itertools.combinations(one, size)) & set(itertools.combinations(other, size)):
            return size
    return 0


@given(ROWS, ROWS)
def test_a_diff_accounts_for_every_row(expected: list[tuple[str, int]], there: list[tuple[str, int]]) -> None:
    """The diff shows each row of both sides once, matches as many rows as possible, and is empty for equal sides."""
    text = log(*there).deviating(expected)
    assert (text == "") == (expected == there)
    if text:
        rows = [line[2] for line in text.splitlines()[2:]]
        both = rows.count(" ")
        assert (both + rows.count("-"), both + rows.count("+")) == (len(expected), len(there))
        assert both == longest_common(expected, there)
