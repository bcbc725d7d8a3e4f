"""Tunnels through HTTP proxies: the CONNECT request and the reply to it (RFC 9110, section 9.3.6). PURE.

Every failure is a `ConnectError`: the tunnel was not opened, so the server has not seen the request.
"""

import re
from typing import Final

from centripetal.errors import ConnectError
from centripetal.protocol.http1 import MAX_HEADER_BYTES, TLS_ALERT
from centripetal.protocol.proxies import Proxy
from centripetal.protocol.targets import Origin
from centripetal.version import __version__

__all__ = ["ConnectReply", "connect_request", "wants_login"]

_PREFIX = b"HTTP/1."
_STATUS = rb"HTTP/1\.[0-9] ([1-5][0-9][0-9])(?:[ \t][^\r\n]*)?"
_END = re.compile(rb"\r?\n\r?\n")
_BASIC = rb"(?im)^proxy-authenticate:[^\n]*\bbasic\b"
_OTHER_LOGIN = rb"(?im)^proxy-authenticate:[ \t]*[a-z]"
_UNREACHABLE: Final = (500, 502, 503, 504)
_LATER: Final = (*_UNREACHABLE, 408, 429)


def connect_request(origin: Origin, proxy: Proxy) -> memoryview:
    """Return the request that opens a tunnel to *origin*; its repr does not show the proxy's password."""
    place = _authority(origin)
    head = f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\nUser-Agent: centripetal/{__version__}\r\n"
    return memoryview(f"{head}{proxy.authorization}\r\n".encode("latin-1"))


def wants_login(proxy: Proxy, head: bytes = b"") -> ConnectError:
    """Return the error for a reply of *proxy* with the status 407; *head* is the head of the reply, if it is known."""
    if re.search(_OTHER_LOGIN, head) and not re.search(_BASIC, head):
        advice = "it does not accept Basic, the only login that is supported: pass a transport of your own"
    elif proxy.authorization:
        advice = f"it refuses the user name or the password in the URL of {proxy.source}"
    else:
        advice = (
            f"it wants a login: write user name and password into the URL of {proxy.source}, as in "
            "'http://user:password@proxy.example.com:3128'"
        )
    return ConnectError(f"the proxy {proxy} replied 407: {advice}", retryable=False)


class ConnectReply:
    """Parser of the reply of *proxy* to the request for a tunnel to *origin*."""

    def __init__(self, origin: Origin, proxy: Proxy) -> None:
        self._place = _authority(origin)
        self._proxy = proxy
        self._held = b""
        self._size = 0

    def feed(self, data: bytes) -> bool:
        """Parse received bytes; return whether the tunnel is open. No bytes are the end of the connection.

        Raises:
            ConnectError: the proxy refused, closed the connection, or did not reply with HTTP.
        """
        if not data:
            raise self.closed()
        self._held += data
        self._size += len(data)
        while (end := _END.search(self._held)) is not None:
            head, self._held = self._held[: end.start()], self._held[end.end() :]
            status = self._status(head)
            if 200 <= status <= 299:
                if self._held:
                    raise self._error("sent data before the server could: this is not a tunnel")
                return True
            if status >= 200 or status == 101:
                raise self._refusal(status, head)
        if not self._held.startswith(_PREFIX) and not _PREFIX.startswith(self._held):
            self._status(self._held)
        if self._size > MAX_HEADER_BYTES:
            raise self._error(f"sent more than {MAX_HEADER_BYTES} bytes before it opened the tunnel")
        return False

    def closed(self) -> ConnectError:
        """Return the error for a connection that ended before the reply."""
        proxy = self._proxy
        return ConnectError(
            f"the proxy {proxy} closed the connection instead of opening a tunnel to {self._place}. Does it allow "
            f"connections to this port, and is {proxy.source} the address of an HTTP proxy?"
        )

    def _status(self, head: bytes) -> int:
        line = re.match(rb"[^\r\n]*", head)
        found = re.fullmatch(_STATUS, line[0] if line else b"")
        if found is None:
            if head.startswith(TLS_ALERT):
                raise self._error("uses TLS on this port, which is not supported: use its port for plain HTTP")
            raise self._error(f"did not reply with HTTP: is {self._proxy.source} the address of an HTTP proxy?")
        return int(found[1])

    def _refusal(self, status: int, head: bytes) -> ConnectError:
        proxy = self._proxy
        if status == 407:
            return wants_login(proxy, head)
        if status in _UNREACHABLE:
            advice = "it cannot reach the server. Is the address correct, and is Centrifugo running?"
        elif status in (400, 401, 403):
            advice = "it does not allow this connection: allow the server and its port in the proxy"
        else:
            advice = f"is {proxy.source} the address of an HTTP proxy that supports CONNECT?"
        text = f"the proxy {proxy} replied {status} to CONNECT {self._place}: {advice}"
        return ConnectError(text, retryable=status in _LATER)

    def _error(self, problem: str) -> ConnectError:
        return ConnectError(f"the proxy {self._proxy} {problem}", retryable=False)


def _authority(origin: Origin) -> str:
    """Return host and port of *origin*, without the zone, which is only meaningful on this machine."""
    return origin._replace(host=origin.host.partition("%")[0]).place
