"""Arguments of the token functions: users, times and durations, also in types of other packages. PURE."""

import datetime
import math
import numbers
import operator
import uuid
from typing import Any

from centripetal.errors import UsageError
from centripetal.protocol.checks import MILLISECONDS, check_text

__all__ = ["given_time", "seconds", "unix_time", "user_text"]

_MOST_DIGITS = 10**100  # a longer id is not a user's, and Python does not format numbers of any length


def user_text(user: Any) -> str:
    """Return a user's id as text.

    Raises:
        UsageError: *user* is not text, a whole number or a UUID.
    """
    if isinstance(user, uuid.UUID):
        return str(user)
    if isinstance(user, str):
        check_text("user", user)
        return str.__str__(user)
    if hasattr(type(user), "__index__") and not isinstance(user, bool):
        number = operator.index(user)  # also of other packages, such as numpy.int64
        if abs(number) < _MOST_DIGITS:
            return str(number)
    given = "None: pass '' for the anonymous user" if user is None else f"{type(user).__name__}: pass the user's id"
    raise UsageError(f"user must be text, a number or a UUID, not {given}")


def seconds(value: Any) -> float:
    """Return the argument *expires_in* in seconds.

    Raises:
        UsageError: *value* is not a duration above 0, or is too long to be in seconds.
    """
    if isinstance(value, datetime.timedelta):
        value = value.total_seconds()
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        advice = "subtract the current time" if isinstance(value, datetime.datetime) else "pass None for no expiry"
        raise UsageError(f"expires_in must be seconds or a timedelta, not {type(value).__name__}: {advice}")
    number = _float(value)
    if not 0 < number < MILLISECONDS:
        raise UsageError(
            f"expires_in must be more than 0 and less than {MILLISECONDS:.0e} seconds, or None for no expiry"
        )
    return number


def given_time(now: Any) -> float:
    """Return the argument *now* in Unix seconds.

    Raises:
        UsageError: *now* is not a time, is in milliseconds, or is None. Only `clock` reads the system's clock.
    """
    if now is None:
        raise UsageError(
            "now is missing: use the function of the same name in centripetal.tokens, which reads the clock"
        )
    return unix_time("now", now)


def unix_time(what: str, value: Any) -> float:
    """Return the time *value*, an argument called *what*, in Unix seconds.

    Raises:
        UsageError: *value* is not a time, has no time zone, or is in milliseconds.
    """
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            raise UsageError(
                f"{what} is a datetime without a time zone: pass a timezone-aware one, for example"
                " datetime.now(datetime.UTC)"
            )
        return value.timestamp()
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise UsageError(f"{what} must be Unix seconds or a datetime, not {type(value).__name__}")
    number = _float(value)
    if not 0 <= number < MILLISECONDS:
        raise UsageError(f"{what} must be Unix seconds (not milliseconds), got {number!r}")
    return number


def _float(value: numbers.Real) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf
