"""Errors for replies with a status other than 200."""

import pytest

from centripetal.errors import AuthenticationError, HTTPStatusError
from centripetal.protocol.http import HTTPReply
from centripetal.protocol.http_errors import excerpt, http_error


@pytest.mark.parametrize(
    ("status", "kind", "executed", "retryable", "text"),
    [
        (302, HTTPStatusError, "no", False, "redirects are not followed: check the URL"),
        (401, AuthenticationError, "no", False, "words of the dialect"),
        (403, AuthenticationError, "no", False, "access denied"),
        (404, HTTPStatusError, "no", False, "'body'"),
        (408, HTTPStatusError, "unknown", True, "'body'"),
        (413, HTTPStatusError, "no", False, "too large"),
        (429, HTTPStatusError, "no", True, "too many requests"),
        (500, HTTPStatusError, "unknown", True, "'body'"),
        (204, HTTPStatusError, "unknown", False, "'body'"),
    ],
)
def test_a_status_sets_executed_and_retryable(
    status: int, kind: type[HTTPStatusError], executed: str, retryable: bool, text: str
) -> None:
    """The message contains the dialect's text, or else a text for the status, or else the body."""
    error = http_error(HTTPReply(status, b"body"), "http://h/api", {401: "words of the dialect"})
    assert type(error) is kind
    assert (error.status, error.executed, error.retryable) == (status, executed, retryable)
    assert str(error).startswith(f"{status} from http://h/api: ")
    assert text in str(error)


def test_the_head_of_a_body_is_short_and_printable() -> None:
    """Any bytes of a body are shown as short printable text."""
    assert excerpt(b"") == "an empty body"
    assert excerpt(b"\xff" * 500) == repr("\ufffd" * 100)
