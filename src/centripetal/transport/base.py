"""The contract of a transport: one method. Yours plugs in by it (`examples/httpx_transport.py` shows one).

A transport makes the POST that an `HTTPRequest` describes and returns the whole reply, whatever its status. It raises
only errors of `centripetal.errors`, and sets their `executed`: "no" if the server cannot have seen the request.
It may be called from many threads (or tasks) at once.
"""

from typing import Protocol

from centripetal.protocol.http import HTTPReply, HTTPRequest

__all__ = ["AsyncTransport", "HTTPReply", "HTTPRequest", "Transport"]


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
