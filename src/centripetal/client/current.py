"""Clients for the current API: Centrifugo 5 and 6, and 3 and 4 through their single endpoint."""

import os
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Self, TypeAlias, Unpack, cast, overload

from centripetal.client.awaiting import AwaitingBatch, AwaitingClient
from centripetal.client.base import BaseClient
from centripetal.client.batch import BatchSlot
from centripetal.client.blocking import BlockingBatch, BlockingClient
from centripetal.client.call import exported
from centripetal.client.environment import environment_value
from centripetal.client.methods import current as methods
from centripetal.client.misuse import wrong_retry
from centripetal.client.options import ClientOptions, DriverOptions, check_known
from centripetal.client.servers import addresses, codec_for
from centripetal.dialects.current.codec import MAX_PAYLOAD_BYTES, Codec
from centripetal.dialects.current.commands import Publish, custom
from centripetal.dialects.current.history_pages import Paging
from centripetal.dialects.current.objects import StreamPosition
from centripetal.dialects.current.results.standard import HistoryResult
from centripetal.errors import CentripetalError, ConnectionLostError, ServerError, UsageError
from centripetal.protocol.checks import check_timeout, reading
from centripetal.protocol.command import Command, Outcome, PlacedOutcome, Prepared, R
from centripetal.protocol.discreet import discreet
from centripetal.protocol.environment import API_KEY, API_URL, split_urls
from centripetal.protocol.exchange import Flow
from centripetal.protocol.http import HTTPReply
from centripetal.protocol.retry import Retry, Sources, insist
from centripetal.transport.base import AsyncTransport, Transport
from centripetal.transport.clock import monotonic

if TYPE_CHECKING:
    from centripetal.protocol.servers import Servers

__all__ = ["AsyncBatch", "AsyncClient", "Batch", "Client", "CurrentOptions"]

ApiKey: TypeAlias = str | Callable[[], str] | None

MAX_SECONDS_WITH_RETRY = 240.0
"""Servers forget an idempotency key after five minutes; a later attempt would publish twice.

See protocol 6: idempotency-key.
"""


class CurrentOptions(ClientOptions, total=False):
    """Options of clients of the current API, in addition to `ClientOptions`.

    Attributes:
        retry: policy for retrying failed calls when this is safe; None (the default) never retries.
        check_channels: whether to reject names of channels that no client can subscribe to; True by default.
        max_payload_bytes: maximum size of the data of one command in bytes, 1 MiB by default; None for no limit.
        handler_prefix: `http_api.handler_prefix` of the server, `/api` by default.
    """

    retry: Retry | None
    check_channels: bool
    max_payload_bytes: int | None
    handler_prefix: str


class _Current(BaseClient[PlacedOutcome[Any]]):
    """State shared by both clients."""

    _publish = Publish
    _dialect: "Codec | Servers[PlacedOutcome[Any]]"
    _retry: Retry | None
    _sources: Sources

    def _take(
        self, url: str | Sequence[str], api_key: ApiKey, timeout: float, options: CurrentOptions
    ) -> DriverOptions:
        """Create the codec, and return the options that it does not use."""
        check_known(options, CurrentOptions, self)
        with reading("url, api_key or an option of the client"):
            return self._read(url, api_key, timeout, options)

    def _read(
        self, url: str | Sequence[str], api_key: ApiKey, timeout: float, options: CurrentOptions
    ) -> DriverOptions:
        retry = options.pop("retry", None)
        if retry is not None and not isinstance(retry, Retry):
            raise wrong_retry(retry)
        self._retry = retry
        self._sends_directly = retry is None
        if retry is not None:
            from random import random  # slow to import and rarely needed

            self._sources = Sources(random, monotonic, time.time)
            self._check_seconds(check_timeout(timeout))
        new_codec = partial(
            Codec,
            api_key=api_key,
            prefix=options.pop("handler_prefix", "/api"),
            check_channels=options.pop("check_channels", True),
            max_payload_bytes=options.pop("max_payload_bytes", MAX_PAYLOAD_BYTES),
            new_key=None if retry is None else _new_key,
            encoder=options.pop("encoder", None),
        )
        self._dialect = codec_for(url, new_codec)
        return cast(DriverOptions, options)

    @property
    def endpoint(self) -> str:
        """Base URL of the methods; it usually ends in `/api`. With several servers, the URL of the one in use."""
        return self._dialect.endpoint

    def _check_seconds(self, timeout: float) -> None:
        if self._retry is not None and timeout > MAX_SECONDS_WITH_RETRY:
            raise UsageError(
                f"with retry, the timeout can be at most {MAX_SECONDS_WITH_RETRY:g} seconds: "
                "servers forget an idempotency key after five minutes"
            )

    def _seconds(self, timeout: float | None) -> float:
        seconds = super()._seconds(timeout)
        if timeout is not None:
            self._check_seconds(seconds)
        return seconds

    def _converse(
        self, calls: list[Prepared[Any]], codec: Any, answer: HTTPReply | ConnectionLostError | None
    ) -> Flow[list[PlacedOutcome[Any]]]:
        if self._retry is None:
            return super()._converse(calls, codec, answer)
        return insist(codec, calls, self._retry, self._sources)

    def __repr__(self) -> str:
        if not hasattr(self, "_dialect"):  # shown in the traceback of an invalid argument
            return f"<{type(self).__name__}, not set up>"
        return f"<{type(self).__name__} of Centrifugo at {addresses(self._dialect, self._via)}>"


def _new_key() -> str:
    return os.urandom(16).hex()


def _named(environment: Mapping[str, str] | None) -> tuple[list[str], str | None]:
    """Return the addresses and the key from the environment."""
    environment = os.environ if environment is None else environment
    with reading("environment"):
        url, key = environment_value(environment, *API_URL), environment_value(environment, *API_KEY)
    if url is None:
        raise UsageError(f"no server address: set {API_URL[0]} (or {API_URL[1]}), for example to http://localhost:8000")
    return split_urls(url), key


@exported("centripetal")
class Batch(methods.Batch, BlockingBatch):
    """Batch of calls: `with client.batch() as batch:`. Each call returns a slot that later holds its result."""

    @overload
    def call(self, command: Command[R]) -> BatchSlot[R]: ...
    @overload
    def call(self, command: str, params: Mapping[str, Any] | None = None) -> BatchSlot[Any]: ...
    def call(self, command: Command[Any] | str, params: Mapping[str, Any] | None = None) -> BatchSlot[Any]:
        """Add any command, or any method by its name and fields; the returned slot holds the result after the block."""
        given: Any = command
        return super().call(custom(given, params) if issubclass(type(given), str) else given)


@exported("centripetal")
class AsyncBatch(methods.AsyncBatch, AwaitingBatch):
    """Batch of calls: `async with client.batch() as batch:`. Each call returns a slot that later holds its result."""

    @overload
    def call(self, command: Command[R]) -> BatchSlot[R]: ...
    @overload
    def call(self, command: str, params: Mapping[str, Any] | None = None) -> BatchSlot[Any]: ...
    def call(self, command: Command[Any] | str, params: Mapping[str, Any] | None = None) -> BatchSlot[Any]:
        """Add any command, or any method by its name and fields; the returned slot holds the result after the block."""
        given: Any = command
        return super().call(custom(given, params) if issubclass(type(given), str) else given)


@exported("centripetal")
class Client(methods.Client, _Current, BlockingClient[PlacedOutcome[Any]]):
    """Blocking client for the API of a Centrifugo server.

    Args:
        url: address of the server, such as `http://localhost:8000`, with or without `/api`; or a list of addresses of
            servers with the same configuration. With a list, calls go to one server until it cannot be reached or a
            gateway replies 502, 503 or 504 for it, and then to the next.
        api_key: `http_api.key` of the server's configuration; None to send no key, for a server with
            `http_api.insecure`. A key that changes can be given as a function: it is called when the client is created,
            and again after a reply with status 401, after which the call is repeated once. The function must not block
            for long, may be called by several threads at once, and must not be a coroutine function.
        timeout: time limit of one call in seconds; each call also accepts `timeout=`.
        transport: custom transport, instead of the built-in transport (see `centripetal.transport.base`).
        options: `retry`, `check_channels`, `max_payload_bytes` and `handler_prefix` (see `CurrentOptions`); `group`,
            `on_request` and `encoder` (see `ClientOptions`); `max_response_bytes`, `max_connections`, `max_idle`,
            `ssl_context`, `ca_file`, `unix_socket`, `headers`, `http_proxy` and `trust_env` (see `TransportOptions`).

    Raises:
        UsageError: invalid URL, empty key, or invalid timeout or option.
    """

    @discreet
    def __init__(
        self,
        url: str | Sequence[str],
        api_key: ApiKey = None,
        *,
        timeout: float = 5.0,
        transport: Transport | None = None,
        **options: Unpack[CurrentOptions],
    ) -> None:
        others = self._take(url, api_key, timeout, options)
        BlockingClient.__init__(self, self._dialect, timeout, transport, **others)

    @classmethod
    @discreet
    def from_env(
        cls, *, environment: Mapping[str, str] | None = None, timeout: float = 5.0, **options: Unpack[CurrentOptions]
    ) -> Self:
        """Create a client with the address and key from environment variables.

        The variables are `CENTRIFUGO_HTTP_API_URL` or `CENTRIFUGO_API_URL`, and `CENTRIFUGO_HTTP_API_KEY` or
        `CENTRIFUGO_API_KEY`. The addresses of several servers are separated by commas. With `_FILE` after its name,
        a variable contains the path of a file that holds the value, as containers mount secrets.

        Args:
            environment: the variables; by default, the environment of this process.
            timeout: as for `Client`.
            options: as for `Client`.

        Raises:
            UsageError: no address, both names of a variable are set to different values, or a file is unusable.
        """
        url, api_key = _named(environment)
        return cls(url, api_key, timeout=timeout, **options)

    @overload
    def call(self, command: Command[R], *, timeout: float | None = None) -> R: ...
    @overload
    def call(self, command: str, params: Mapping[str, Any] | None = None, *, timeout: float | None = None) -> Any: ...
    def call(
        self, command: Command[Any] | str, params: Mapping[str, Any] | None = None, *, timeout: float | None = None
    ) -> Any:
        """Send any *command*, or any method by its name and fields, including methods that this library does not know.

        Args:
            command: a command such as `Publish("news", 1)`, or the name of a method.
            params: fields of that method.
            timeout: time limit in seconds, instead of the command's or the client's limit.

        Returns:
            The command's result; for a method by its name, the decoded `result` of the reply.
        """
        given: Any = command  # `isinstance` would run code of an invalid command
        chosen: Command[Any] = custom(given, params) if issubclass(type(given), str) else given
        # Repeats `BlockingClient.call`, because calling it would add a frame to every traceback.
        try:
            call, seconds = self._prepared(chosen, timeout)
            outcome: Outcome[Any] = self._queue.call(call, seconds)
            return outcome.result()
        except CentripetalError as error:
            self._explain(error, chosen, timeout)
            raise

    def batch(self, *, parallel: bool = False, timeout: float | None = None, raise_errors: bool = False) -> Batch:
        """Collect calls in a `with` block and send them as one request.

        Args:
            parallel: let the server execute the commands concurrently and in any order (Centrifugo 5.2 and later).
            timeout: time limit of the whole batch in seconds.
            raise_errors: raise the errors of failed commands at the end of the block: one error as itself, several as
                an `ExceptionGroup`. All results and errors can still be read. A broadcast fails if a channel fails.
        """
        codec = self._dialect.in_parallel() if parallel else None
        return Batch(self, timeout, codec, raise_errors=raise_errors)

    def history_pages(
        self,
        channel: str,
        *,
        limit: int = 100,
        since: StreamPosition | None = None,
        reverse: bool = False,
        timeout: float | None = None,
    ) -> Iterator[HistoryResult]:
        """Yield all publications in the history of *channel*, page by page.

        Args:
            channel: name of the channel.
            limit: maximum number of publications per page.
            since: start after this position (with *reverse*: before it); None to start with the oldest publication
                (with *reverse*: the newest).
            reverse: newest publications first.
            timeout: time limit of each page in seconds, instead of the client's limit.

        Raises:
            HistoryGapError: publications expired before they could be read, or the history was reset.
        """
        return self._pages(Paging(channel, limit=limit, since=since, reverse=reverse, timeout=timeout))

    def _pages(self, paging: Paging) -> Iterator[HistoryResult]:
        while (command := paging.next()) is not None:
            try:
                page = self.call(command)
            except ServerError as error:
                raise paging.failed(error) from None
            yield paging.take(page)


@exported("centripetal")
class AsyncClient(methods.AsyncClient, _Current, AwaitingClient[PlacedOutcome[Any]]):
    """Asyncio client for the API of a Centrifugo server. Takes the same arguments as `Client`."""

    @discreet
    def __init__(
        self,
        url: str | Sequence[str],
        api_key: ApiKey = None,
        *,
        timeout: float = 5.0,
        transport: AsyncTransport | None = None,
        **options: Unpack[CurrentOptions],
    ) -> None:
        others = self._take(url, api_key, timeout, options)
        AwaitingClient.__init__(self, self._dialect, timeout, transport, **others)

    @classmethod
    @discreet
    def from_env(
        cls, *, environment: Mapping[str, str] | None = None, timeout: float = 5.0, **options: Unpack[CurrentOptions]
    ) -> Self:
        """Like `Client.from_env`."""
        url, api_key = _named(environment)
        return cls(url, api_key, timeout=timeout, **options)

    @overload
    async def call(self, command: Command[R], *, timeout: float | None = None) -> R: ...
    @overload
    async def call(
        self, command: str, params: Mapping[str, Any] | None = None, *, timeout: float | None = None
    ) -> Any: ...
    async def call(
        self, command: Command[Any] | str, params: Mapping[str, Any] | None = None, *, timeout: float | None = None
    ) -> Any:
        """Like `Client.call`."""
        given: Any = command  # `isinstance` would run code of an invalid command
        chosen: Command[Any] = custom(given, params) if issubclass(type(given), str) else given
        # Repeats `AwaitingClient.call`, because calling it would add a frame to every traceback.
        try:
            call, seconds = self._prepared(chosen, timeout)
            queue = self._queues.get(self._running_loop()) or self._queue()
            outcome: Outcome[Any] = await queue.call(call, seconds)
            return outcome.result()
        except CentripetalError as error:
            self._explain(error, chosen, timeout)
            raise

    def batch(self, *, parallel: bool = False, timeout: float | None = None, raise_errors: bool = False) -> AsyncBatch:
        """Collect calls in an `async with` block and send them as one request; see `Client.batch` for the arguments."""
        codec = self._dialect.in_parallel() if parallel else None
        return AsyncBatch(self, timeout, codec, raise_errors=raise_errors)

    def history_pages(
        self,
        channel: str,
        *,
        limit: int = 100,
        since: StreamPosition | None = None,
        reverse: bool = False,
        timeout: float | None = None,
    ) -> AsyncIterator[HistoryResult]:
        """Like `Client.history_pages`, for `async for`."""
        return self._pages(Paging(channel, limit=limit, since=since, reverse=reverse, timeout=timeout))

    async def _pages(self, paging: Paging) -> AsyncIterator[HistoryResult]:
        while (command := paging.next()) is not None:
            try:
                page = await self.call(command)
            except ServerError as error:
                raise paging.failed(error) from None
            yield paging.take(page)
