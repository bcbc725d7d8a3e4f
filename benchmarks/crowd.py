"""Behaviour of a busy `AsyncClient` that races do not show: waiting time of a single call, and growth of memory."""

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
    """Duration of single calls while other tasks publish.

    Attributes:
        times: number of single calls, one after another.
        p50_ns, p99_ns: median and 99th percentile of their durations.
        group_ns: median duration of a request with the maximum number of commands on an idle client.
        group: number of commands in such a request.
    """

    times: int
    p50_ns: int
    p99_ns: int
    group_ns: int
    group: int
    peak_kb: int = 0


class Lone:
    """One task that publishes now and then on another channel, while a thousand tasks publish as fast as they can."""

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
        """Do nothing, as nothing is kept open."""


class StreamTurn(NamedTuple):
    """A long stream of publishes.

    Attributes:
        times: number of publishes.
        wall_ns, cpu_ns: duration and processor time of the stream.
        resident_kb: memory of the process, after each hundredth of the publishes.
    """

    times: int
    wall_ns: int
    cpu_ns: int
    resident_kb: list[int]
    peak_kb: int = 0


class Stream:
    """A thousand tasks publish from one generator; each takes the next message after the reply to its last message."""

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
        """Do nothing, as nothing is kept open."""
