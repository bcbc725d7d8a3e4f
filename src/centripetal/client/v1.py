"""The clients of Centrifugo 1.x: every command as a method, and the buffer that gocent has."""

from typing import Any, Self, Unpack

from centripetal.client.awaiting import AwaitingBatch, AwaitingClient
from centripetal.client.base import Caller
from centripetal.client.blocking import BlockingBatch, BlockingClient
from centripetal.client.buffer import Buffer, Claim
from centripetal.client.call import Buffering, exported
from centripetal.client.methods import v1 as methods
from centripetal.client.options import ClientOptions
from centripetal.dialects.v1.codec import Codec
from centripetal.dialects.v1.replies import Response
from centripetal.errors import CentripetalError, ClientNotEmptyError, UsageError
from centripetal.protocol.command import Command, Prepared, R
from centripetal.transport.base import AsyncTransport, Transport

__all__ = ["AsyncBatch", "AsyncClient", "Batch", "Client"]


class _Buffered(Caller[Response], Buffering):
    """The buffer of both clients."""

    def __init__(self, url: str, secret: str | None) -> None:
        self._dialect = Codec(url, secret)
        self._secret = secret
        self._buffer = Buffer()

    @property
    def endpoint(self) -> str:
        """The address that requests go to; it ends in `/api/`."""
        return self._dialect.endpoint

    @property
    def secret(self) -> str | None:
        """The server's secret; None in a client that signs nothing."""
        return self._secret

    def add(self, command: Command[Any]) -> None:
        """Put any command into the buffer; nothing is sent before `send()`.

        Raises:
            UsageError: the server could not accept it.
        """
        try:
            self._buffer.add(self._dialect.prepare(command))
        except CentripetalError as error:
            error.command = command
            raise

    @property
    def pending(self) -> int:
        """How many commands wait in the buffer."""
        return len(self._buffer)

    def reset(self) -> None:
        """Forget the commands that wait in the buffer."""
        self._buffer.clear()

    def _prepared(self, command: Command[R], timeout: float | None) -> tuple[Prepared[R], float]:
        if self._buffer:
            raise ClientNotEmptyError(f"{len(self._buffer)} commands wait in the buffer: call send() or reset() first")
        return super()._prepared(command, timeout)

    def __repr__(self) -> str:
        if not hasattr(self, "_buffer"):  # in the traceback of an argument that was refused
            return f"<{type(self).__name__}, not set up>"
        return f"<{type(self).__name__} of Centrifugo 1.x at {self.endpoint}, {self.pending} commands waiting>"


def _given(secret: Any) -> str:
    """*secret*, unless it is None: a variable that was not set must not make a client that signs nothing."""
    if secret is None:
        raise UsageError("the secret is None; for a server with `insecure_api`, use Client.insecure(url)")
    text: str = secret
    return text


@exported("centripetal.v1")
class Batch(methods.Batch, BlockingBatch):
    """`with client.batch() as batch:` collects calls; each returns a slot that has the result afterwards."""


@exported("centripetal.v1")
class AsyncBatch(methods.AsyncBatch, AwaitingBatch):
    """`async with client.batch() as batch:` collects calls; each returns a slot that has the result afterwards."""


@exported("centripetal.v1")
class Client(methods.Client, _Buffered, BlockingClient[Response]):
    """A Centrifugo 1.x server's API, blocking.

    Args:
        url: the server's address, such as `http://localhost:8000`, with or without `/api`.
        secret: the `secret` of the server's configuration.
        timeout: seconds that one call may take in all; each call also takes its own `timeout=`.
        transport: your own way of making requests, instead of ours (see `centripetal.transport.base`).
        options: see `ClientOptions`: `group`, `on_request`; and what our transport is told: `max_response_bytes`,
            `max_connections`, `ssl_context`, `ca_file`, `unix_socket`.

    Raises:
        UsageError: a URL that cannot be used, an empty secret, a timeout that is no time.
    """

    def __init__(
        self,
        url: str,
        secret: str,
        *,
        timeout: float = 5.0,
        transport: Transport | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:
        self._set_up(url, _given(secret), timeout, transport, options)

    def _set_up(
        self, url: str, secret: str | None, timeout: float, transport: Transport | None, options: ClientOptions
    ) -> None:
        _Buffered.__init__(self, url, secret)
        BlockingClient.__init__(self, self._dialect, timeout, transport, **options)

    @classmethod
    def insecure(
        cls,
        url: str,
        *,
        timeout: float = 5.0,
        transport: Transport | None = None,
        **options: Unpack[ClientOptions],
    ) -> Self:
        """A client that signs nothing, for a server with `insecure_api` behind a firewall; else as the class."""
        client = cls.__new__(cls)
        client._set_up(url, None, timeout, transport, options)
        return client

    def batch(self, *, timeout: float | None = None) -> Batch:
        """Collect calls in a `with` block and send them as one request; the buffer plays no part in it."""
        return Batch(self, timeout)

    def send(self, *, timeout: float | None = None) -> list[Response]:
        """Send all that waits in the buffer in one request.

        Args:
            timeout: seconds for all of it, instead of the client's own limit.

        Returns:
            One `Response` a command, in their order; `[]`, without a request, if nothing waits. A command that the
            server refused does not raise here but in its `Response.result()`.

        Raises:
            CentripetalError: the request failed. Whatever fails, also by Ctrl-C, the buffer is as it was before.
        """
        claim = Claim()
        try:
            self._buffer.take(claim)
            return list(self._request(claim.calls, self._seconds(timeout))) if claim.items else []
        except BaseException:
            self._buffer.give_back(claim)
            raise


@exported("centripetal.v1")
class AsyncClient(methods.AsyncClient, _Buffered, AwaitingClient[Response]):
    """A Centrifugo 1.x server's API, awaited. The arguments are those of `Client`."""

    def __init__(
        self,
        url: str,
        secret: str,
        *,
        timeout: float = 5.0,
        transport: AsyncTransport | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:
        self._set_up(url, _given(secret), timeout, transport, options)

    def _set_up(
        self, url: str, secret: str | None, timeout: float, transport: AsyncTransport | None, options: ClientOptions
    ) -> None:
        _Buffered.__init__(self, url, secret)
        AwaitingClient.__init__(self, self._dialect, timeout, transport, **options)

    @classmethod
    def insecure(
        cls,
        url: str,
        *,
        timeout: float = 5.0,
        transport: AsyncTransport | None = None,
        **options: Unpack[ClientOptions],
    ) -> Self:
        """A client that signs nothing, for a server with `insecure_api` behind a firewall; else as the class."""
        client = cls.__new__(cls)
        client._set_up(url, None, timeout, transport, options)
        return client

    def batch(self, *, timeout: float | None = None) -> AsyncBatch:
        """Collect calls in an `async with` block and send them as one request; the buffer plays no part in it."""
        return AsyncBatch(self, timeout)

    async def send(self, *, timeout: float | None = None) -> list[Response]:
        """As `Client.send`; a cancelled one leaves the buffer as it was, too."""
        claim = Claim()
        try:
            self._buffer.take(claim)
            return list(await self._request(claim.calls, self._seconds(timeout))) if claim.items else []
        except BaseException:
            self._buffer.give_back(claim)
            raise
