"""Transports without a network, for tests: a function returns the replies, and every request is recorded.

transport = MemoryTransport(lambda request: HTTPReply(200, b'[{"method":"publish","error":null,"body":null}]'))
client = Client("http://localhost:8000", "secret", transport=transport)
"""

from collections.abc import Callable

from centripetal.protocol.http import HTTPReply, HTTPRequest

__all__ = ["AwaitingMemoryTransport", "MemoryTransport"]

Handler = Callable[[HTTPRequest], HTTPReply]


class MemoryTransport:
    """A `Transport` that calls *handler* instead of a server.

    Args:
        handler: returns the reply to a request, or raises the error that `send` raises.

    Attributes:
        requests: all requests so far, in order.
    """

    def __init__(self, handler: Handler) -> None:
        self.requests: list[HTTPRequest] = []
        self._handler = handler

    def send(self, request: HTTPRequest, timeout: float) -> HTTPReply:  # noqa: ARG002  # a parameter of the interface
        """Record *request* and return the handler's reply. *timeout* is not enforced."""
        self.requests.append(request)
        return self._handler(request)

    def close(self) -> None:
        """Do nothing: this transport has no connections."""


class AwaitingMemoryTransport:
    """An `AsyncTransport` like `MemoryTransport`."""

    def __init__(self, handler: Handler) -> None:
        self._transport = MemoryTransport(handler)
        self.requests = self._transport.requests

    async def send(self, request: HTTPRequest, timeout: float) -> HTTPReply:
        """Record *request* and return the handler's reply."""
        return self._transport.send(request, timeout)

    async def close(self) -> None:
        """Do nothing: this transport has no connections."""
