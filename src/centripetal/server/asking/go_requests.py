"""HTTP requests as Go's client sends them, and its rules for redirects (Go 1.26, `net/http`): PURE.

The real server asks the application with this client (protocol 6: proxy-requests).
"""

import base64
import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote_to_bytes, urljoin, urlsplit

from centripetal.errors import UsageError
from centripetal.protocol.hosts import checked_host, checked_port
from centripetal.protocol.http import HTTPReply, HTTPRequest, quoted_path
from centripetal.protocol.http1 import RequestWriter
from centripetal.protocol.targets import Origin

__all__ = ["MOST_REQUESTS", "GoRequest", "GoRequestWriter", "redirected", "target_of_url"]

MOST_REQUESTS = 10
"""Maximum number of requests for one question: the redirect of the last one is an error."""

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NOT_IN_VALUE = re.compile("[\x00-\x08\x0a-\x1f\x7f]")
_SPACE = re.compile("[\x00-\x20\x7f]")
_UNSET = ("Host", "Content-Length", "Transfer-Encoding", "Trailer", "User-Agent")  # the writer writes these itself
_OF_BODY = ("Content-Encoding", "Content-Language", "Content-Location", "Content-Type")
_SENSITIVE = (
    *("Authorization", "Www-Authenticate", "Cookie", "Cookie2"),
    *("Proxy-Authorization", "Proxy-Authenticate"),
)


class GoRequest(HTTPRequest, eq=False, kw_only=True):
    """A request with a method.

    Attributes:
        method: "POST", or "GET" without a body.
        strips: whether a redirect led to another host, so that the sensitive headers are left out.
    """

    method: str = "POST"
    strips: bool = False


class Target(NamedTuple):
    """The parts of a URL that a request needs."""

    origin: Origin
    host: str
    path: str
    authorization: str


@lru_cache(maxsize=256)
def target_of_url(url: str) -> Target:
    """Return the parts of *url*, which may have credentials and a query.

    Raises:
        UsageError: it is not an HTTP URL.
    """
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or _SPACE.search(parts.netloc):
            raise ValueError("it does not begin with http:// or https://")
        host = checked_host(parts.hostname or "")
        port = checked_port(str(parts.port)) if parts.port is not None else ""
    except ValueError as error:
        raise UsageError(f"the URL of the application cannot be used: {error}") from None
    secure = parts.scheme == "https"
    name = f"[{host.partition('%')[0]}]" if ":" in host else host
    query = f"?{quoted_path(parts.query)}" if parts.query else ""
    return Target(
        Origin(secure, host, int(port) if port else 443 if secure else 80),
        f"{name}:{port}" if port else name,
        (quoted_path(parts.path) or "/") + query,
        _basic(parts.username, parts.password),
    )


def _basic(username: str | None, password: str | None) -> str:
    if username is None:
        return ""
    pair = b":".join(unquote_to_bytes(part or "") for part in (username, password))
    return f"Basic {base64.b64encode(pair).decode()}"


class GoRequestWriter(RequestWriter):
    """Encoder of requests with the headers of Go's client, in its order."""

    __slots__ = ()

    def write(self, request: HTTPRequest) -> tuple[Origin, memoryview]:
        """Return the origin that *request* must be sent to, and its bytes.

        Raises:
            UsageError: invalid URL or header. The message does not contain the header's value.
        """
        assert isinstance(request, GoRequest)
        target = target_of_url(request.url)
        headers = {name for name, _ in request.headers}
        agent = next((value for name, value in request.headers if name == "User-Agent"), "Go-http-client/1.1")
        lines = [f"{request.method} {target.path} HTTP/1.1", f"Host: {target.host}"]
        if agent:
            lines.append(f"User-Agent: {agent}")
        if request.method == "POST":
            lines.append(f"Content-Length: {len(request.body)}")
        sent = [header for header in request.headers if header[0] not in _UNSET]
        if target.authorization and "Authorization" not in headers:
            sent.append(("Authorization", target.authorization))
        for name, value in sorted(sent, key=lambda header: header[0]):
            if not _NAME.fullmatch(name) or _NOT_IN_VALUE.search(value):
                raise UsageError(f"the header {name!r:.80} cannot be sent: its name or value is invalid in HTTP")
            shown = value.strip(" \t")
            lines.append(f"{name}: {shown}")
        if "Accept-Encoding" not in headers and "Range" not in headers:
            lines.append("Accept-Encoding: gzip")
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        return target.origin, memoryview(head + request.body)


def redirected(first: GoRequest, last: GoRequest, reply: HTTPReply) -> GoRequest | None:
    """Return the next request if *reply* to the *last* request is a redirect, or None if it is the answer.

    Args:
        first: the first request for the question, whose headers and body are sent again.
        last: the request that got the reply.
        reply: the reply.

    Raises:
        UsageError: the redirect leads to an address that cannot be asked.
    """
    location = reply.header("location")
    if reply.status not in (301, 302, 303, 307, 308) or not location:
        return None
    try:
        url = urljoin(last.url, location)
    except ValueError:
        raise UsageError("the application redirects to an invalid address") from None
    keeps = reply.status in (307, 308)
    method = last.method if keeps else "GET"
    body = last.body if keeps else b""
    strips = last.strips or not _may_keep(target_of_url(first.url).origin.host, target_of_url(url).origin.host)
    left_out = (*(_SENSITIVE if strips else ()), *(() if body else _OF_BODY))
    headers = [header for header in first.headers if header[0] not in left_out]
    if (referer := _referer(last.url, url)) and all(name != "Referer" for name, _ in headers):
        headers.append(("Referer", referer))
    return GoRequest(url=url, headers=tuple(headers), body=body, method=method, strips=strips)


def _may_keep(first: str, host: str) -> bool:
    """Return whether *host* is the *first* host or a subdomain of it, which gets the sensitive headers too."""
    return host == first or (":" not in host and host.endswith(f".{first}"))


def _referer(url: str, following: str) -> str:
    before, after = urlsplit(url), urlsplit(following)
    if before.scheme == "https" and after.scheme == "http":
        return ""
    return before._replace(netloc=before.netloc.rpartition("@")[2], fragment="").geturl()
