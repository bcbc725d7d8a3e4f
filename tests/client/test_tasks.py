"""Tests of asyncio tasks that share requests."""

import asyncio
import gc
import sys
import weakref
from typing import Any

import pytest

from centripetal import AsyncClient as CurrentClient
from centripetal.errors import CentripetalError, ConnectionLostError, HTTPStatusError, ServerError, TimeoutError
from centripetal.protocol.flights import Entry, Group
from centripetal.protocol.grouping import Limits
from centripetal.protocol.http import HTTPReply, HTTPRequest
from centripetal.v1 import AsyncClient
from tests.stubs import AsyncStub, answer, commands_in

URL = "http://stub"


def client_with(**options: Any) -> tuple[AsyncClient, AsyncStub]:
    stub = AsyncStub()
    stub.gate.clear()
    return AsyncClient(URL, "secret", transport=stub, **options), stub


async def steps(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_calls_of_tasks_share_the_next_request() -> None:
    """Calls made during a request share the next request, and each receives its own result."""
    sizes: list[int] = []
    client, stub = client_with(on_request=sizes.append)
    first = asyncio.create_task(client.publish("a", 0))
    await steps()
    others = [asyncio.create_task(client.publish("bad" if n == 2 else "a", n)) for n in range(5)]
    await steps()
    stub.gate.set()
    outcomes = await asyncio.gather(first, *others, return_exceptions=True)
    assert sizes == [1, 5]
    assert isinstance(outcomes.pop(3), ServerError)
    assert outcomes == [True] * 5
    assert [command["params"]["data"] for command in commands_in(stub.requests[1])] == list(range(5))


class Later(AsyncStub):
    """Server that lets other tasks run before it replies."""

    async def send(self, request: HTTPRequest, timeout: float) -> HTTPReply:
        await steps(2)
        return await super().send(request, timeout)


async def test_repeated_calls_share_each_request() -> None:
    """Tasks that call again right after each result share every request from the second request on."""
    sizes: list[int] = []
    client = AsyncClient(URL, "secret", transport=Later(), on_request=sizes.append)

    async def publish() -> None:
        for number in range(10):
            await client.publish("a", number)

    await asyncio.gather(*(publish() for _ in range(16)))
    # The first task sent one request alone, so it finishes one request earlier.
    assert sizes == [1, *[16] * 9, 15]


@pytest.mark.parametrize(("callers", "sizes"), [(200, [1, 200, 1, 200]), (20, [1, 20, 21])])
async def test_a_new_call_does_not_wait_behind_repeated_calls(callers: int, sizes: list[int]) -> None:
    """A call made during a large request is sent before its callers resume, and during a small one with them."""
    seen: list[int] = []
    lone: list[asyncio.Task[bool]] = []

    def look(count: int) -> None:
        seen.append(count)
        if count == callers and not lone:
            lone.append(asyncio.create_task(client.publish("b", 0)))

    client = AsyncClient(URL, "secret", transport=Later(), on_request=look)

    async def publish() -> None:
        for number in range(2):
            await client.publish("a", number)

    leader = asyncio.create_task(client.publish("a", -1))
    await asyncio.sleep(0)
    await asyncio.gather(*(publish() for _ in range(callers)))
    assert await leader
    assert await lone[0]
    assert seen == sizes


async def test_a_single_call_creates_no_task() -> None:
    """A call on an idle client runs in its caller's task."""
    client, stub = client_with()
    stub.gate.set()
    before = len(asyncio.all_tasks())
    seen: list[int] = []

    def look(request: HTTPRequest) -> HTTPReply:
        seen.append(len(asyncio.all_tasks()))
        return answer(request)

    stub.reactions = [look]
    await client.publish("a", 1)
    assert seen == [before]


async def test_a_cancelled_caller_does_not_affect_others() -> None:
    """Cancelling the first call, a waiting call or a call that was sent does not affect other calls."""
    client, stub = client_with()
    first = asyncio.create_task(client.publish("a", 0))
    await steps()
    waiting = asyncio.create_task(client.publish("b", 0))
    others = [asyncio.create_task(client.publish("c", n)) for n in range(3)]
    await steps()
    waiting.cancel()
    first.cancel()
    await steps()
    others[0].cancel()  # its request has been sent by now
    stub.gate.set()
    outcomes = await asyncio.gather(first, waiting, *others, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes[:3]] == [asyncio.CancelledError] * 3
    assert outcomes[3:] == [True, True]
    assert stub.sent == [["c", "c", "c"]]
    assert await client.publish("d", 1) is True


async def test_a_timeout_reports_whether_the_call_was_sent() -> None:
    """A call that times out has `executed` "no" if it was waiting, and "unknown" if its request was sent."""
    client, stub = client_with()
    first = asyncio.create_task(client.publish("a", 0))
    await steps()
    with pytest.raises(TimeoutError) as unsent:
        await client.publish("b", 0, timeout=0.02)
    assert unsent.value.executed == "no"
    stub.gate.set()
    await first
    stub.gate.clear()
    others = [asyncio.create_task(client.publish("c", n, timeout=t)) for n, t in enumerate([5, 0.05, 5])]
    await steps()
    late = await asyncio.gather(others[1], return_exceptions=True)
    assert isinstance(late[0], TimeoutError)
    assert late[0].executed == "no"
    stub.gate.set()
    assert list(await asyncio.gather(others[0], others[2])) == [True, True]


async def test_a_failed_request_fails_each_of_its_calls() -> None:
    """Each call of a failed request raises a separate error that names its command."""
    client, stub = client_with()
    stub.reactions = [answer, ConnectionLostError("gone")]
    first = asyncio.create_task(client.publish("a", 0))
    await steps()
    others = [asyncio.create_task(client.publish("b", 0)), asyncio.create_task(client.disconnect("user"))]
    await steps()
    stub.gate.set()
    assert await first is True
    outcomes = await asyncio.gather(*others, return_exceptions=True)
    errors = [error for error in outcomes if isinstance(error, CentripetalError)]
    assert [error.command and error.command.name for error in errors] == ["publish", "disconnect"]
    assert await client.publish("d", 1) is True


async def test_reads_do_not_wait_behind_writes_to_other_channels() -> None:
    """A read is sent during a write, unless the write is to the same channel."""
    client, stub = client_with()
    write = asyncio.create_task(client.publish("a", 0))
    await steps()
    same, other = asyncio.create_task(client.history("a")), asyncio.create_task(client.history("b"))
    await steps()
    stub.gate.set()
    await asyncio.gather(write, same, other)
    assert sorted(stub.sent[:2]) == [["a"], ["b"]]
    assert stub.sent[2] == ["a"]
    assert commands_in(stub.requests[2])[0]["method"] == "history"


async def test_a_failed_shared_read_is_repeated_separately() -> None:
    """A presence that the server cannot serialize fails alone, and the other reads of the request succeed."""

    def spoilt(request: HTTPRequest) -> HTTPReply:
        if any(command["params"].get("channel") == "broken" for command in commands_in(request)):
            return HTTPReply(500, b"Internal Server Error\n")
        return answer(request)

    client, stub = client_with()
    stub.reactions = [spoilt] * 9
    first = asyncio.create_task(client.channels())
    await steps()
    reads = [asyncio.create_task(client.presence(channel)) for channel in ("good", "broken")]
    await steps()
    stub.gate.set()
    good, broken = await asyncio.gather(*reads, return_exceptions=True)
    await first
    assert not isinstance(good, BaseException)
    assert isinstance(broken, HTTPStatusError)


async def test_limits_and_disabled_grouping() -> None:
    """`Limits` split waiting calls into several requests, and `group=False` sends each call in a separate request."""
    for group, expected in ((Limits(commands=2), [1, 2, 2, 1]), (False, [1] * 6)):
        sizes: list[int] = []
        client, stub = client_with(group=group, on_request=sizes.append)
        calls = [asyncio.create_task(client.publish("a", n)) for n in range(6)]
        await steps()
        stub.gate.set()
        await asyncio.gather(*calls)
        assert sizes == expected


async def test_close_fails_waiting_calls() -> None:
    """Closing a client fails calls that have not been sent, with `executed` "no"."""
    client, stub = client_with()
    first = asyncio.create_task(client.publish("a", 0))
    await steps()
    second = asyncio.create_task(client.publish("a", 0))
    await steps()
    await client.close()
    with pytest.raises(ConnectionLostError) as closed:
        await second
    assert closed.value.executed == "no"
    stub.gate.set()
    assert await first is True


def test_a_closed_loop_leaves_no_calls_behind() -> None:
    """When an event loop shuts down, its waiting calls are cancelled, and the client works in the next loop."""
    client, stub = client_with()

    loops: list[weakref.ref[Any]] = []

    async def abandon() -> None:
        loops.append(weakref.ref(asyncio.get_running_loop()))
        calls = [asyncio.create_task(client.publish("a", n)) for n in range(5)]
        await steps()
        assert not any(call.done() for call in calls)

    asyncio.run(abandon())
    stub.gate = asyncio.Event()
    stub.gate.set()
    assert asyncio.run(client.publish("a", 9)) is True
    gc.collect()
    assert [loop() for loop in loops] == [None]
    assert stub.sent == [["a"]]


async def test_ten_thousand_tasks() -> None:
    """10,000 concurrent tasks receive their results with few requests."""
    sizes: list[int] = []
    client, stub = client_with(on_request=sizes.append, timeout=60)
    calls = asyncio.gather(*(client.publish(f"c{n % 7}", n) for n in range(10_000)))
    await steps()
    stub.gate.set()
    assert all(await calls)
    assert sum(sizes) == 10_000
    assert len(sizes) < 100


async def test_finished_calls_are_released() -> None:
    """The client keeps nothing of finished calls."""
    client, stub = client_with()
    stub.gate.set()
    for _ in range(20):
        await asyncio.gather(*(client.publish(f"c{n}", n) for n in range(200)))
    gc.collect()
    assert not [thing for thing in gc.get_objects() if isinstance(thing, Entry | Group)]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks are new in Python 3.12")
def test_eager_tasks_end_without_waiting() -> None:
    """With eager tasks, calls that end without waiting give their results, alone and together."""

    class Immediate:
        async def send(self, request: HTTPRequest, timeout: float) -> HTTPReply:  # the interface
            if b"slow" in request.body:
                await asyncio.sleep(0.01)
            return HTTPReply(200, b'{"result":{"offset":1,"epoch":"e"}}')

        async def close(self) -> None:
            """Do nothing."""

    async def main() -> None:
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined,unused-ignore]
        client = CurrentClient("http://stub", "key", transport=Immediate())
        calls = [asyncio.ensure_future(client.publish("slow", 1)), asyncio.ensure_future(client.history("a"))]
        async with asyncio.timeout(5):
            await asyncio.gather(*calls)

    asyncio.run(main())
