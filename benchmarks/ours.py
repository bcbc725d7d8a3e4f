"""Our clients as contenders."""

import asyncio

from benchmarks.measure import Turn
from benchmarks.timing import timed, timed_awaiting, timed_in_threads
from benchmarks.work import CHANNEL, CHANNELS, DATA, Kind
from centripetal import v1

__all__ = ["AddAndSend", "Awaited", "Batched", "Blocking", "Send"]

SIZE = 1_000


class Blocking:
    """`Client`, one for all threads."""

    def __init__(self, url: str, secret: str, kind: Kind = "publish", workers: int = 1) -> None:
        self._client = v1.Client(url, secret, timeout=30)
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


class Awaited:
    """`AsyncClient`, one for all tasks, in an event loop that stays."""

    def __init__(self, url: str, secret: str, kind: Kind = "publish", workers: int = 1, uvloop: bool = False) -> None:
        self._client = v1.AsyncClient(url, secret, timeout=30)
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


def _uvloop() -> asyncio.AbstractEventLoop:
    import uvloop

    return uvloop.new_event_loop()


class Send(Blocking):
    """`Client.send` of a full buffer; filling it is not measured."""

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


class AddAndSend(Send):
    """A thousand times `Client.add_publish`, then `Client.send`."""

    def turn(self, times: int) -> Turn:
        return timed(times, self._fill_and_send)

    def _fill_and_send(self) -> None:
        self._fill()
        self._send()


class Batched(Send):
    """`with client.batch()` around a thousand publishes, and all of their results."""

    def turn(self, times: int) -> Turn:
        return timed(times, self._batch)

    def _batch(self) -> None:
        with self._client.batch() as batch:
            slots = [batch.publish(CHANNEL, DATA) for _ in range(SIZE)]
        if not all(slot.result() for slot in slots):
            raise RuntimeError("the server refused a publish")
