"""Measure repeated work in one thread, several threads or tasks. It imports little, see `worker.py`."""

import gc
import threading
import time
from collections.abc import Awaitable, Callable, Sequence

from benchmarks.measure import Turn

__all__ = ["percentile", "timed", "timed_awaiting", "timed_in_threads"]


def timed(count: int, work: Callable[[], object]) -> Turn:
    """Do *work* *count* times and return the measurements."""
    gc.collect()
    took, clock = [0] * count, time.perf_counter_ns
    busy, start = time.process_time_ns(), clock()
    for number in range(count):
        before = clock()
        work()
        took[number] = clock() - before
    return _turn(took, clock() - start, time.process_time_ns() - busy)


def timed_in_threads(count: int, work: Callable[[], object], workers: int) -> Turn:
    """Do *work* *count* times in total, in *workers* threads at once."""
    if workers == 1:
        return timed(count, work)
    gc.collect()
    each, clock = max(1, count // workers), time.perf_counter_ns
    took: list[int] = []
    failures: list[BaseException] = []
    ready = threading.Barrier(workers + 1)

    def run() -> None:
        mine = []
        ready.wait()
        try:
            for _ in range(each):
                before = clock()
                work()
                mine.append(clock() - before)
        except BaseException as error:
            failures.append(error)
        took.extend(mine)

    threads = [threading.Thread(target=run) for _ in range(workers)]
    for thread in threads:
        thread.start()
    ready.wait()
    busy, start = time.process_time_ns(), clock()
    for thread in threads:
        thread.join()
    wall, busy = clock() - start, time.process_time_ns() - busy
    if failures:
        raise failures[0]
    return _turn(took, wall, busy)


async def timed_awaiting(count: int, work: Callable[[], Awaitable[object]], workers: int) -> Turn:
    """Do *work* *count* times in total, in *workers* tasks at once."""
    import asyncio

    gc.collect()
    each, clock = max(1, count // workers), time.perf_counter_ns
    took: list[int] = []

    async def run() -> None:
        for _ in range(each):
            before = clock()
            await work()
            took.append(clock() - before)

    busy, start = time.process_time_ns(), clock()
    if workers == 1:
        await run()
    else:
        await asyncio.gather(*(run() for _ in range(workers)))
    return _turn(took, clock() - start, time.process_time_ns() - busy)


def percentile(ordered: Sequence[int], part: float) -> int:
    """Return the percentile *part* (0 to 1) of the *ordered* numbers."""
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def _turn(took: list[int], wall: int, busy: int) -> Turn:
    took.sort()
    return Turn(len(took), wall, busy, percentile(took, 0.5), percentile(took, 0.99))
