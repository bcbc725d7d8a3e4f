"""Errors for replies with a status other than 200; dialects only add advice for some statuses."""

from collections.abc import Mapping

from centripetal.errors import AuthenticationError, HTTPStatusError
from centripetal.protocol.http import HTTPReply

__all__ = ["excerpt", "http_error", "wants_tls"]

_COMMON = {
    403: "access denied",
    413: "the request is too large for a proxy in front of the server: send fewer commands at once",
    429: "too many requests: a proxy in front of the server limits the rate",
}


def http_error(reply: HTTPReply, endpoint: str, advice: Mapping[int, str]) -> HTTPStatusError:
    """Return the error for *reply*, whose status is not 200.

    Args:
        reply: the reply.
        endpoint: URL that the request was sent to.
        advice: the dialect's advice, by status code.
    """
    status = reply.status
    words = advice.get(status) or _COMMON.get(status) or excerpt(reply.body)
    if wants_tls(reply):
        words = "this port expects TLS: the URL must begin with https://"
    if status in (401, 403):
        return AuthenticationError(f"{status} from {endpoint}: {words}", status=status, body=reply.body)
    if 300 <= status < 400:
        location = reply.header("location")
        where = "check the URL" if location is None else f"use {location!r} as the URL"
        text = f"{status} from {endpoint}: redirects are not followed: {where}"
        return HTTPStatusError(text, status=status, body=reply.body, executed="no")
    if 400 <= status < 500 and status != 408:
        text = f"{status} from {endpoint}: {words}"
        return HTTPStatusError(text, status=status, body=reply.body, executed="no", retryable=status == 429)
    # The server may answer 500 after it has executed the commands, and a proxy cannot tell whether it has.
    text = f"{status} from {endpoint}: {words}"
    return HTTPStatusError(text, status=status, body=reply.body, retryable=status >= 500 or status == 408)


def wants_tls(reply: HTTPReply) -> bool:
    """Return whether *reply* is the answer of a Go server or nginx to plain HTTP on a TLS port."""
    return reply.status == 400 and b"HTTPS" in reply.body


def excerpt(body: bytes) -> str:
    """Return the beginning of *body* for an error message."""
    text = bytes(body)[:100].decode("utf-8", "replace").strip()
    return repr(text) if text else "an empty body"
