"""Arguments of the token functions: accepted types, and their form in tokens."""

import datetime
import enum
import uuid
from fractions import Fraction
from typing import Any

import pytest

from centripetal.errors import UsageError
from centripetal.tokens.arguments import given_time, seconds, unix_time, user_text


class Number:
    """A whole number of another package, such as numpy.int64."""

    def __index__(self) -> int:
        return 42


class Loud(str):
    """Text whose `str()` is other text, as of a member of an Enum."""

    __slots__ = ()

    def __str__(self) -> str:
        return "loud"


def repr_of(value: object) -> str:
    return type(value).__name__


class Level(enum.IntEnum):
    LOW = 1


@pytest.mark.parametrize(
    ("user", "text"),
    [
        ("42", "42"),
        (42, "42"),
        (Number(), "42"),
        (Loud("a"), "a"),
        (Level.LOW, "1"),
        ("", ""),
        (uuid.UUID(int=1), str(uuid.UUID(int=1))),
    ],
)
def test_users_become_text(user: Any, text: str) -> None:
    """Text, whole numbers of any type and UUIDs become plain text."""
    found = user_text(user)
    assert type(found) is str
    assert found == text


@pytest.mark.parametrize("user", [None, True, 1.5, b"a", [], 10**5000, -(10**5000), "\ud83d"], ids=repr_of)
def test_other_users_are_refused(user: Any) -> None:
    """Other types, numbers that are too long, and lone surrogates are a UsageError."""
    with pytest.raises(UsageError, match="user"):
        user_text(user)


def test_times_and_durations_are_real_numbers() -> None:
    """Numbers of other packages that are real numbers are accepted."""
    assert seconds(Fraction(1, 2)) == 0.5
    assert seconds(datetime.timedelta(minutes=1)) == 60
    assert unix_time("now", Fraction(5)) == given_time(5) == 5


@pytest.mark.parametrize("value", [True, None, "1", 1j, float("nan"), float("inf"), -1, 1e12])
def test_other_times_are_refused(value: Any) -> None:
    """Booleans, text, negative and infinite numbers, and milliseconds are a UsageError."""
    for check in (given_time, seconds):
        with pytest.raises(UsageError):
            check(value)
