"""Checks of names, lists of names and time limits: values that a server would refuse are refused before sending."""

import collections
import decimal
import enum
import math
from collections.abc import Callable
from typing import Any

import pytest

from centripetal.errors import UsageError
from centripetal.protocol.checks import check_name, check_names, check_text, check_timeout


class Room(enum.StrEnum):
    LOBBY = "lobby"


NOT_TEXT = [
    (None, "what must be text, not NoneType: pass its name"),
    (5, "what must be text, not int: write '5'"),
    (b"news", "what must be text, not bytes: decode it first"),
    (["news"], "what must be text, not list: pass its name"),
    ("a\ud83d", "what contains a lone surrogate, which cannot be encoded as UTF-8"),
]


@pytest.mark.parametrize("value", ["", "news", "канал 😀", "\x00\n", "x" * 100_000, Room.LOBBY])
def test_any_text_is_accepted(value: str) -> None:
    """No character and no length is refused, because the server does not limit them either."""
    check_text("what", value)


@pytest.mark.parametrize(("value", "text"), NOT_TEXT)
@pytest.mark.parametrize("check", [check_text, check_name])
def test_a_value_that_is_not_text_is_refused_with_advice(
    check: Callable[[str, Any], None], value: Any, text: str
) -> None:
    """Numbers, bytes, None and invalid text are refused, and the error shows the fix."""
    with pytest.raises(UsageError) as caught:
        check("what", value)
    assert str(caught.value) == text


def test_a_name_must_not_be_empty() -> None:
    """An empty name is refused."""
    check_name("channel", "x")
    with pytest.raises(UsageError, match=r"^channel must not be empty$"):
        check_name("channel", "")


@pytest.mark.parametrize("values", [["a"], ("a", "b"), ["a"] * 2, collections.deque("ab"), collections.UserList("a")])
def test_any_sequence_of_names_is_a_list(values: Any) -> None:
    """Lists, tuples and other sequences are lists of names."""
    check_names("channels", values)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ("news", "channels must be a list of names, not str: pass [name] for a single name"),
        (b"news", "channels must be a list of names, not bytes: pass [name] for a single name"),
        (None, "channels must be a list of names, not NoneType: pass [name] for a single name"),
        ({"a"}, "channels must be a list of names, not set: pass [name] for a single name"),
        ({"a": 1}, "channels must be a list of names, not dict: pass [name] for a single name"),
        (iter(["a"]), "channels must be a list of names, not list_iterator: pass [name] for a single name"),
        ([], "channels must contain at least one name"),
        ((), "channels must contain at least one name"),
        (["a", ""], "channels[1] must not be empty"),
        (["a", "b", 5], "channels[2] must be text, not int: write '5'"),
        (["\udc00"], "channels[0] contains a lone surrogate, which cannot be encoded as UTF-8"),
    ],
)
def test_an_invalid_list_of_names_is_refused(values: Any, text: str) -> None:
    """The error names the wrong element, and a single name is not treated as a list of letters."""
    with pytest.raises(UsageError) as caught:
        check_names("channels", values)
    assert str(caught.value) == text


@pytest.mark.parametrize(("value", "seconds"), [(1, 1.0), (0.001, 0.001), (math.inf, math.inf), (10**400, math.inf)])
def test_a_time_limit_is_a_number_above_0(value: float, seconds: float) -> None:
    """Seconds are returned as float, so that arithmetic with them cannot overflow."""
    assert check_timeout(value) == seconds
    assert type(check_timeout(value)) is float


@pytest.mark.parametrize("value", [0, -1, -0.0, -math.inf, math.nan, True, None, "5", decimal.Decimal(5), [1]])
def test_an_invalid_time_limit_is_refused(value: Any) -> None:
    """Numbers that are not positive, and values that are not numbers, are refused; the error shows the value."""
    with pytest.raises(UsageError, match=r"^timeout must be a number of seconds above 0, not ") as caught:
        check_timeout(value)
    assert repr(value) in str(caught.value)
