"""The contract of a transport: one method. Yours plugs in by it (`examples/httpx_transport.py` shows one).

A transport makes the POST that an `HTTPRequest` describes and returns the whole reply, whatever its status. It raises
only errors of `centripetal.errors`, and sets their `executed`: "no" if the server cannot have seen the request.
It may be called from many threads (or tasks) at once.
"""

from typing import TYPE_CHECKING, Protocol, TypedDict

from centripetal.protocol.http import HTTPReply, HTTPRequest

if TYPE_CHECKING:
    # Importing ssl takes long; who uses TLS pays for it, once, and nobody else does.
    import ssl

__all__ = ["AsyncTransport", "HTTPReply", "HTTPRequest", "Transport", "TransportOptions"]


class TransportOptions(TypedDict, total=False):
    """What our own transports can be told.

    Attributes:
        max_response_bytes: the largest body of a reply that is read, 64 MiB unless given; a larger one is a
            `MalformedResponseError`.
        max_connections: how many idle connections are kept, 64 unless given; 0: none.
        ssl_context: how to speak TLS, instead of the default: verify against the system's authorities.
        ca_file: a file of PEM certificates to verify against, instead of the system's authorities.
        unix_socket: the path of a Unix socket to connect to, whatever host the URL names.
    """

    max_response_bytes: int
    max_connections: int
    ssl_context: "ssl.SSLContext"
    ca_file: str
    unix_socket: str


class Transport(Protocol):
    """Carries requests, blocking."""

    def send(self, request: HTTPRequest, timeout: float) -> HTTPReply:
        """Make *request* and return the reply.

        Args:
            request: what to send.
            timeout: seconds until the whole reply must be here, connecting included.

        Raises:
            ConnectError: no connection (`executed` is "no").
            TimeoutError: the time ran out.
            ConnectionLostError: the connection broke; `executed` is "no" only if no byte of the request was sent.
            MalformedResponseError: the answer is not HTTP, or over a limit.
        """
        ...

    def close(self) -> None:
        """Close idle connections. A transport that is used again afterwards opens new ones."""
        ...


class AsyncTransport(Protocol):
    """Carries requests, awaited."""

    async def send(self, request: HTTPRequest, timeout: float) -> HTTPReply:
        """As `Transport.send`; a cancelled call leaves no half-used connection behind."""
        ...

    async def close(self) -> None:
        """As `Transport.close`."""
        ...
