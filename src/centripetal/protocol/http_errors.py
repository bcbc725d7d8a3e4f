"""Errors for replies with a status other than 200; dialects only add advice for some statuses."""

from collections.abc import Callable, Mapping

from centripetal.errors import AuthenticationError, HTTPStatusError
from centripetal.protocol.http import HTTPReply
from centripetal.protocol.intermediaries import excerpt, in_front
from centripetal.protocol.redirects import redirect_advice
from centripetal.protocol.retry_after import retry_after

__all__ = ["http_error", "wants_tls"]

_COMMON = {
    413: "the request is too large for a proxy in front of the server: send fewer commands at once",
}


def http_error(
    reply: HTTPReply, endpoint: str, advice: Mapping[int, str], *, url: str, base_of: Callable[[str], str]
) -> HTTPStatusError:
    """Return the error for *reply*, whose status is not 200.

    Args:
        reply: the reply.
        endpoint: address of the API.
        advice: the dialect's advice about replies of Centrifugo, by status code.
        url: URL that the request was sent to.
        base_of: returns the address of the API for the URL of a client; raises `UsageError` for an invalid URL.
    """
    status = reply.status
    start = f"{status} from {endpoint}: "
    if 300 <= status < 400:
        where = redirect_advice(reply.header("location"), url, endpoint, base_of)
        return HTTPStatusError(
            f"{start}redirects are not followed: {where}", status=status, body=reply.body, executed="no"
        )
    if wants_tls(reply):
        sender, words = "", "this port expects TLS: the URL must begin with https://"
    else:
        sender = in_front(reply)
        words = sender or advice.get(status) or _COMMON.get(status) or excerpt(reply.body)
    # The server may answer 500 after it has executed the commands, and a proxy cannot tell whether it has.
    refused = 400 <= status < 500 and status != 408
    retryable = status >= 500 or status in (408, 429)
    wait = reply.header("retry-after")
    if retryable and wait is not None:
        words = f"{words} (Retry-After: {wait:.40})"
    kind = AuthenticationError if status in (401, 403) else HTTPStatusError
    error = kind(start + words, status=status, body=reply.body, executed="no" if refused else None, retryable=retryable)
    reply.body = error.body  # frames of the error's traceback hold the reply: a page of megabytes must not stay
    error.in_front = bool(sender)
    error.retry_after, error.retry_at = retry_after(reply)
    return error


def wants_tls(reply: HTTPReply) -> bool:
    """Return whether *reply* is the answer of a Go server or nginx to plain HTTP on a TLS port."""
    return reply.status == 400 and b"HTTPS" in reply.body[:4096]
