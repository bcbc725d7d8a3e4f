"""The `Retry-After` header: seconds, dates in all three forms, and values that are neither."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.protocol.http import HTTPReply
from centripetal.protocol.retry_after import retry_after, unix_time

FORMS = ("%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b {day:2d} %H:%M:%S %Y")


@given(st.datetimes(datetime(1970, 1, 1), datetime(2068, 12, 31)), st.sampled_from(FORMS))
def test_a_date_in_any_form_is_a_unix_time(date: datetime, form: str) -> None:
    """The three forms of an HTTP date give the same Unix time."""
    date = date.replace(microsecond=0, tzinfo=UTC)
    assert unix_time(date.strftime(form.format(day=date.day))) == date.timestamp()


@given(st.text(max_size=40))
def test_any_other_text_is_not_a_date(text: str) -> None:
    """A text that is not a date gives None, and no exception."""
    assert unix_time(text) is None
    retry_after(HTTPReply(503, b"", (("retry-after", text),)))


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, (None, None)),
        ({"retry-after": "120"}, (120.0, None)),
        ({"retry-after": "1.5"}, (1.5, None)),
        ({"retry-after": "9" * 5000}, (float("inf"), None)),
        ({"retry-after": "-1"}, (None, None)),
        ({"retry-after": ""}, (None, None)),
        ({"retry-after": "1e9"}, (None, None)),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:60 GMT"}, (None, 59.0)),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:40 GMT", "date": "Thu, 01 Jan 1970 00:00:10 GMT"}, (30.0, None)),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:10 GMT", "date": "Thu, 01 Jan 1970 00:00:40 GMT"}, (0.0, None)),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:40 GMT", "date": "today"}, (None, 40.0)),
        ({"retry-after": "Thu, 31 Feb 1970 00:00:00 GMT"}, (None, None)),
        ({"retry-after": "Thu, 01 Foo 1970 00:00:00 GMT"}, (None, None)),
        ({"retry-after": "Thu, 01 Jan 0000 00:00:00 GMT"}, (None, None)),
    ],
)
def test_the_wait_that_a_reply_asks_for(headers: dict[str, str], expected: tuple[float | None, float | None]) -> None:
    """Seconds are a wait; a date is a wait from the server's own clock, or without one a Unix time."""
    assert retry_after(HTTPReply(503, b"", tuple(headers.items()))) == expected
