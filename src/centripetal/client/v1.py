"""Clients for Centrifugo 1.x: every command as a method, and a command buffer as in gocent."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Self, Unpack, cast

from centripetal.client.awaiting import AwaitingBatch, AwaitingClient
from centripetal.client.base import BaseClient, name_limit
from centripetal.client.blocking import BlockingBatch, BlockingClient
from centripetal.client.buffer import Buffer, Claim
from centripetal.client.call import Buffering, exported
from centripetal.client.methods import v1 as methods
from centripetal.client.options import ClientOptions, DriverOptions, check_known
from centripetal.client.servers import addresses, codec_for
from centripetal.dialects.v1.codec import Codec
from centripetal.dialects.v1.commands import Publish
from centripetal.dialects.v1.replies import Response
from centripetal.errors import CentripetalError, ClientNotEmptyError, UsageError
from centripetal.protocol.checks import reading
from centripetal.protocol.command import Command, Prepared, R
from centripetal.protocol.discreet import discreet
from centripetal.transport.base import AsyncTransport, Transport

__all__ = ["AsyncBatch", "AsyncClient", "Batch", "Client"]


class _Buffered(BaseClient[Response], Buffering):
    """The command buffer of both clients."""

    _publish = Publish

    def _take(self, url: str | Sequence[str], secret: str | None, options: ClientOptions) -> DriverOptions:
        """Create the codec, and return the options that it does not use."""
        check_known(options, ClientOptions, self)
        encoder = options.pop("encoder", None)
        with reading("url or secret"):
            self._dialect = codec_for(url, partial(Codec, secret=secret, encoder=encoder))
        self._secret = secret
        self._buffer = Buffer()
        return cast(DriverOptions, options)

    @property
    def endpoint(self) -> str:
        """URL that requests are sent to; it ends in `/api/`. With several servers, the URL of the one in use."""
        return self._dialect.endpoint

    @property
    def secret(self) -> str | None:
        """The server's secret; None if the client does not sign its requests."""
        return self._secret

    def add(self, command: Command[Any]) -> None:
        """Add any command to the buffer; `send()` sends it.

        Raises:
            UsageError: the server would reject the command.
        """
        try:
            self._buffer.add(self._dialect.prepare(command))
        except CentripetalError as error:
            error.command = command
            raise

    @property
    def pending(self) -> int:
        """Number of commands in the buffer."""
        return len(self._buffer)

    def reset(self) -> None:
        """Remove all commands from the buffer."""
        self._buffer.clear()

    def _prepared(self, command: Command[R], timeout: float | None) -> tuple[Prepared[R], float]:
        if self._buffer:
            raise ClientNotEmptyError(f"the buffer holds {len(self._buffer)} commands: call send() or reset() first")
        return super()._prepared(command, timeout)

    def __repr__(self) -> str:
        if not hasattr(self, "_buffer"):  # shown in the traceback of an invalid argument
            return f"<{type(self).__name__}, not set up>"
        servers = addresses(self._dialect, self._via)
        return f"<{type(self).__name__} of Centrifugo 1.x at {servers}, {self.pending} commands waiting>"


def _given(secret: Any) -> str:
    """Return *secret*; reject None, because an unset variable must not create a client that does not sign."""
    if secret is None:
        raise UsageError(
            "secret is None: pass the server's secret, or use Client.insecure(url) for a server with `insecure_api`"
        )
    text: str = secret
    return text


@exported("centripetal.v1")
class Batch(methods.Batch, BlockingBatch):
    """Batch of calls: `with client.batch() as batch:`. Each call returns a slot that later holds its result."""


@exported("centripetal.v1")
class AsyncBatch(methods.AsyncBatch, AwaitingBatch):
    """Batch of calls: `async with client.batch() as batch:`. Each call returns a slot that later holds its result."""


@exported("centripetal.v1")
class Client(methods.Client, _Buffered, BlockingClient[Response]):
    """Blocking client for the API of a Centrifugo 1.x server.

    Args:
        url: address of the server, such as `http://localhost:8000`, with or without `/api`; or a list of addresses of
            servers with the same configuration. With a list, calls go to one server until it cannot be reached or a
            gateway replies 502, 503 or 504 for it, and then to the next.
        secret: `secret` of the server's configuration.
        timeout: time limit of one call in seconds; each call also accepts `timeout=`.
        transport: custom transport, instead of the built-in transport (see `centripetal.transport.base`).
        options: `group`, `on_request` and `encoder` (see `ClientOptions`); `max_response_bytes`, `max_connections`,
            `max_idle`, `ssl_context`, `ca_file`, `unix_socket`, `headers`, `http_proxy` and `trust_env` (see
            `TransportOptions`).

    Raises:
        UsageError: invalid URL, empty secret, or invalid timeout or option.
    """

    @discreet
    def __init__(
        self,
        url: str | Sequence[str],
        secret: str,
        *,
        timeout: float = 5.0,
        transport: Transport | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:
        self._set_up(url, _given(secret), timeout, transport, options)

    def _set_up(
        self,
        url: str | Sequence[str],
        secret: str | None,
        timeout: float,
        transport: Transport | None,
        options: ClientOptions,
    ) -> None:
        others = self._take(url, secret, options)
        BlockingClient.__init__(self, self._dialect, timeout, transport, **others)

    @classmethod
    @discreet
    def insecure(
        cls,
        url: str | Sequence[str],
        *,
        timeout: float = 5.0,
        transport: Transport | None = None,
        **options: Unpack[ClientOptions],
    ) -> Self:
        """Create a client that does not sign requests, for a server with `insecure_api` behind a firewall."""
        client = cls.__new__(cls)
        client._set_up(url, None, timeout, transport, options)
        return client

    def batch(self, *, timeout: float | None = None, raise_errors: bool = False) -> Batch:
        """Collect calls in a `with` block and send them as one request, independently of the buffer.

        Args:
            timeout: time limit of the whole batch in seconds.
            raise_errors: raise the errors of failed commands at the end of the block: one error as itself, several as
                an `ExceptionGroup`. All results and errors can still be read.
        """
        return Batch(self, timeout, raise_errors=raise_errors)

    def send(self, *, timeout: float | None = None) -> list[Response]:
        """Send all commands of the buffer in one request.

        Args:
            timeout: time limit of the request in seconds, instead of the client's limit.

        Returns:
            One `Response` per command, in order; `[]`, without a request, if the buffer is empty. If the server
            rejected a command, its `Response.result()` raises the error.

        Raises:
            CentripetalError: the request failed. After any failure, also Ctrl-C, the buffer holds its commands again.
        """
        claim = Claim()
        try:
            try:
                self._buffer.take(claim)
                return list(self._request(claim.calls, self._seconds(timeout))) if claim.items else []
            except BaseException:
                self._buffer.give_back(claim)
                raise
        except BaseException as error:  # again, because a second interrupt can strike meanwhile
            self._buffer.give_back(claim)
            name_limit(error, self._limit_of(timeout))
            raise


@exported("centripetal.v1")
class AsyncClient(methods.AsyncClient, _Buffered, AwaitingClient[Response]):
    """Asyncio client for the API of a Centrifugo 1.x server. Takes the same arguments as `Client`."""

    @discreet
    def __init__(
        self,
        url: str | Sequence[str],
        secret: str,
        *,
        timeout: float = 5.0,
        transport: AsyncTransport | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:
        self._set_up(url, _given(secret), timeout, transport, options)

    def _set_up(
        self,
        url: str | Sequence[str],
        secret: str | None,
        timeout: float,
        transport: AsyncTransport | None,
        options: ClientOptions,
    ) -> None:
        others = self._take(url, secret, options)
        AwaitingClient.__init__(self, self._dialect, timeout, transport, **others)

    @classmethod
    @discreet
    def insecure(
        cls,
        url: str | Sequence[str],
        *,
        timeout: float = 5.0,
        transport: AsyncTransport | None = None,
        **options: Unpack[ClientOptions],
    ) -> Self:
        """Create a client that does not sign requests, for a server with `insecure_api` behind a firewall."""
        client = cls.__new__(cls)
        client._set_up(url, None, timeout, transport, options)
        return client

    def batch(self, *, timeout: float | None = None, raise_errors: bool = False) -> AsyncBatch:
        """Collect calls in an `async with` block and send them as one request, independently of the buffer.

        See `Client.batch` for the arguments.
        """
        return AsyncBatch(self, timeout, raise_errors=raise_errors)

    async def send(self, *, timeout: float | None = None) -> list[Response]:
        """Like `Client.send`; after a cancelled call, the buffer holds its commands again."""
        claim = Claim()
        try:
            try:
                self._buffer.take(claim)
                return list(await self._request(claim.calls, self._seconds(timeout))) if claim.items else []
            except BaseException:
                self._buffer.give_back(claim)
                raise
        except BaseException as error:  # again, because a second interrupt can strike meanwhile
            self._buffer.give_back(claim)
            name_limit(error, self._limit_of(timeout))
            raise
