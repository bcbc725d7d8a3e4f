"""Our clients as contenders."""

import asyncio

import centripetal
from benchmarks.measure import Turn
from benchmarks.timing import timed, timed_awaiting, timed_in_threads
from benchmarks.work import CHANNEL, CHANNELS, DATA, Generation, Kind
from centripetal import v1

__all__ = [
    "AddAndSend",
    "Awaited",
    "AwaitedBatch",
    "AwaitedMany",
    "Batched",
    "Blocking",
    "Many",
    "Send",
    "awaiting_client",
    "blocking_client",
]

SIZE = 1_000


def blocking_client(generation: Generation, url: str, credential: str) -> v1.Client | centripetal.Client:
    """Return our blocking client for that generation."""
    return (v1.Client if generation == 1 else centripetal.Client)(url, credential, timeout=30)


def awaiting_client(generation: Generation, url: str, credential: str) -> v1.AsyncClient | centripetal.AsyncClient:
    """Return our asyncio client for that generation."""
    return (v1.AsyncClient if generation == 1 else centripetal.AsyncClient)(url, credential, timeout=30)


class Blocking:
    """`Client`, shared by all threads."""

    def __init__(
        self, generation: Generation, url: str, credential: str, kind: Kind = "publish", workers: int = 1
    ) -> None:
        self._client = blocking_client(generation, url, credential)
        self._once = self._publish if kind == "publish" else self._broadcast
        self._workers = workers

    def _publish(self) -> None:
        self._client.publish(CHANNEL, DATA)

    def _broadcast(self) -> None:
        self._client.broadcast(CHANNELS, DATA)

    def turn(self, times: int) -> Turn:
        return timed_in_threads(times, self._once, self._workers)

    def close(self) -> None:
        self._client.close()


class Batched(Blocking):
    """`with client.batch()` around a thousand publishes, including all results."""

    def turn(self, times: int) -> Turn:
        return timed(times, self._batch)

    def _batch(self) -> None:
        with self._client.batch() as batch:
            slots = [batch.publish(CHANNEL, DATA) for _ in range(SIZE)]
        for slot in slots:
            slot.result()


class Many(Blocking):
    """`Client.publish_many` of a thousand items."""

    def turn(self, times: int) -> Turn:
        return timed(times, self._many)

    def _many(self) -> None:
        summary = self._client.publish_many((CHANNEL, DATA) for _ in range(SIZE))
        if summary.failed:
            raise summary.errors[0]


class Awaited:
    """`AsyncClient`, shared by all tasks, in an event loop that is kept between turns."""

    def __init__(
        self,
        generation: Generation,
        url: str,
        credential: str,
        kind: Kind = "publish",
        workers: int = 1,
        uvloop: bool = False,
    ) -> None:
        self._client = awaiting_client(generation, url, credential)
        self._once = self._publish if kind == "publish" else self._broadcast
        self._workers = workers
        self._runner = asyncio.Runner(loop_factory=_uvloop if uvloop else None)

    async def _publish(self) -> None:
        await self._client.publish(CHANNEL, DATA)

    async def _broadcast(self) -> None:
        await self._client.broadcast(CHANNELS, DATA)

    def turn(self, times: int) -> Turn:
        return self._runner.run(timed_awaiting(times, self._once, self._workers))

    def close(self) -> None:
        self._runner.run(self._client.close())
        self._runner.close()


class AwaitedBatch(Awaited):
    """Like `Batched`, with asyncio."""

    def turn(self, times: int) -> Turn:
        return self._runner.run(timed_awaiting(times, self._batch, 1))

    async def _batch(self) -> None:
        async with self._client.batch() as batch:
            slots = [batch.publish(CHANNEL, DATA) for _ in range(SIZE)]
        for slot in slots:
            slot.result()


class AwaitedMany(Awaited):
    """Like `Many`, with asyncio."""

    def turn(self, times: int) -> Turn:
        return self._runner.run(timed_awaiting(times, self._many, 1))

    async def _many(self) -> None:
        summary = await self._client.publish_many((CHANNEL, DATA) for _ in range(SIZE))
        if summary.failed:
            raise summary.errors[0]


def _uvloop() -> asyncio.AbstractEventLoop:
    import uvloop

    return uvloop.new_event_loop()


class Send:
    """`v1.Client.send` of a full buffer; filling the buffer is not measured."""

    def __init__(self, generation: Generation, url: str, credential: str) -> None:
        client = blocking_client(generation, url, credential)
        assert isinstance(client, v1.Client), "only the client of 1.x has a buffer"
        self._client = client

    def turn(self, times: int) -> Turn:
        turns = []
        for _ in range(times):
            self._fill()
            turns.append(timed(1, self._send))
        took = sorted(turn.wall_ns for turn in turns)
        return Turn(times, sum(took), sum(turn.cpu_ns for turn in turns), took[times // 2], took[times * 99 // 100])

    def _fill(self) -> None:
        for _ in range(SIZE):
            self._client.add_publish(CHANNEL, DATA)

    def _send(self) -> None:
        responses = self._client.send()
        if len(responses) != SIZE or any(response.error for response in responses):
            raise RuntimeError("the server refused a publish")

    def close(self) -> None:
        self._client.close()


class AddAndSend(Send):
    """A thousand calls of `v1.Client.add_publish`, then `send`."""

    def turn(self, times: int) -> Turn:
        return timed(times, self._fill_and_send)

    def _fill_and_send(self) -> None:
        self._fill()
        self._send()
