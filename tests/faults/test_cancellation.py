"""Cancellation of tasks at any step of a call."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from centripetal.v1 import AsyncClient, CentripetalError
from tests.faults.recorder import served
from tests.faults.server import numbers_in
from tests.faults.ways import SECRET

Call = Callable[[AsyncClient], Coroutine[Any, Any, Any]]


async def publish(client: AsyncClient) -> None:
    await client.publish("a", [1])


async def publish_together(client: AsyncClient) -> None:
    await asyncio.gather(*(client.publish("a", [number]) for number in (1, 2, 3)))


async def read(client: AsyncClient) -> None:
    assert [message.channel for message in await client.history("read")] == ["read"]


async def batch(client: AsyncClient) -> None:
    async with client.batch() as batch:
        batch.publish("a", [1])
        batch.publish("a", [2])


CALLS: dict[str, Call] = {"publish": publish, "together": publish_together, "read": read, "batch": batch}


async def at_every_step(attempt: Callable[[int], Awaitable[bool]]) -> int:
    """Call *attempt* with 0, 1, 2 … loop iterations to wait, until it returns that there was nothing to cancel."""
    for steps in range(1000):
        if not await attempt(steps):
            return steps
    pytest.fail("the call does not end")


async def cancelled_after(steps: int, call: Coroutine[Any, Any, Any]) -> bool:
    """Cancel *call* after *steps* loop iterations and return whether it was still running."""
    task = asyncio.ensure_future(call)
    for _ in range(steps):
        await asyncio.sleep(0)
    under_way = task.cancel()
    await asyncio.wait([task])
    assert task.cancelled() or task.exception() is None
    return under_way


async def only_this_task() -> None:
    """Wait until no other task is left."""
    for _ in range(100):
        if asyncio.all_tasks() - {asyncio.current_task()} == server_tasks():
            return
        await asyncio.sleep(0.005)
    pytest.fail(f"tasks are left: {asyncio.all_tasks()}")


def server_tasks() -> set[asyncio.Task[Any]]:
    return {task for task in asyncio.all_tasks() if "answer" in getattr(task.get_coro(), "__qualname__", "")}


@pytest.mark.parametrize("warm", [False, True], ids=["new connection", "kept connection"])
@pytest.mark.parametrize("name", CALLS)
async def test_cancelled_at_every_step(name: str, warm: bool) -> None:
    """A cancelled call raises CancelledError, sends nothing twice, and the next call gets its own reply."""
    async with served() as (url, requests), AsyncClient(url, SECRET) as client:

        async def attempt(steps: int) -> bool:
            await client.close()
            if warm:
                await client.history("warm")
            first = len(requests)
            under_way = await cancelled_after(steps, CALLS[name](client))
            (message,) = await client.history("after")
            assert message.channel == "after"
            numbers = [number for request in requests[first:] for number in numbers_in(request)]
            assert len(set(numbers)) == len(numbers)
            await only_this_task()
            return under_way

        assert await at_every_step(attempt) > 3


@pytest.mark.parametrize("warm", [False, True], ids=["new connection", "kept connection"])
async def test_a_cancelled_send_keeps_the_buffer(warm: bool) -> None:
    """If `send()` is cancelled, the buffer keeps all commands, even if they have run; otherwise all are sent."""
    async with served() as (url, requests), AsyncClient(url, SECRET) as client:

        async def attempt(steps: int) -> bool:
            await client.close()
            if warm:
                await client.history("warm")
            for number in (1, 2):
                client.add_publish("a", [number])
            task = asyncio.ensure_future(client.send())
            for _ in range(steps):
                await asyncio.sleep(0)
            client.add_publish("a", [3])
            under_way = task.cancel()
            await asyncio.wait([task])
            assert client.pending == (3 if task.cancelled() else 1)
            await client.send()
            assert numbers_in(requests[-1]) == ([1, 2, 3] if task.cancelled() else [3])
            return under_way

        assert await at_every_step(attempt) > 3


@pytest.mark.parametrize("victim", range(5))
async def test_cancelling_one_disturbs_no_other(victim: int) -> None:
    """Of several concurrent calls, cancelling any call at any step lets the others succeed, sent once and in order."""
    async with served() as (url, requests), AsyncClient(url, SECRET) as client:

        async def attempt(steps: int) -> bool:
            first = len(requests)
            tasks = [asyncio.ensure_future(client.publish("a", [number])) for number in range(5)]
            for _ in range(steps):
                await asyncio.sleep(0)
            under_way = tasks[victim].cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            assert [result for index, result in enumerate(results) if index != victim] == [True] * 4
            assert isinstance(results[victim], asyncio.CancelledError) or results[victim] is True
            numbers = [number for request in requests[first:] for number in numbers_in(request)]
            assert [number for number in numbers if number != victim] == [n for n in range(5) if n != victim]
            assert numbers.count(victim) <= 1
            await only_this_task()
            return under_way

        assert await at_every_step(attempt) > 2


async def test_a_time_limit_around_a_call() -> None:
    """`asyncio.timeout()` around one of several calls ends only this call."""
    async with served() as (url, _), AsyncClient(url, SECRET) as client:
        await client.history("warm")

        async def hurried(seconds: float) -> bool:
            try:
                async with asyncio.timeout(seconds):
                    return await client.publish("a", [0])
            except CentripetalError:
                raise
            except TimeoutError:
                return False

        for step in range(20):
            results = await asyncio.gather(hurried(step * 0.0002), *(client.publish("a", [n]) for n in range(1, 5)))
            assert all(results[1:])


async def test_cancelled_without_leaks() -> None:
    """Hundreds of cancelled calls leave no socket open."""
    async with served() as (url, _):
        before = len(os.listdir("/dev/fd"))
        async with AsyncClient(url, SECRET) as client:
            for steps in range(200):
                await cancelled_after(steps % 20, publish_together(client))
        await asyncio.sleep(0.02)
        assert len(os.listdir("/dev/fd")) <= before
