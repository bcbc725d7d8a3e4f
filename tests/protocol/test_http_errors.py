"""Errors for replies with a status other than 200."""

import pytest

from centripetal.errors import AuthenticationError, HTTPStatusError
from centripetal.protocol.http import HTTPReply
from centripetal.protocol.http_errors import http_error


@pytest.mark.parametrize(
    ("status", "kind", "executed", "retryable", "text"),
    [
        (302, HTTPStatusError, "no", False, "redirects are not followed: check the URL"),
        (401, AuthenticationError, "no", False, "words of the dialect"),
        (403, AuthenticationError, "no", False, "access denied"),
        (404, HTTPStatusError, "no", False, "'body'"),
        (408, HTTPStatusError, "unknown", True, "'body'"),
        (413, HTTPStatusError, "no", False, "too large"),
        (429, HTTPStatusError, "no", True, "too many requests: it limits the rate (Retry-After: 30)"),
        (500, HTTPStatusError, "unknown", True, "'body'"),
        (204, HTTPStatusError, "unknown", False, "'body'"),
    ],
)
def test_a_status_sets_executed_and_retryable(
    status: int, kind: type[HTTPStatusError], executed: str, retryable: bool, text: str
) -> None:
    """The message contains the dialect's text, or else a text for the status, or else the body."""
    body = b"Unauthorized\n" if status == 401 else b"body"
    reply = HTTPReply(status, body, (("retry-after", "30"),))
    error = http_error(reply, "http://h/api", {401: "words of the dialect"}, url="http://h/api/info", base_of=str)
    assert type(error) is kind
    assert (error.status, error.executed, error.retryable) == (status, executed, retryable)
    assert str(error).startswith(f"{status} from http://h/api: ")
    assert text in str(error)


def test_an_error_knows_when_the_server_accepts_the_next_attempt() -> None:
    """`retry_after` is a number of seconds; without a clock of the server, `retry_at` is a Unix time."""
    for value, after, at in [("30", 30.0, None), ("Thu, 01 Jan 1970 00:01:00 GMT", None, 60.0), ("?", None, None)]:
        reply = HTTPReply(503, b"", (("retry-after", value),))
        error = http_error(reply, "http://h", {}, url="http://h", base_of=str)
        assert (error.retry_after, error.retry_at) == (after, at)
