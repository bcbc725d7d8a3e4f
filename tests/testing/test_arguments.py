"""Tests of wrong arguments of the assertions."""

import dataclasses
from typing import Any
from unittest.mock import ANY

import pytest

from centripetal import UsageError
from centripetal.testing import ANYTHING, Recorder
from centripetal.testing.arguments import check_channel, check_times, pairs_or_channels

FORMS = (
    'assert_published_exactly takes pairs, [("news", data), …], or the data of each channel in a list, '
    '{"news": [data, …]}'
)


@dataclasses.dataclass
class Point:
    x: int


def refusal(call: Any, *arguments: Any, **options: Any) -> str:
    with pytest.raises(UsageError) as refused:
        call(*arguments, **options)
    return str(refused.value)


@pytest.mark.parametrize(
    ("channel", "kind"),
    [
        *(({"a": 1}, "a dict"), (["news"], "a list"), (("news", 1), "a tuple"), (7, "an int"), (1.5, "a float")),
        *((None, "a NoneType"), (Point(1), "a Point"), (True, "a bool")),
    ],
)
def test_data_in_the_place_of_the_channel(channel: Any, kind: str) -> None:
    """Every assertion says that the channel comes first, and does not repeat the data."""
    recorder = Recorder()
    problem = f"the channel must be a name, not {kind}: write "
    assert refusal(recorder.assert_published, channel) == f"{problem}assert_published(channel, data)"
    assert refusal(recorder.wait_until_published, channel) == f"{problem}wait_until_published(channel, data)"
    if channel is not None:
        text = f"{problem}assert_nothing_published(to=channel)"
        assert refusal(recorder.assert_nothing_published, to=channel) == text
    coroutine = recorder.until_published(channel)
    assert refusal(coroutine.send, None) == f"{problem}until_published(channel, data)"


@pytest.mark.parametrize("channel", ["news", "", ANYTHING, ANY])
def test_names_and_matching_objects_are_channels(channel: Any) -> None:
    """A channel may be an object that compares with names."""
    check_channel(channel, "call")


@pytest.mark.parametrize(
    ("expected", "but"),
    [
        ("news", "not a str"),
        (b"news", "not a bytes"),
        (None, "not a NoneType"),
        (7, "not an int"),
        (("news", {"a": 1}), "but item 0 is a str, not a pair"),
        (["news"], "but item 0 is a str, not a pair"),
        ([("news", 1), {"a": 1}], "but item 1 is a dict, not a pair"),
        ([("news", 1, 2)], "but item 0 is a tuple, not a pair"),
        ([({"a": 1}, "news")], "but item 0 is a tuple, not a pair"),
        ({"news": "hi"}, "not a str for a channel"),
        ({"news": {"a": 1}}, "not a dict for a channel"),
        ({"news": 1}, "not an int for a channel"),
    ],
)
def test_exact_expectations_in_a_wrong_form(expected: Any, but: str) -> None:
    """The error shows both forms, and names what was given by its type."""
    joint = ", " if but.startswith(("not", "but")) else " "
    assert refusal(Recorder().assert_published_exactly, expected) == f"{FORMS}{joint}{but}"


def test_exact_expectations_in_every_right_form() -> None:
    """Iterables of pairs, and mappings to iterables, are read once."""
    assert pairs_or_channels(iter([("a", 1), ["b", 2]])) == [("a", 1), ["b", 2]]
    assert pairs_or_channels([(ANYTHING, 1)]) == [(ANYTHING, 1)]
    assert pairs_or_channels({"a": (n for n in range(2)), "b": []}) == {"a": [0, 1], "b": []}


@pytest.mark.parametrize("times", [-1, True, "1", 1.0])
def test_a_wrong_number_of_times(times: Any) -> None:
    """The number of publications is a whole number."""
    text = f"times must be a number of publications, 0 or more, got {times!r}"
    assert refusal(Recorder().assert_published, "news", times=times) == text


def test_right_numbers_of_times() -> None:
    """None means one or more, and 0 is a valid number too."""
    for times in (None, 0, 3):
        check_times(times)
    Recorder().assert_published("news", times=0)
