"""Publish many messages: any number of items from an iterable, in full requests, with flat memory.

`Packing` prepares the items and fills requests; `Tally` counts what became of them. The two drivers at the end add the
sending: the blocking one sends one request at a time, the asyncio one several. Calls on one channel keep their order.
"""

import sys
import time
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
    Sized,
)
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

import msgspec

from centripetal.errors import CentripetalError, TransportError, UsageError
from centripetal.protocol.command import Command, Outcome, Prepared
from centripetal.protocol.flights import ENVELOPE_BYTES
from centripetal.protocol.grouping import Limits

if TYPE_CHECKING:
    import asyncio  # slow to import; see client/awaiting.py

__all__ = [
    "AsyncItems",
    "BulkError",
    "Item",
    "Items",
    "OnError",
    "Progress",
    "PublishSummary",
    "publish",
    "publish_async",
]

Item = tuple[str, Any] | Command[Any]
"""A channel and its data, or any command."""

Items = Iterable[Item]
AsyncItems = Iterable[Item] | AsyncIterable[Item]
OnError = Literal["collect", "raise"]

_FIRST_ERRORS = 10
_IN_FLIGHT = 4  # requests of the asyncio client at the same time
_BETWEEN = 0.1  # seconds between two reports of the progress


class PublishSummary(msgspec.Struct, frozen=True):
    """What became of the items so far.

    Attributes:
        sent: items that the server accepted.
        failed: items that the server refused, that could not be encoded, or whose request failed.
        errors: the first errors, at most 10; `index` of an error is the position of its item, starting with 0.
        seconds: the time since the start.
    """

    sent: int
    failed: int
    errors: tuple[CentripetalError, ...]
    seconds: float


Progress = Callable[[PublishSummary], object] | bool | None


class BulkError(CentripetalError):
    """An item failed, so `publish_many` with `on_error="raise"` has stopped.

    The error of the item is the cause. `executed` is the item's.

    Attributes:
        summary: what became of the items until then. Later items were not sent, except items of requests that were in
            flight at the same time.
    """

    summary: PublishSummary

    def __init__(self, message: str, *, summary: PublishSummary) -> None:
        super().__init__(message)
        self.summary = summary


class _Request(NamedTuple):
    """Calls to send together, and the positions of their items."""

    places: list[int]
    calls: list[Prepared[Any]]


class _Packing:
    """Fills requests with calls.

    Args:
        limits: maximum size of a request.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._start()

    def __bool__(self) -> bool:
        return bool(self._request.calls)

    def _start(self) -> None:
        self._request = _Request([], [])
        self._size = 0

    def add(self, place: int, call: Prepared[Any]) -> Iterator[_Request]:
        """Add a call, and yield the requests that are full now."""
        size = len(call.text) + ENVELOPE_BYTES
        alone = call.command.alone
        if alone or self._size + size > self._limits.bytes:
            yield from self.rest()
        self._request.places.append(place)
        self._request.calls.append(call)
        self._size += size
        if alone or len(self._request.calls) >= self._limits.commands:
            yield from self.rest()

    def rest(self) -> Iterator[_Request]:
        """Yield the request that is not full, if it has calls."""
        request = self._request
        if request.calls:
            self._start()
            yield request


class _Tally:
    """Counts items, collects the first errors and reports the progress."""

    def __init__(self, items: object, progress: Progress, on_error: OnError) -> None:
        if on_error not in ("collect", "raise"):
            raise UsageError(f"on_error must be 'collect' or 'raise', not {on_error!r}")
        if not (progress is None or isinstance(progress, bool) or callable(progress)):
            raise UsageError(f"progress must be a function, True or None, not {type(progress).__name__}")
        self._begin = self._told = time.monotonic()
        self._bar = _Bar(len(items) if isinstance(items, Sized) else None) if progress is True else None
        self._tell = self._bar.draw if self._bar is not None else progress if callable(progress) else None
        self._raises = on_error == "raise"
        self.sent = self.failed = 0
        self.errors: list[CentripetalError] = []

    def summary(self) -> PublishSummary:
        """Return what is known so far."""
        return PublishSummary(self.sent, self.failed, tuple(self.errors), time.monotonic() - self._begin)

    def settle(self, request: _Request, outcomes: Sequence[Outcome[Any]]) -> None:
        """Record the reply to a request."""
        failed = 0
        for place, call, outcome in zip(request.places, request.calls, outcomes, strict=True):
            if outcome.refused():
                failed += 1
                self._note(place, call.command, outcome)
        self.sent += len(request.calls) - failed
        self.failed += failed

    def _note(self, place: int, command: Command[Any], outcome: Outcome[Any]) -> None:
        if len(self.errors) < _FIRST_ERRORS:
            try:
                outcome.result()
            except CentripetalError as error:
                self.errors.append(error.about(command, place))

    def fail(self, request: _Request, error: BaseException) -> None:
        """Record that a request failed."""
        if not isinstance(error, CentripetalError):  # Ctrl-C, or a cancelled task
            error = TransportError(f"{type(error).__name__} while it was sent: the server may have executed it")
        self.failed += len(request.calls)
        for place, call in zip(request.places, request.calls, strict=True):
            if len(self.errors) == _FIRST_ERRORS:
                break
            self.errors.append(error.about(call.command, place))

    def reject(self, place: int, error: CentripetalError) -> None:
        """Record an item that cannot be sent."""
        self.failed += 1
        if len(self.errors) < _FIRST_ERRORS:
            error.index = place
            self.errors.append(error)

    @property
    def must_stop(self) -> bool:
        """Whether an item has failed and the caller wants to stop then."""
        return self._raises and self.failed > 0

    def check(self) -> None:
        """Report the progress if it is time to; raise a `BulkError` if the work must stop."""
        self.tell()
        if self.must_stop:
            first = self.errors[0]
            error = BulkError(f"publish_many stopped at item {first.index}: {first.args[0]}", summary=self.summary())
            error.executed, error.retryable = first.executed, first.retryable
            raise error from first

    def tell(self) -> None:
        """Report the progress if it is time to."""
        if self._tell is not None and (now := time.monotonic()) - self._told >= _BETWEEN:
            self._told = now
            self._tell(self.summary())

    def __enter__(self) -> None:
        """Begin the work."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None and self._tell is not None:
            self._tell(self.summary())
        if self._bar is not None:
            self._bar.close()
        if error is not None and not isinstance(error, BulkError):
            error.add_note(f"publish_many: until then {self.sent:,} items were sent and {self.failed:,} failed")


class _Bar:
    """One line on standard error, if that is a terminal."""

    def __init__(self, total: int | None) -> None:
        self._total = total
        self._stream = sys.stderr if sys.stderr is not None and sys.stderr.isatty() else None
        self._drawn = False

    def draw(self, summary: PublishSummary) -> None:
        if self._stream is None:
            return
        done = summary.sent + summary.failed
        of = f" of {self._total:,}" if self._total is not None else ""
        failed = f", {summary.failed:,} failed" if summary.failed else ""
        rate = done / max(summary.seconds, 0.001)
        self._stream.write(f"\r{done:,}{of} published, {rate:,.0f}/s{failed}\x1b[K")
        self._stream.flush()
        self._drawn = True

    def close(self) -> None:
        if self._drawn and self._stream is not None:
            self._stream.write("\n")


class _Client(Protocol):
    """The parts of a client that both drivers use."""

    _limits: Limits
    _codec: Any

    def _seconds(self, timeout: float | None) -> float: ...


class _Blocking(_Client, Protocol):
    def _request(self, calls: list[Prepared[Any]], timeout: float) -> Sequence[Outcome[Any]]: ...


class _Awaiting(_Client, Protocol):
    def _request(self, calls: list[Prepared[Any]], timeout: float) -> Awaitable[Sequence[Outcome[Any]]]: ...


class _Preparing:
    """Turns items into prepared calls; an item that cannot be sent is recorded in *tally*."""

    def __init__(self, client: _Client, make: type[Command[Any]], tally: _Tally) -> None:
        self._prepare = client._codec.prepare
        self._make = make
        self._tally = tally

    def call(self, place: int, item: Any) -> Prepared[Any] | None:
        """Return the call for *item*, or None if it cannot be sent."""
        try:
            return self._prepared(item)
        except CentripetalError as error:
            self._tally.reject(place, error)
            return None

    def _prepared(self, item: Any) -> Prepared[Any]:
        if isinstance(item, Command):
            if item.timeout is not None:
                raise UsageError("a command of publish_many cannot have its own timeout: pass publish_many(timeout=…)")
        elif isinstance(item, tuple | list) and len(item) == 2:
            item = self._make(*item)
        else:
            raise UsageError(f"an item must be a channel and its data, or a command, not {type(item).__name__}")
        call: Prepared[Any] = self._prepare(item)
        return call


def publish(
    client: _Blocking,
    make: type[Command[Any]],
    items: Items,
    *,
    progress: Progress,
    on_error: OnError,
    timeout: float | None,
) -> PublishSummary:
    """Publish *items* with a blocking client, one request after the other; see `Client.publish_many`."""
    if isinstance(items, AsyncIterable):
        raise UsageError("a blocking client cannot read an async iterable: use AsyncClient")
    _check_items(items)
    seconds, tally, packing = client._seconds(timeout), _Tally(items, progress, on_error), _Packing(client._limits)
    preparing = _Preparing(client, make, tally)

    def send(request: _Request) -> None:
        try:
            outcomes = client._request(request.calls, seconds)
        except BaseException as error:
            tally.fail(request, error)
            if not isinstance(error, CentripetalError):
                raise
        else:
            tally.settle(request, outcomes)
        tally.check()

    with tally:
        for place, item in enumerate(items):
            if (call := preparing.call(place, item)) is None:
                tally.check()
                continue
            for request in packing.add(place, call):
                send(request)
        for request in packing.rest():
            send(request)
    return tally.summary()


def _check_items(items: object) -> None:
    if isinstance(items, Mapping):
        raise UsageError("publish_many takes pairs of channel and data: pass the .items() of a mapping")
    if isinstance(items, str | bytes) or not isinstance(items, Iterable | AsyncIterable):
        raise UsageError(f"publish_many takes an iterable of pairs or commands, not {type(items).__name__}")


async def publish_async(
    client: _Awaiting,
    make: type[Command[Any]],
    items: AsyncItems,
    *,
    progress: Progress,
    on_error: OnError,
    timeout: float | None,
) -> PublishSummary:
    """Publish *items* with an asyncio client, with several requests in flight; see `Client.publish_many`."""
    _check_items(items)
    tally = _Tally(items, progress, on_error)
    preparing = _Preparing(client, make, tally)
    lanes = _Lanes(client, client._seconds(timeout), tally)
    with tally:
        try:
            async for place, item in _numbered(items):
                if (call := preparing.call(place, item)) is not None:
                    await lanes.add(place, call)
                if tally.must_stop:
                    break
            else:
                await lanes.flush()
        finally:
            await lanes.end()
        tally.check()
    return tally.summary()


async def _numbered(items: AsyncItems) -> AsyncIterator[tuple[int, Any]]:
    place = 0
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield place, item
            place += 1
    else:
        for item in items:
            yield place, item
            place += 1


class _Lanes:
    """Several streams of requests, each with one request in flight. All calls on one channel use the same stream."""

    def __init__(self, client: _Awaiting, seconds: float, tally: _Tally) -> None:
        from asyncio import ensure_future

        self._start = ensure_future
        self._client = client
        self._seconds = seconds
        self._tally = tally
        self._packings = [_Packing(client._limits) for _ in range(_IN_FLIGHT)]
        self._in_flight: list[asyncio.Future[None] | None] = [None] * _IN_FLIGHT
        self._single = False  # whether all calls use the first lane, because one there concerns channels of several

    async def add(self, place: int, call: Prepared[Any]) -> None:
        """Add a call to the request of its lane, and send that request if it is full."""
        lanes = {hash(key) % _IN_FLIGHT for key in call.keys} or {0}
        if len(lanes) > 1:
            if not self._single:
                await self.flush()
                self._single = True
        elif self._single and not self._packings[0]:
            await self._landed()
            self._single = False
        lane = 0 if self._single else lanes.pop()
        for request in self._packings[lane].add(place, call):
            await self._send(lane, request)

    async def flush(self) -> None:
        """Send all calls, and wait for the replies."""
        for lane, packing in enumerate(self._packings):
            for request in packing.rest():
                await self._send(lane, request)
        await self._landed()

    async def end(self) -> None:
        """Wait for the requests in flight; if this is cancelled, so are they."""
        try:
            await self._landed()
        except BaseException:
            for task in self._in_flight:
                if task is not None:
                    task.cancel()
            raise

    async def _landed(self) -> None:
        for task in self._in_flight:
            if task is not None:
                await task

    async def _send(self, lane: int, request: _Request) -> None:
        if (before := self._in_flight[lane]) is not None:
            await before
        if not self._tally.must_stop:
            self._in_flight[lane] = self._start(self._deliver(request))

    async def _deliver(self, request: _Request) -> None:
        try:
            outcomes = await self._client._request(request.calls, self._seconds)
        except BaseException as error:
            self._tally.fail(request, error)
            if not isinstance(error, CentripetalError):
                raise
        else:
            self._tally.settle(request, outcomes)
        self._tally.tell()
