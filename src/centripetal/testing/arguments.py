"""Recognise wrong arguments of the assertions, which would otherwise fail with a puzzling difference: PURE."""

from collections.abc import Iterable, Mapping
from typing import Any

from centripetal.errors import UsageError
from centripetal.protocol.exact import exact_integer
from centripetal.testing.matching import is_data

__all__ = ["check_channel", "check_times", "pairs_or_channels"]

_FORMS = 'pairs, [("news", data), …], or the data of each channel in a list, {"news": [data, …]}'


def check_channel(channel: Any, call: str) -> None:
    """Check that *channel* is a name, or an object that compares with names, such as `ANYTHING`.

    Args:
        channel: the argument.
        call: the call as it should be written.

    Raises:
        UsageError: *channel* is data.
    """
    if isinstance(channel, str) or not is_data(channel):
        return
    raise UsageError(f"the channel must be a name, not {_kind(channel)}: write {call}")


def check_times(times: Any) -> int | None:
    """Check the exact number of publications that a test expects, and return it.

    Raises:
        UsageError: *times* is not None and not a whole number of 0 or more.
    """
    number = exact_integer(times)
    if times is not None and (number is None or number < 0):
        raise UsageError(f"times must be a number of publications, 0 or more, got {times!r:.100}")
    return number


def pairs_or_channels(expected: Any) -> Any:
    """Return all expected publications: a mapping from channels to lists, or a list of pairs.

    Raises:
        UsageError: *expected* has neither form.
    """
    if isinstance(expected, Mapping):
        for channel, every in expected.items():
            if not isinstance(channel, str) or not _is_list(every):
                raise UsageError(f"assert_published_exactly takes {_FORMS}, not {_kind(every)} for a channel")
        return {channel: list(every) for channel, every in expected.items()}
    if not _is_list(expected):
        raise UsageError(f"assert_published_exactly takes {_FORMS}, not {_kind(expected)}")
    pairs = list(expected)
    for index, pair in enumerate(pairs):
        if not isinstance(pair, tuple | list) or len(pair) != 2 or (not isinstance(pair[0], str) and is_data(pair[0])):
            raise UsageError(f"assert_published_exactly takes {_FORMS}, but item {index} is {_kind(pair)}, not a pair")
    return pairs


def _is_list(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping)


def _kind(value: Any) -> str:
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
