"""The awaiting driver, and the clients and batches that are built on it: `blocking.py` with awaits."""

import time
from types import TracebackType
from typing import Any, Generic, Self, Unpack, cast

from centripetal.client.batch import Collector
from centripetal.client.call import Awaiting
from centripetal.errors import CentripetalError, TimeoutError
from centripetal.protocol.checks import check_timeout
from centripetal.protocol.command import Command, Prepared, R
from centripetal.protocol.exchange import Codec, Flow, OutcomeT, T, exchange
from centripetal.transport.awaiting import AwaitingTransport
from centripetal.transport.base import AsyncTransport, TransportOptions

__all__ = ["AwaitingBatch", "AwaitingClient", "run"]


async def run(flow: Flow[T], transport: AsyncTransport, timeout: float) -> T:
    """Run *flow* to its end: make its requests over *transport*, all within *timeout* seconds."""
    deadline = time.monotonic() + timeout
    try:
        request = next(flow)
        while True:
            try:
                reply = await transport.send(request, timeout)
            except CentripetalError as error:
                request = flow.throw(error)
            else:
                request = flow.send(reply)
            timeout = deadline - time.monotonic()
            if timeout <= 0:
                late = TimeoutError("the time ran out between two requests")
                flow.throw(late)
                raise late  # the flow would ask again all the same
    except StopIteration as end:
        return cast(T, end.value)


class AwaitingClient(Awaiting, Generic[OutcomeT]):
    """A client whose calls are awaited. May be built outside any event loop and used from several, one by one."""

    def __init__(
        self,
        codec: Codec[OutcomeT],
        timeout: float,
        transport: AsyncTransport | None,
        **options: Unpack[TransportOptions],
    ) -> None:
        self.timeout = check_timeout(timeout)
        self._codec = codec
        self._transport = transport if transport is not None else AwaitingTransport(**options)

    async def call(self, command: Command[R], *, timeout: float | None = None) -> R:
        """Send any *command*; `await client.call(Publish("news", 1))` is `await client.publish("news", 1)`.

        Args:
            command: a command of this client's dialect.
            timeout: seconds, instead of the command's or the client's own limit.
        """
        try:
            calls = [self._codec.prepare(command)]
            outcomes = await self._ask(calls, command.timeout if timeout is None else timeout)
            return cast(R, outcomes[0].result())
        except CentripetalError as error:
            error.command, error.index = command, None
            raise

    async def _ask(self, calls: list[Prepared[Any]], timeout: float | None) -> list[OutcomeT]:
        seconds = self.timeout if timeout is None else check_timeout(timeout)
        return await run(exchange(self._codec, calls), self._transport, seconds)

    async def close(self) -> None:
        """Close the idle connections of the running event loop. Not required; they end with the loop."""
        await self._transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class AwaitingBatch(Collector):
    """Collects calls and sends them as one request at the end of its `async with` block."""

    def __init__(self, client: AwaitingClient[Any], timeout: float | None) -> None:
        super().__init__(client._codec)
        self._client = client
        self._timeout = timeout if timeout is None else check_timeout(timeout)

    async def __aenter__(self) -> Self:
        return self._open()

    async def __aexit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        calls = self._close()
        if kind is not None or not calls:
            return
        try:
            self._settle(await self._client._ask(calls, self._timeout))
        except BaseException as failure:
            self._fail(failure)
            raise
