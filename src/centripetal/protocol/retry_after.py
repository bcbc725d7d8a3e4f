"""The `Retry-After` header: when a server accepts the next attempt (RFC 9110, sections 5.6.7 and 10.2.3). PURE."""

import re
from datetime import UTC, datetime

from centripetal.protocol.http import HTTPReply

__all__ = ["retry_after", "unix_time"]

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_CLOCK = "(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
# Rarely used, so compiled at first use: Sun, 06 Nov 1994 …; Sunday, 06-Nov-94 …; Sun Nov  6 … 1994.
_DATES = (
    f"[A-Za-z]+, (?P<day>[0-9]{{1,2}}) (?P<month>[A-Za-z]{{3}}) (?P<year>[0-9]{{4}}) {_CLOCK} (?:GMT|UTC)",
    f"[A-Za-z]+, (?P<day>[0-9]{{1,2}})-(?P<month>[A-Za-z]{{3}})-(?P<year>[0-9]{{2}}) {_CLOCK} (?:GMT|UTC)",
    f"[A-Za-z]+ (?P<month>[A-Za-z]{{3}}) +(?P<day>[0-9]{{1,2}}) {_CLOCK} (?P<year>[0-9]{{4}})",
)


def retry_after(reply: HTTPReply) -> tuple[float | None, float | None]:
    """Return the wait in seconds that *reply* asks for, and the Unix time of its end; None for each that is missing.

    A date counts from the `Date` of the same reply, so that the clocks of both machines need not agree. Only without a
    `Date`, the second value is set instead of the first.
    """
    value = reply.header("retry-after")
    if value is None:
        return None, None
    if re.fullmatch(r"[0-9]+(\.[0-9]*)?", value):
        return float(value), None
    until = unix_time(value)
    if until is None:
        return None, None
    now = unix_time(reply.header("date") or "")
    return (None, until) if now is None else (max(until - now, 0.0), None)


def unix_time(text: str) -> float | None:
    """Return the Unix time of an HTTP date in any of its three forms, or None if *text* is not such a date."""
    for pattern in _DATES:
        found = re.fullmatch(pattern, text)
        if found is not None and found["month"].title() in _MONTHS:
            year = int(found["year"])
            if len(found["year"]) == 2:  # as in POSIX
                year += 2000 if year < 69 else 1900
            month = _MONTHS.index(found["month"].title()) + 1
            second = min(int(found["second"]), 59)  # a leap second is 60
            try:
                date = datetime(
                    year, month, int(found["day"]), int(found["hour"]), int(found["minute"]), second, tzinfo=UTC
                )
            except ValueError:
                return None
            return date.timestamp()
    return None
