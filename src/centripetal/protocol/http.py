"""What travels between a client and a server: one HTTP request, one reply. Any transport carries these two."""

import re
from urllib.parse import SplitResult, urlsplit

import msgspec

from centripetal.errors import UsageError

__all__ = ["HTTPReply", "HTTPRequest", "parse_url"]


_USER_INFO = r"(?s)//.*@"  # it may hold a password, perhaps with a slash: that belongs in no error


class HTTPRequest(msgspec.Struct, eq=False):
    """A POST to make.

    Attributes:
        url: where to, absolute: `http://host:port/path` or `https://…`.
        headers: names and values; `Host` and `Content-Length` are for the transport to add.
        body: the bytes to send, exactly these (they may be signed).
    """

    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def __repr__(self) -> str:
        # Headers hold signatures and keys, the body what users publish: neither belongs in a log.
        return f"<HTTPRequest POST {self.url}, {len(self.body)} bytes>"


class HTTPReply(msgspec.Struct, eq=False):
    """The answer to a request, whole.

    Attributes:
        status: the HTTP status, 200 to 599.
        body: the bytes, with transfer encoding removed.
        headers: names in lower case and values, in the order received.
    """

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()

    def header(self, name: str) -> str | None:
        """The value of the first header called *name* (lower case), or None."""
        return next((value for key, value in self.headers if key == name), None)

    def __repr__(self) -> str:
        return f"<HTTPReply {self.status}, {len(self.body)} bytes>"


def parse_url(url: str) -> SplitResult:
    """*url* in its parts, if a client can post to it.

    Raises:
        UsageError: no text, no http or https scheme, no host, a bad port, credentials, a query or a fragment.
    """
    if not isinstance(url, str):
        raise UsageError(f"the URL must be text such as 'http://localhost:8000', not {type(url).__name__}")
    shown = re.sub(_USER_INFO, "//…@", url)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        why = str(error) if shown == url else "write a URL without user name and password"
        raise UsageError(f"the URL {shown!r} cannot be read: {why}") from None
    if parts.scheme not in ("http", "https"):
        host = shown.lstrip("/") or "localhost:8000"
        hint = f"did you mean 'http://{host}'?" if "://" not in url else "only http and https are spoken"
        raise UsageError(f"the URL {shown!r} does not start with http:// or https://: {hint}")
    if not parts.hostname or port == 0:
        raise UsageError(f"the URL {shown!r} names no host to connect to: write 'http://localhost:8000'")
    if parts.username is not None or parts.password is not None:
        raise UsageError("the URL carries a user name or password; credentials are arguments of the client instead")
    if "?" in url or "#" in url or any(c <= " " or c == "\x7f" for c in url):
        raise UsageError(
            f"the URL {url!r} has a query, a fragment or white space: give scheme, host, port and path only"
        )
    return parts
