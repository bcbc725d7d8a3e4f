"""Answers with another status than 200: what they mean is the same for every dialect, but for a few words."""

from collections.abc import Mapping

from centripetal.errors import AuthenticationError, HTTPStatusError
from centripetal.protocol.http import HTTPReply

__all__ = ["excerpt", "http_error", "wants_tls"]

_COMMON = {
    403: "access denied",
    413: "something in front of the server finds the request too large: send fewer commands at once",
    429: "too many requests for something in front of the server",
}


def http_error(reply: HTTPReply, endpoint: str, advice: Mapping[int, str]) -> HTTPStatusError:
    """The error for *reply*, whose status is not 200.

    Args:
        reply: what came.
        endpoint: where from.
        advice: what the dialect has to say about some statuses.
    """
    status = reply.status
    words = advice.get(status) or _COMMON.get(status) or excerpt(reply.body)
    if wants_tls(reply):
        words = "that is a port of TLS: the URL must begin with https://"
    if status in (401, 403):
        return AuthenticationError(f"{status} from {endpoint}: {words}", status=status, body=reply.body)
    if 300 <= status < 400:
        location = reply.header("location")
        where = "check the URL" if location is None else f"use {location!r} as URL"
        text = f"{status} from {endpoint}: redirects are not followed, {where}"
        return HTTPStatusError(text, status=status, body=reply.body, executed="no")
    if 400 <= status < 500 and status != 408:
        text = f"{status} from {endpoint}: {words}"
        return HTTPStatusError(text, status=status, body=reply.body, executed="no", retryable=status == 429)
    # The server may answer 500 after it has run the commands, and what stands before it knows nothing of that.
    text = f"{status} from {endpoint}: {words}"
    return HTTPStatusError(text, status=status, body=reply.body, retryable=status >= 500 or status == 408)


def wants_tls(reply: HTTPReply) -> bool:
    """Whether it is what Go's servers and nginx say to plain HTTP on a port of TLS."""
    return reply.status == 400 and b"HTTPS" in reply.body


def excerpt(body: bytes) -> str:
    """The beginning of a body, for people."""
    text = bytes(body)[:100].decode("utf-8", "replace").strip()
    return repr(text) if text else "an empty body"
