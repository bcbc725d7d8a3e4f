"""The blocking driver, and the clients and batches that are built on it."""

import time
from types import TracebackType
from typing import Any, Generic, Self, Unpack, cast

from centripetal.client.batch import Collector
from centripetal.client.call import Blocking
from centripetal.errors import CentripetalError, TimeoutError
from centripetal.protocol.checks import check_timeout
from centripetal.protocol.command import Command, Prepared, R
from centripetal.protocol.exchange import Codec, Flow, OutcomeT, T, exchange
from centripetal.transport.base import Transport, TransportOptions
from centripetal.transport.blocking import BlockingTransport

__all__ = ["BlockingBatch", "BlockingClient", "run"]


def run(flow: Flow[T], transport: Transport, timeout: float) -> T:
    """Run *flow* to its end: make its requests over *transport*, all within *timeout* seconds."""
    deadline = time.monotonic() + timeout
    try:
        request = next(flow)
        while True:
            try:
                reply = transport.send(request, timeout)
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


class BlockingClient(Blocking, Generic[OutcomeT]):
    """A client whose calls block. May be built anywhere, shared by threads, used after a fork."""

    def __init__(
        self,
        codec: Codec[OutcomeT],
        timeout: float,
        transport: Transport | None,
        **options: Unpack[TransportOptions],
    ) -> None:
        self.timeout = check_timeout(timeout)
        self._codec = codec
        self._transport = transport if transport is not None else BlockingTransport(**options)

    def call(self, command: Command[R], *, timeout: float | None = None) -> R:
        """Send any *command*; `client.call(Publish("news", 1))` is `client.publish("news", 1)`.

        Args:
            command: a command of this client's dialect.
            timeout: seconds, instead of the command's or the client's own limit.
        """
        try:
            calls = [self._codec.prepare(command)]
            outcomes = self._ask(calls, command.timeout if timeout is None else timeout)
            return cast(R, outcomes[0].result())
        except CentripetalError as error:
            error.command, error.index = command, None
            raise

    def _ask(self, calls: list[Prepared[Any]], timeout: float | None) -> list[OutcomeT]:
        seconds = self.timeout if timeout is None else check_timeout(timeout)
        return run(exchange(self._codec, calls), self._transport, seconds)

    def close(self) -> None:
        """Close idle connections. Not required; a client that is used again opens new ones."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class BlockingBatch(Collector):
    """Collects calls and sends them as one request at the end of its `with` block."""

    def __init__(self, client: BlockingClient[Any], timeout: float | None) -> None:
        super().__init__(client._codec)
        self._client = client
        self._timeout = timeout if timeout is None else check_timeout(timeout)

    def __enter__(self) -> Self:
        return self._open()

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        calls = self._close()
        if kind is not None or not calls:
            return
        try:
            self._settle(self._client._ask(calls, self._timeout))
        except BaseException as failure:
            self._fail(failure)
            raise
