"""The blocking driver, and the clients and batches that use it."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, Unpack, cast

from centripetal.client.apart import SHORTEST, can_separate, outcomes_apart
from centripetal.client.base import BaseClient, name_limit
from centripetal.client.batch import Collector
from centripetal.client.bulk.tally import Items, OnError, Progress, PublishSummary
from centripetal.client.call import Blocking
from centripetal.client.misuse import MODULES, NeedsWith, warn_of_blocking
from centripetal.client.options import check_no_options
from centripetal.client.request_log import DEBUG, LEVELS, Observe, Requests, unobserved
from centripetal.client.threads import Ask, ThreadQueue
from centripetal.errors import CentripetalError, ConnectionLostError, MalformedResponseError
from centripetal.protocol.checks import check_timeout, reading
from centripetal.protocol.command import Command, Failed, Outcome, Prepared, R
from centripetal.protocol.exchange import NO_PAUSE, PAUSE_OVER, Dialect, Flow, OutcomeT, Pause, T, fitted, late
from centripetal.protocol.grouping import Limits
from centripetal.protocol.http import HTTPReply
from centripetal.transport.base import Transport, TransportOptions
from centripetal.transport.clock import monotonic

__all__ = ["BlockingBatch", "BlockingClient", "run"]


def run(flow: Flow[T], transport: Transport, timeout: float, observe: Observe = unobserved) -> T:
    """Run *flow* to its end: send its requests with *transport*, all within *timeout* seconds; *observe* each."""
    deadline = monotonic() + timeout
    try:
        step = next(flow)
        while True:
            try:
                reply = _rest(step, timeout, deadline) if isinstance(step, Pause) else transport.send(step, timeout)
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
        transport.close()
        raise


def _rest(pause: Pause, timeout: float, deadline: float) -> HTTPReply:
    time.sleep(fitted(pause, timeout))
    fitted(NO_PAUSE, deadline - monotonic())  # the system may have woken this thread late
    return PAUSE_OVER


class Alone:
    """Replacement for `ThreadQueue` if calls do not share requests: sends each call with *ask*."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def call(self, call: Prepared[Any], timeout: float) -> Outcome[Any]:
        """Send *call* and return its outcome."""
        return self._ask([call], timeout)[0]

    def close(self, error: CentripetalError) -> None:
        """Do nothing: calls do not wait for each other."""


class BlockingClient(BaseClient[OutcomeT], Blocking):
    """Client whose calls block. Can be shared by threads and used after a fork."""

    def __init__(
        self,
        codec: Dialect[OutcomeT],
        timeout: float,
        transport: Transport | None,
        group: bool | Limits = True,
        on_request: Callable[[int], None] | None = None,
        **options: Unpack[TransportOptions],
    ) -> None:
        from centripetal.client.bulk.blocking import publish  # rarely needed; but no call may import it

        self._publish_all = publish
        with reading("an option of the client"):
            super().__init__(codec, timeout, group, on_request)
            if transport is not None:
                check_no_options(options)
            else:
                # Slow to import, because of ssl. Not later than here: a call must not import anything.
                from centripetal.transport.blocking import BlockingTransport

                transport = BlockingTransport(**options)
                self._via = transport.via
        self._transport = transport
        self._watches_loop = True
        self._queue = ThreadQueue(self._request, self._together, self._limits) if self._group else Alone(self._request)

    def call(self, command: Command[R], *, timeout: float | None = None) -> R:
        """Send any *command*: `client.call(Publish("news", 1))` equals `client.publish("news", 1)`.

        Args:
            command: a command of this client's dialect.
            timeout: time limit in seconds, instead of the command's or the client's limit.
        """
        try:
            call, seconds = self._prepared(command, timeout)
            outcome: Outcome[R] = self._queue.call(call, seconds)
            return outcome.result()
        except CentripetalError as error:
            self._explain(error, command, timeout)
            raise

    def publish_many(
        self,
        items: Items,
        *,
        progress: Progress = None,
        on_error: OnError = "collect",
        timeout: float | None = None,
    ) -> PublishSummary:
        """Publish any number of messages: read *items* as they come, and send them in full requests.

        Args:
            items: pairs of channel and data, or commands; a generator is read lazily, so memory stays flat.
            progress: a function that is called with a `PublishSummary` up to ten times a second and at the end, or True
                for a line on standard error if that is a terminal.
            on_error: "collect" to go on after a failed item and count it; "raise" to stop at the first failed item.
            timeout: time limit of each request in seconds, instead of the client's limit.

        Returns:
            The numbers of items that were sent and that failed, the first errors, and the time.

        Raises:
            BulkError: an item failed, with `on_error="raise"`; it has the summary so far.
            UsageError: an argument is invalid. An invalid item is a failed item.
        """
        return self._publish_all(self, self._publish, items, progress=progress, on_error=on_error, timeout=timeout)

    def _request(
        self, calls: list[Prepared[Any]], timeout: float, codec: Dialect[OutcomeT] | None = None
    ) -> Sequence[OutcomeT]:
        if self._on_request is not None:
            self._on_request(len(calls))
        # Not a function of its own, because this runs for each request.
        if (
            self._watches_loop
            and "asyncio.events" in MODULES
            and MODULES["asyncio.events"]._get_running_loop() is not None
        ):
            self._watches_loop = False
            warn_of_blocking()
        codec = codec or self._codec
        request = codec.direct_request(calls) if self._sends_directly else None
        if request is None:
            return self._run(calls, codec, None, timeout)
        deadline = monotonic() + timeout
        try:
            reply = self._transport.send(request, timeout)
            outcomes = codec.outcomes(calls, reply)
            if not outcomes and not monotonic() < deadline:
                raise late()
        except CentripetalError as error:
            self._observe(calls, request, timeout - deadline + monotonic(), error)
            if isinstance(error, ConnectionLostError) and error.stale:
                return self._run(calls, codec, error, deadline - monotonic())
            if len(calls) == 1:
                error.command = calls[0].command
            if isinstance(error, MalformedResponseError):  # as in run()
                self._transport.close()
            raise
        outcome: Any
        for outcome in outcomes:
            if outcome.error:
                self._observe(calls, request, timeout - deadline + monotonic(), reply, outcomes)
                return outcomes
        if not outcomes or LEVELS.known.get(DEBUG, True):
            self._observe(calls, request, timeout - deadline + monotonic(), reply)
        return outcomes or self._run(calls, codec, reply, deadline - monotonic())

    def _run(
        self,
        calls: list[Prepared[Any]],
        codec: Dialect[OutcomeT],
        answer: HTTPReply | ConnectionLostError | None,
        timeout: float,
    ) -> Sequence[OutcomeT]:
        """Send *calls*, or send them again after *answer*, with as many requests as they need."""
        requests = Requests(partial(self._observe, calls))
        try:
            outcomes = run(self._converse(calls, codec, answer), self._transport, timeout, requests.add)
        except CentripetalError as error:
            requests.end(error)
            raise
        requests.end(None, outcomes)
        return outcomes

    def _together(
        self, calls: list[Prepared[Any]], timeout: float, codec: Dialect[OutcomeT] | None = None
    ) -> Sequence[Outcome[Any]]:
        """Send several calls in one request; if the reply is useless and all are reads, ask each read alone."""
        deadline = monotonic() + timeout
        try:
            return self._request(calls, timeout, codec)
        except CentripetalError as error:
            if not can_separate(calls, error):
                raise
            failure = error
        outcomes: list[Outcome[Any]] = []
        for call in calls:
            try:
                outcomes += self._request([call], max(deadline - monotonic(), SHORTEST), codec)
            except CentripetalError as error:
                outcomes.append(Failed(error=error))
        return outcomes_apart(outcomes, failure)

    def close(self) -> None:
        """Close idle connections; queued calls of other threads fail without being sent.

        Optional. The client can still be used afterwards, and opens new connections.
        """
        self._queue.close(ConnectionLostError("the client was closed before this call was sent", executed="no"))
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    if not TYPE_CHECKING:
        __aenter__ = NeedsWith()


class BlockingBatch(Collector):
    """Batch: collects calls and sends them as one request at the end of its `with` block."""

    def __init__(
        self,
        client: BlockingClient[Any],
        timeout: float | None,
        codec: Dialect[Any] | None = None,
        *,
        raise_errors: bool = False,
    ) -> None:
        super().__init__(codec or client._codec, raise_errors)
        self._client = client
        self._timeout = timeout if timeout is None else check_timeout(timeout)

    def __enter__(self) -> Self:
        return self._begin()

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        calls = self._close()
        if kind is not None or not calls:
            return
        seconds = self._client._seconds(self._timeout)
        try:
            self._settle(self._client._together(calls, seconds, self._codec), seconds)
        except BaseException as failure:
            name_limit(failure, seconds)
            self._fail(failure)
            raise
        self._raise_failures()

    if not TYPE_CHECKING:
        __aenter__ = NeedsWith()
