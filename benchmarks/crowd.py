"""What races do not show of a busy `AsyncClient`: how long a lone call waits, and whether memory stays flat."""

import asyncio
import time
from collections.abc import Iterator
from statistics import median
from typing import NamedTuple

from benchmarks.ours import awaiting_client
from benchmarks.timing import percentile
from benchmarks.work import CHANNEL, DATA, Generation
from benchmarks.worker import resident_kb
from centripetal.protocol.grouping import Limits

__all__ = ["Lone", "LoneTurn", "Stream", "StreamTurn"]


class LoneTurn(NamedTuple):
    """How long a call took while others published.

    Attributes:
        times: how many lone calls were made, one after another.
        p50_ns, p99_ns: what half, and 99 in a hundred, of them did not exceed.
        group_ns: the median time of a request with as many commands as one may carry, while nothing else is going on.
        group: how many these are.
    """

    times: int
    p50_ns: int
    p99_ns: int
    group_ns: int
    group: int
    peak_kb: int = 0


class Lone:
    """One task that calls now and then, on a channel of its own, while a thousand publish as fast as they can."""

    def __init__(self, generation: Generation, url: str, credential: str, workers: int = 1000) -> None:
        self._client = awaiting_client(generation, url, credential)
        self._workers = workers

    def turn(self, times: int) -> LoneTurn:
        return asyncio.run(self._measure(times))

    async def _measure(self, times: int) -> LoneTurn:
        client, stop = self._client, False

        async def publish() -> None:
            while not stop:
                await client.publish(CHANNEL, DATA)

        size = Limits().commands
        full = [await self._full_group(size) for _ in range(11)]
        crowd = [asyncio.ensure_future(publish()) for _ in range(self._workers)]
        await asyncio.sleep(0.3)
        took = []
        for number in range(times):
            await asyncio.sleep(0.001 + number % 10 / 1000)
            start = time.perf_counter_ns()
            await client.publish("lone", DATA)
            took.append(time.perf_counter_ns() - start)
        stop = True
        await asyncio.gather(*crowd)
        await client.close()
        took.sort()
        return LoneTurn(times, percentile(took, 0.5), percentile(took, 0.99), int(median(full)), size)

    async def _full_group(self, size: int) -> int:
        start = time.perf_counter_ns()
        async with self._client.batch() as batch:
            slots = [batch.publish(CHANNEL, DATA) for _ in range(size)]
        for slot in slots:
            slot.result()
        return time.perf_counter_ns() - start

    def close(self) -> None:
        """Nothing is kept."""


class StreamTurn(NamedTuple):
    """A long stream of publishes.

    Attributes:
        times: how many there were.
        wall_ns, cpu_ns: how long they took.
        resident_kb: the memory of the process, each time that another hundredth of them had been taken up.
    """

    times: int
    wall_ns: int
    cpu_ns: int
    resident_kb: list[int]
    peak_kb: int = 0


class Stream:
    """A generator that a thousand tasks publish from, each taking the next message when its last one is answered."""

    def __init__(self, generation: Generation, url: str, credential: str, workers: int = 1000) -> None:
        self._client = awaiting_client(generation, url, credential)
        self._workers = workers

    def turn(self, times: int) -> StreamTurn:
        return asyncio.run(self._measure(times))

    async def _measure(self, times: int) -> StreamTurn:
        memory: list[int] = []

        def messages() -> Iterator[dict[str, object]]:
            for number in range(times):
                if number % max(1, times // 100) == 0:
                    memory.append(resident_kb())
                yield {"text": f"hello {number}", "number": number}

        source = messages()

        async def publish() -> None:
            for data in source:
                await self._client.publish(CHANNEL, data)

        busy, start = time.process_time_ns(), time.perf_counter_ns()
        await asyncio.gather(*(publish() for _ in range(self._workers)))
        wall, busy = time.perf_counter_ns() - start, time.process_time_ns() - busy
        memory.append(resident_kb())
        await self._client.close()
        return StreamTurn(times, wall, busy, memory)

    def close(self) -> None:
        """Nothing is kept."""
