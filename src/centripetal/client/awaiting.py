"""The asyncio driver, and the clients and batches that use it: `blocking.py` with awaits."""

from collections.abc import Callable, Sequence
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, Unpack, cast

from centripetal.client.apart import SHORTEST, can_separate, outcomes_apart
from centripetal.client.base import BaseClient, name_limit
from centripetal.client.batch import Collector
from centripetal.client.bulk.tally import AsyncItems, OnError, Progress, PublishSummary
from centripetal.client.call import Awaiting, shown_as
from centripetal.client.misuse import NeedsAsyncWith
from centripetal.client.options import check_no_options
from centripetal.client.request_log import DEBUG, LEVELS, Observe, Requests, unobserved
from centripetal.client.tasks import Ask, TaskQueue
from centripetal.errors import CentripetalError, ConnectionLostError, MalformedResponseError
from centripetal.protocol.checks import check_timeout, reading
from centripetal.protocol.command import Command, Failed, Outcome, Prepared, R
from centripetal.protocol.exchange import NO_PAUSE, PAUSE_OVER, Dialect, Flow, OutcomeT, Pause, T, fitted, late
from centripetal.protocol.grouping import Limits
from centripetal.protocol.http import HTTPReply
from centripetal.transport.base import AsyncTransport, TransportOptions
from centripetal.transport.clock import monotonic, no_loop, wait

if TYPE_CHECKING:
    # Importing asyncio takes longer than importing the whole library, and blocking programs do not need it.
    import asyncio

__all__ = ["AwaitingBatch", "AwaitingClient", "run"]


async def run(
    flow: Flow[T],
    transport: AsyncTransport,
    timeout: float,
    loop: "asyncio.AbstractEventLoop | None",
    observe: Observe = unobserved,
) -> T:
    """Run *flow* to its end in *loop*: send its requests with *transport* within *timeout* seconds, *observe* each."""
    deadline = monotonic() + timeout
    try:
        step = next(flow)
        while True:
            try:
                reply = await (
                    _rest(step, timeout, deadline, loop) if isinstance(step, Pause) else transport.send(step, timeout)
                )
            except CentripetalError as error:
                observe(step, timeout - deadline + monotonic(), error)
                step = flow.throw(error)
            else:
                observe(step, timeout - deadline + monotonic(), reply)
                step = flow.send(reply)
            timeout = deadline - monotonic()
            if timeout <= 0:
                out_of_time = late()
                flow.throw(out_of_time)
                raise out_of_time  # the flow handled the error and asked for another request
    except StopIteration as end:
        return cast(T, end.value)
    except MalformedResponseError:
        # This may be the reply to another request; then the next reply on that connection would be wrong too.
        await transport.close()
        raise


async def _rest(pause: Pause, timeout: float, deadline: float, loop: "asyncio.AbstractEventLoop | None") -> HTTPReply:
    if loop is None:
        raise no_loop()
    await wait(loop, fitted(pause, timeout))
    fitted(NO_PAUSE, deadline - monotonic())  # the system may have woken this task late
    return PAUSE_OVER


class Alone:
    """Replacement for `TaskQueue` if calls do not share requests: sends each call with *ask*."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    async def call(self, call: Prepared[Any], timeout: float) -> Outcome[Any]:
        """Send *call* and return its outcome."""
        return (await self._ask([call], timeout))[0]

    def close(self, error: CentripetalError) -> None:
        """Do nothing: calls do not wait for each other."""


@shown_as("AsyncClient")
class AwaitingClient(BaseClient[OutcomeT], Awaiting):
    """Client whose calls are coroutines. Can be created outside an event loop and used from several loops in turn."""

    def __init__(
        self,
        codec: Dialect[OutcomeT],
        timeout: float,
        transport: AsyncTransport | None,
        group: bool | Limits = True,
        on_request: Callable[[int], None] | None = None,
        **options: Unpack[TransportOptions],
    ) -> None:
        from asyncio import _get_running_loop

        from centripetal.client.bulk.awaiting import publish  # rarely needed; but no call may import it

        self._publish_all = publish
        self._running_loop = _get_running_loop  # returns None if no loop runs
        with reading("an option of the client"):
            super().__init__(codec, timeout, group, on_request)
            if transport is not None:
                check_no_options(options)
            else:
                # Slow to import, because of asyncio and ssl. Not later than here: a call must not import anything.
                from centripetal.transport.awaiting import AwaitingTransport

                transport = AwaitingTransport(**options)
                self._via = transport.via
        self._transport = transport
        self._queues: dict[asyncio.AbstractEventLoop | None, TaskQueue | Alone] = {}

    async def call(self, command: Command[R], *, timeout: float | None = None) -> R:
        """Send any *command*: `await client.call(Publish("news", 1))` equals `await client.publish("news", 1)`.

        Args:
            command: a command of this client's dialect.
            timeout: time limit in seconds, instead of the command's or the client's limit.
        """
        try:
            call, seconds = self._prepared(command, timeout)
            queue = self._queues.get(self._running_loop()) or self._queue()
            outcome: Outcome[R] = await queue.call(call, seconds)
            return outcome.result()
        except CentripetalError as error:
            self._explain(error, command, timeout)
            raise

    async def publish_many(
        self,
        items: AsyncItems,
        *,
        progress: Progress = None,
        on_error: OnError = "collect",
        timeout: float | None = None,
    ) -> PublishSummary:
        """Do the same as `Client.publish_many`, with up to four requests in flight.

        The items may also come from an async iterable. Items of one channel keep their order. If the call is cancelled,
        items of the requests in flight may still be published.
        """
        return await self._publish_all(
            self, self._publish, items, progress=progress, on_error=on_error, timeout=timeout
        )

    async def _request(
        self, calls: list[Prepared[Any]], timeout: float, codec: Dialect[OutcomeT] | None = None
    ) -> Sequence[OutcomeT]:
        if self._on_request is not None:
            self._on_request(len(calls))
        codec = codec or self._codec
        request = codec.direct_request(calls) if self._sends_directly else None
        if request is None:
            return await self._run(calls, codec, None, timeout)
        deadline = monotonic() + timeout
        try:
            reply = await self._transport.send(request, timeout)
            outcomes = codec.outcomes(calls, reply)
            if not outcomes and not monotonic() < deadline:
                raise late()
        except CentripetalError as error:
            self._observe(calls, request, timeout - deadline + monotonic(), error)
            if isinstance(error, ConnectionLostError) and error.stale:
                return await self._run(calls, codec, error, deadline - monotonic())
            if len(calls) == 1:
                error.command = calls[0].command
            if isinstance(error, MalformedResponseError):  # as in run()
                await self._transport.close()
            raise
        outcome: Any
        for outcome in outcomes:
            if outcome.error:
                self._observe(calls, request, timeout - deadline + monotonic(), reply, outcomes)
                return outcomes
        if not outcomes or LEVELS.known.get(DEBUG, True):
            self._observe(calls, request, timeout - deadline + monotonic(), reply)
        return outcomes or await self._run(calls, codec, reply, deadline - monotonic())

    async def _run(
        self,
        calls: list[Prepared[Any]],
        codec: Dialect[OutcomeT],
        answer: HTTPReply | ConnectionLostError | None,
        timeout: float,
    ) -> Sequence[OutcomeT]:
        """Send *calls*, or send them again after *answer*, with as many requests as they need."""
        requests = Requests(partial(self._observe, calls))
        try:
            flow, loop = self._converse(calls, codec, answer), self._running_loop()
            outcomes = await run(flow, self._transport, timeout, loop, requests.add)
        except CentripetalError as error:
            requests.end(error)
            raise
        requests.end(None, outcomes)
        return outcomes

    async def _together(
        self, calls: list[Prepared[Any]], timeout: float, codec: Dialect[OutcomeT] | None = None
    ) -> Sequence[Outcome[Any]]:
        """Send several calls in one request; if the reply is useless and all are reads, ask each read alone."""
        deadline = monotonic() + timeout
        try:
            return await self._request(calls, timeout, codec)
        except CentripetalError as error:
            if not can_separate(calls, error):
                raise
            failure = error
        outcomes: list[Outcome[Any]] = []
        for call in calls:
            try:
                outcomes += await self._request([call], max(deadline - monotonic(), SHORTEST), codec)
            except CentripetalError as error:
                outcomes.append(Failed(error=error))
        return outcomes_apart(outcomes, failure)

    def _queue(self) -> TaskQueue | Alone:
        """Return the queue of the running event loop.

        Raises:
            UsageError: no asyncio event loop runs in this thread.
        """
        loop = self._running_loop()
        if loop is None:
            raise no_loop()
        queue = self._queues.get(loop)
        if queue is None:
            for old in list(self._queues):  # a copy, because other threads add their loops
                if old is not None and old.is_closed():
                    self._queues.pop(old, None)
            if self._group:
                queue = TaskQueue(loop, self._request, self._together, self._limits)
            else:
                queue = Alone(self._request)
            self._queues[loop] = queue
        return queue

    async def close(self) -> None:
        """Close the idle connections of the running event loop; queued calls of that loop fail without being sent.

        Optional: connections are closed when their loop shuts down. The client can still be used afterwards.
        """
        self._queue().close(ConnectionLostError("the client was closed before this call was sent", executed="no"))
        await self._transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    if not TYPE_CHECKING:
        __enter__ = NeedsAsyncWith()


class AwaitingBatch(Collector):
    """Batch: collects calls and sends them as one request at the end of its `async with` block."""

    def __init__(
        self,
        client: AwaitingClient[Any],
        timeout: float | None,
        codec: Dialect[Any] | None = None,
        *,
        raise_errors: bool = False,
    ) -> None:
        super().__init__(codec or client._codec, raise_errors)
        self._client = client
        self._timeout = timeout if timeout is None else check_timeout(timeout)

    async def __aenter__(self) -> Self:
        return self._begin()

    async def __aexit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        calls = self._close()
        if kind is not None or not calls:
            return
        seconds = self._client._seconds(self._timeout)
        try:
            self._settle(await self._client._together(calls, seconds, self._codec), seconds)
        except BaseException as failure:
            name_limit(failure, seconds)
            self._fail(failure)
            raise
        self._raise_failures()

    if not TYPE_CHECKING:
        __enter__ = NeedsAsyncWith()
