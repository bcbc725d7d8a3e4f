"""Tests of `publish_many` with recorders of both generations, blocking and in asyncio."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal import BulkError, CentripetalError, Limits, Publish, ServerError, UsageError, v1
from centripetal.testing import Recorder
from tests.client.bulk.ways import WAYS, Kit, publish_many


@pytest.mark.parametrize("way", WAYS)
@given(channels=st.lists(st.sampled_from("abcdefgh"), max_size=60), limit=st.integers(1, 7))
def test_every_item_is_published_once_and_in_the_order_of_its_channel(
    way: str, channels: list[str], limit: int
) -> None:
    """Whatever the channels and the size of a request, nothing is lost, repeated or reordered within a channel."""
    kit = Recorder()
    summary = publish_many(
        kit, way, ((channel, place) for place, channel in enumerate(channels)), Limits(commands=limit)
    )
    assert (summary.sent, summary.failed, summary.errors) == (len(channels), 0, ())
    for channel in set(channels):
        assert kit.published.to(channel) == [place for place, each in enumerate(channels) if each == channel]
    assert len(kit.published) == len(channels)


@pytest.mark.parametrize("way", WAYS)
def test_failed_items_are_counted_and_told(kit: Kit, way: str) -> None:
    """Items that cannot be sent and items that the server refuses fail alone, and their errors name their place."""
    items = [("a", 1), ("", 2), 3, ("none:x", 4), ("b", object()), ["b", 6], ("c", 7, 8), "xy"]
    summary = publish_many(kit, way, items)
    assert (summary.sent, summary.failed) == (2, 6)
    assert sorted((error.index or 0, type(error)) for error in summary.errors if error.index != 3) == [
        (place, UsageError) for place in (1, 2, 4, 6, 7)
    ]
    assert [type(error) for error in summary.errors if error.index == 3] == [ServerError]
    assert kit.published.to("a") + kit.published.to("b") == [1, 6]


@pytest.mark.parametrize("way", WAYS)
def test_a_failed_request_fails_its_items(kit: Kit, way: str) -> None:
    """After a failed request, later requests are sent, and the sum of the counts is the number of items."""
    kit.fail_next("lose_reply")
    summary = publish_many(kit, way, [("a", number) for number in range(10)], Limits(commands=4))
    assert (summary.sent, summary.failed) == (6, 4)
    assert {(error.index, error.executed) for error in summary.errors} == {(place, "unknown") for place in range(4)}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("items", [[("a", 0), ("none:x", 1), ("a", 2)], [("a", 0), ("", 1), ("a", 2)]])
def test_raise_stops_at_the_first_failure(kit: Kit, way: str, items: list[Any]) -> None:
    """With `on_error="raise"`, a `BulkError` names the item, has the summary, and nothing later is read."""
    read = []

    def source() -> Iterator[Any]:
        for item in items:
            read.append(item)
            yield item

    with pytest.raises(BulkError, match="publish_many stopped at item 1: ") as caught:
        publish_many(kit, way, source(), Limits(commands=1), on_error="raise")
    assert caught.value.executed == "no"
    assert isinstance(caught.value.__cause__, CentripetalError)
    summary = caught.value.summary
    assert (summary.sent, summary.failed, len(summary.errors)) == (len(kit.published), 1, 1)
    assert 2 not in kit.published.to("a")


@pytest.mark.parametrize("way", WAYS)
def test_an_error_of_the_source_comes_out_with_the_counts(kit: Kit, way: str) -> None:
    """If the iterable raises, its error is raised, with a note that says how far the work had come."""

    def source() -> Iterator[Any]:
        yield from [("a", number) for number in range(5)]
        raise RuntimeError("the file ends here")

    with pytest.raises(RuntimeError, match="the file ends here") as caught:
        publish_many(kit, way, source(), Limits(commands=2))
    assert caught.value.__notes__ == ["publish_many: until then 4 items were sent and 0 failed"]


WRONG: dict[str, tuple[Callable[[], Any], dict[str, Any], str]] = {
    "a mapping": (lambda: {"a": 1}, {}, r"pass the \.items\(\) of a mapping"),
    "a text": (lambda: "news", {}, "takes an iterable of pairs or commands, not str"),
    "a number": (lambda: 5, {}, "takes an iterable of pairs or commands, not int"),
    "on_error": (list, {"on_error": "ignore"}, "on_error must be 'collect' or 'raise', not 'ignore'"),
    "progress": (list, {"progress": 1}, "progress must be a function, True or None, not int"),
    "timeout": (list, {"timeout": 0}, "timeout"),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", WRONG)
def test_wrong_arguments_are_refused(kit: Kit, way: str, name: str) -> None:
    """A wrong argument is a usage error that says what to pass."""
    items, options, text = WRONG[name]
    with pytest.raises(UsageError, match=text):
        publish_many(kit, way, items(), **options)


def test_a_command_with_its_own_timeout_is_a_failed_item(kit: Kit) -> None:
    """The time limit is given for the requests, not for a command."""
    command = (Publish if isinstance(kit, Recorder) else v1.Publish)("a", 1, timeout=3)
    summary = publish_many(kit, "blocking", [command])
    assert "pass publish_many(timeout=…)" in str(summary.errors[0])
