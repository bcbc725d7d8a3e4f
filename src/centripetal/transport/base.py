"""Interface of transports. Implement it to use another HTTP library (`examples/httpx_transport.py` shows how).

A transport sends the POST that an `HTTPRequest` describes and returns the complete reply, whatever its status. It
raises only errors of `centripetal.errors`, and sets their `executed` to "no" if the server cannot have seen the
request. It must support calls from many threads (or tasks) at once.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Protocol, TypedDict

from centripetal.protocol.http import HTTPReply, HTTPRequest

if TYPE_CHECKING:
    # Importing ssl is slow, and programs without TLS do not need it.
    import ssl

__all__ = ["AsyncTransport", "HTTPReply", "HTTPRequest", "Transport", "TransportOptions"]


class TransportOptions(TypedDict, total=False):
    """Options of the built-in transports.

    Attributes:
        max_response_bytes: maximum size of a reply's body, 64 MiB by default; a larger body raises a
            `MalformedResponseError`.
        max_connections: maximum number of idle connections to keep, 64 by default; 0 keeps no idle connections.
        max_idle: seconds after which an idle connection is not reused, 55 by default; None for no limit. If the server
            announces a shorter time (`Keep-Alive: timeout=5`), the shorter time counts.
        ssl_context: TLS settings; by default, certificates are verified against the system's authorities.
        ca_file: path of a file with PEM certificates to verify against, instead of the system's authorities.
        unix_socket: path of a Unix socket to connect to, instead of the URL's host and port.
        headers: additional headers of every request, for a gateway in front of the server: a mapping, or pairs of names
            and values. Headers that the client sends itself are refused.
        http_proxy: URL of an HTTP proxy to send requests through, with user name and password if it needs a login:
            `http://user:password@proxy.example.com:3128`. The proxy opens a tunnel to an https server (`CONNECT`), and
            forwards requests to an http server.
        trust_env: whether to take the proxy from the environment variables `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`
            when the client is created; False by default. `http_proxy` and `unix_socket` take precedence.
    """

    max_response_bytes: int
    max_connections: int
    max_idle: float | None
    ssl_context: "ssl.SSLContext"
    ca_file: str
    unix_socket: str
    headers: Mapping[str, str] | Iterable[tuple[str, str]]
    http_proxy: str | None
    trust_env: bool


class Transport(Protocol):
    """A transport whose calls block."""

    def send(self, request: HTTPRequest, timeout: float) -> HTTPReply:
        """Send *request* and return the reply.

        Args:
            request: request to send.
            timeout: seconds until the reply must be complete, including the time to connect.

        Raises:
            ConnectError: the connection could not be opened (`executed` is "no").
            TimeoutError: the reply was not complete in time.
            ConnectionLostError: the connection broke; `executed` is "no" only if the server accepted no byte of the
                request.
            MalformedResponseError: the reply is not HTTP, or exceeds a limit.
        """
        ...

    def close(self) -> None:
        """Close idle connections. The transport can still be used afterwards, and opens new connections."""
        ...


class AsyncTransport(Protocol):
    """A transport whose calls are awaited."""

    async def send(self, request: HTTPRequest, timeout: float) -> HTTPReply:
        """Like `Transport.send`; a cancelled call must not leave a half-used connection behind."""
        ...

    async def close(self) -> None:
        """Like `Transport.close`."""
        ...
