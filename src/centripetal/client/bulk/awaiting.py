"""`publish_many` of the asyncio clients: several requests in flight."""

import sys
from collections.abc import AsyncIterable, Awaitable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from centripetal.client.bulk.requests import Packing, check_items, command_of
from centripetal.client.bulk.tally import AsyncItems, OnError, Progress, PublishSummary, Request, Tally
from centripetal.errors import CentripetalError
from centripetal.protocol.command import Command, Outcome, Prepared
from centripetal.protocol.grouping import Limits

if TYPE_CHECKING:
    import asyncio  # slow to import; see client/awaiting.py

__all__ = ["publish"]

_IN_FLIGHT = 4  # requests at the same time


class _Client(Protocol):
    """The parts of a client that this module uses."""

    _limits: Limits
    _codec: Any

    def _seconds(self, timeout: float | None) -> float: ...

    def _request(self, calls: list[Prepared[Any]], timeout: float) -> Awaitable[Sequence[Outcome[Any]]]: ...


async def publish(
    client: _Client,
    make: type[Command[Any]],
    items: AsyncItems,
    *,
    progress: Progress,
    on_error: OnError,
    timeout: float | None,
) -> PublishSummary:
    """Publish *items* with *client*; see `AsyncClient.publish_many`. *make* is the dialect's publish command."""
    check_items(items)
    tally = Tally(items, progress, on_error)
    lanes = _Lanes(client, client._seconds(timeout), tally)

    def take(place: int, item: Any) -> Awaitable[None] | None:
        """Add an item, and return what must be awaited before the next item."""
        try:
            call = client._codec.prepare(command_of(item, make))
        except CentripetalError as error:
            tally.reject(place, error)
            return None
        return lanes.add(place, call)

    place = 0
    with tally:
        try:
            if isinstance(items, AsyncIterable):
                async for item in items:
                    if (sending := take(place, item)) is not None:
                        await sending
                    if tally.must_stop:
                        break
                    place += 1
            else:  # an async iterator around it would cost as much as encoding the items
                for item in items:
                    if (sending := take(place, item)) is not None:
                        await sending
                    if tally.must_stop:
                        break
                    place += 1
            if not tally.must_stop:
                await lanes.flush()
        finally:
            await lanes.end()
        tally.check()
    return tally.summary()


class _Lanes:
    """Several streams of requests, each with one request in flight. All calls on one channel use the same stream."""

    def __init__(self, client: _Client, seconds: float, tally: Tally) -> None:
        # The client has loaded asyncio, and a call must not import anything.
        self._start = sys.modules["asyncio"].ensure_future
        self._client = client
        self._seconds = seconds
        self._tally = tally
        self._packings = [Packing(client._limits) for _ in range(_IN_FLIGHT)]
        self._in_flight: list[asyncio.Future[None] | None] = [None] * _IN_FLIGHT
        self._single = False  # whether all calls use the first lane, because one there concerns channels of several

    def add(self, place: int, call: Prepared[Any]) -> Awaitable[None] | None:
        """Add a call to the request of its lane; return the sending of that request if it is full, to be awaited."""
        keys = call.keys
        if len(keys) != 1 or self._single:
            return self._add_to_several(place, call)
        lane = hash(keys[0]) % _IN_FLIGHT
        full = self._packings[lane].add(place, call)
        return self._send_all(lane, full) if full else None

    async def _add_to_several(self, place: int, call: Prepared[Any]) -> None:
        lanes = {hash(key) % _IN_FLIGHT for key in call.keys} or {0}
        if len(lanes) > 1:
            if not self._single:
                await self.flush()
                self._single = True
        elif self._single and not self._packings[0]:
            await self._landed()
            self._single = False
        lane = 0 if self._single else lanes.pop()
        await self._send_all(lane, self._packings[lane].add(place, call))

    async def _send_all(self, lane: int, requests: Sequence[Request]) -> None:
        for request in requests:
            await self._send(lane, request)

    async def flush(self) -> None:
        """Send all calls, and wait for the replies."""
        for lane, packing in enumerate(self._packings):
            await self._send_all(lane, packing.rest())
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

    async def _send(self, lane: int, request: Request) -> None:
        if (before := self._in_flight[lane]) is not None:
            await before
        if not self._tally.must_stop:
            self._in_flight[lane] = self._start(self._deliver(request))

    async def _deliver(self, request: Request) -> None:
        with self._tally.sending(request):
            self._tally.settle(request, await self._client._request(request.calls, self._seconds))
        self._tally.tell()
