"""The HTTP request and reply that clients and transports exchange, and the check of URLs."""

from urllib.parse import SplitResult, urlsplit

import msgspec

from centripetal.errors import UsageError
from centripetal.protocol.shown_url import shown_url

__all__ = ["HTTPReply", "HTTPRequest", "parse_url"]


class HTTPRequest(msgspec.Struct, eq=False):
    """A POST request.

    Attributes:
        url: absolute URL: `http://host:port/path` or `https://…`.
        headers: names and values; the transport adds `Host` and `Content-Length`.
        body: bytes to send unchanged, because they may be signed.
    """

    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

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


def parse_url(url: str) -> SplitResult:
    """Check that a client can post to *url*, and return its parts.

    Raises:
        UsageError: the URL is not text, is not http or https, has no host, has an invalid port, or contains
            credentials, a query or a fragment.
    """
    if not issubclass(type(url), str):
        raise UsageError(f"the URL must be a str such as 'http://localhost:8000', not {type(url).__name__}")
    url = str.__str__(url)
    shown = shown_url(url)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        why = str(error) if shown == url else "use a URL without a user name and password"
        raise UsageError(f"invalid URL {shown!r}: {why}") from None
    if parts.scheme not in ("http", "https"):
        host = shown.lstrip("/") or "localhost:8000"
        hint = f"did you mean 'http://{host}'?" if "://" not in url else "only http and https are supported"
        raise UsageError(f"the URL {shown!r} does not start with http:// or https://: {hint}")
    if not parts.hostname or port == 0:
        raise UsageError(f"the URL {shown!r} has no valid host and port: use a URL such as 'http://localhost:8000'")
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            "the URL contains a user name or password: pass credentials as arguments of the client instead"
        )
    if "?" in url or "#" in url or any(c <= " " or c == "\x7f" for c in url):
        raise UsageError(
            f"the URL {shown!r} contains a query, a fragment or whitespace: pass only scheme, host, port and path"
        )
    return parts
