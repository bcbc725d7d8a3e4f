"""Transports without a network, for tests: a function answers the requests, and each request is kept.

transport = MemoryTransport(lambda request: HTTPReply(200, b'[{"method":"publish","error":null,"body":null}]'))
client = Client("http://localhost:8000", "secret", transport=transport)
"""

from collections.abc import Callable

from centripetal.protocol.http import HTTPReply, HTTPRequest

__all__ = ["AwaitingMemoryTransport", "MemoryTransport"]

Handler = Callable[[HTTPRequest], HTTPReply]


class MemoryTransport:
    """A `Transport` whose server is *handler*.

    Args:
        handler: gives the reply to a request, or raises what `send` shall raise.

    Attributes:
        requests: all requests so far, in order.
    """

    def __init__(self, handler: Handler) -> None:
        self.requests: list[HTTPRequest] = []
        self._handler = handler

    def send(self, request: HTTPRequest, timeout: float) -> HTTPReply:  # noqa: ARG002  # the contract's parameter
        """Keep *request* and return the handler's reply, however long that takes."""
        self.requests.append(request)
        return self._handler(request)

    def close(self) -> None:
        """Do nothing; there is nothing to close."""


class AwaitingMemoryTransport:
    """`MemoryTransport` as an `AsyncTransport`."""

    def __init__(self, handler: Handler) -> None:
        self._transport = MemoryTransport(handler)
        self.requests = self._transport.requests

    async def send(self, request: HTTPRequest, timeout: float) -> HTTPReply:
        """Keep *request* and return the handler's reply."""
        return self._transport.send(request, timeout)

    async def close(self) -> None:
        """Do nothing; there is nothing to close."""
