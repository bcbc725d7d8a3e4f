"""The HTTP request and reply that clients and transports exchange, and the check of URLs."""

import re
from urllib.parse import SplitResult, quote

import msgspec

from centripetal.errors import UsageError
from centripetal.protocol.hosts import checked_host, checked_port, could_be_host
from centripetal.protocol.shown_url import shown_url

__all__ = ["HTTPReply", "HTTPRequest", "parse_url", "quoted_path"]


# Host in brackets or without, and port; all digits are ASCII digits.
_AUTHORITY = r"(?:\[([^\[\]]*)\]|([^:\[\]]*))(?::([0-9]*))?"
_WEBSOCKET_PATH = r"(?i)(?:^|/)connection/(?:uni_)?websocket/*$"
_IN_PATHS = "/%:@!$&'()*+,;=~"


class HTTPRequest(msgspec.Struct, eq=False):
    """A POST request.

    Attributes:
        url: absolute URL: `http://host:port/path` or `https://…`.
        headers: names and values; the transport adds `Host` and `Content-Length`.
        body: bytes to send unchanged, because they may be signed.
        others: number of other servers that can be tried if this one does not answer. A transport leaves time for them:
            it waits for a connection for at most 1 / (others + 1) of the time limit.
    """

    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    others: int = 0

    def __repr__(self) -> str:
        # Headers contain signatures and keys, the body contains published data: neither belongs in logs.
        return f"<HTTPRequest POST {self.url}, {len(self.body)} bytes>"


class HTTPReply(msgspec.Struct, eq=False):
    """A complete reply.

    Attributes:
        status: HTTP status code, 200 to 599.
        body: body without the transfer encoding.
        headers: names in lower case and values, in the order received.
    """

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()

    def header(self, name: str) -> str | None:
        """Return the value of the first header with *name* (in lower case), or None."""
        return next((value for key, value in self.headers if key == name), None)

    def __repr__(self) -> str:
        return f"<HTTPReply {self.status}, {len(self.body)} bytes>"


def parse_url(url: str, *, convert: bool = True) -> SplitResult:
    """Check that a client can post to *url*, and return its parts in ASCII: `geturl()` is the URL to use from then on.

    Args:
        url: an http or https URL.
        convert: whether to convert an international host name, see `checked_host`; False inside a call.

    Raises:
        UsageError: the URL is not text, is not http or https, has an invalid host or port, or contains credentials, a
            query or a fragment. The message contains none of the latter three.
    """
    if not issubclass(type(url), str):
        raise UsageError(f"the URL must be a str such as 'http://localhost:8000', not {type(url).__name__}")
    url = str.__str__(url)  # not str(): a subclass may return something else
    shown = shown_url(url)
    if re.match("(?i)wss?://", url):
        raise UsageError(f"the URL {shown!r} is for WebSocket clients: {_instead(url)}")
    if re.search("[\x00-\x20\x7f?#]", url):
        raise UsageError(
            f"the URL {shown!r} contains a query, a fragment or whitespace: pass only scheme, host, port and path"
        )
    if re.search("[\ud800-\udfff]", url):
        raise UsageError(f"the URL {shown!r} contains a lone surrogate, which cannot be encoded as UTF-8")
    scheme, separator, rest = url.partition("://")
    scheme = scheme.lower()
    if not separator or scheme not in ("http", "https"):
        if separator:
            raise UsageError(
                f"the URL {shown!r} does not start with http:// or https://: only http and https are supported"
            )
        written = re.match("(?i)(https?):/*", shown)  # without both slashes
        host = shown[written.end() if written else 0 :].lstrip("/") or "localhost:8000"
        if not could_be_host(host.partition("/")[0]):  # it may be a key in the wrong place
            raise UsageError(
                "the URL does not start with http:// or https://: pass the address of the server, such as "
                "'http://localhost:8000'"
            )
        hint = f"{written[1].lower() if written else 'http'}://{host}"
        raise UsageError(f"the URL {shown!r} does not start with http:// or https://: did you mean {hint!r}?")
    authority, slash, path = rest.partition("/")
    if "@" in authority:
        raise UsageError(
            "the URL contains a user name or password: pass credentials as arguments of the client instead"
        )
    found = re.fullmatch(_AUTHORITY, authority)
    if found is None:
        raise UsageError(f"invalid URL {shown!r}: its host or port is invalid")
    host, port = found[1] or found[2], found[3]
    if not host or (port and not port.strip("0")):
        raise UsageError(f"the URL {shown!r} has no valid host and port: use a URL such as 'http://localhost:8000'")
    if found[1] and ":" not in host:
        raise UsageError(f"invalid URL {shown!r}: only IPv6 addresses are written in brackets")
    try:
        host = checked_host(host, convert=convert)
        port = f":{checked_port(port)}" if port else ""
    except ValueError as error:
        why = "its host or port is invalid" if "@" in url else error  # the text may repeat what `shown` leaves out
        raise UsageError(f"invalid URL {shown!r}: {why}") from None
    if re.search(_WEBSOCKET_PATH, path):
        raise UsageError(f"the URL {shown!r} is for WebSocket clients: {_instead(url)}")
    netloc = f"[{host}]{port}" if found[1] else f"{host}{port}"
    return SplitResult(scheme, netloc, slash + quoted_path(path), "", "")


def _instead(url: str) -> str:
    """Return advice about *url*, to which WebSocket clients connect."""
    scheme, _, address = url.partition("://")
    scheme = "https" if scheme.lower() in ("wss", "https") else "http"
    address = re.sub(rf"{_WEBSOCKET_PATH}|/+$", "", re.split("[?#]", address)[0])
    if "@" in url or not address:  # a user name or a password may contain any character
        address = "localhost:8000"
    return f"pass the address of the HTTP API, {shown_url(f'{scheme}://{address}')!r}"


def quoted_path(path: str) -> str:
    """Return *path* in ASCII, with the characters that a path cannot contain percent-encoded."""
    return quote(path, safe=_IN_PATHS)
