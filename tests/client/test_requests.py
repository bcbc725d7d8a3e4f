"""Batches, and calls that share requests."""

import asyncio
import contextlib
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import centripetal as door
from centripetal import AsyncClient, Client, Limits, Publish, PublishResult
from centripetal.errors import MalformedResponseError, ServerError
from tests.client.facades import API_KEY, Facades, good
from tests.dialects.current.conversations import URL, reply
from tests.stubs import AsyncStub, Stub


async def test_a_batch_is_one_request_with_separate_outcomes() -> None:
    """A failed command does not affect other results of the batch, which can also contain methods by name."""
    facades = Facades()
    with facades.blocking.batch() as batch:
        slots: list[Any] = [batch.publish("a", 1), batch.publish("no:a", 1), batch.info(), batch.call("new", {"x": 1})]
    async with facades.awaiting.batch(timeout=3) as other:
        others: list[Any] = [other.publish("a", 1), other.publish("no:a", 1), other.info(), other.call("new", {"x": 1})]
    for some in (slots, others):
        assert isinstance(some[0].result(), PublishResult)
        with pytest.raises(ServerError, match=r"^publish \(command 1 of the request\): .*102"):
            some[1].result()
        assert isinstance(some[2].result(), door.InfoResult)
        assert some[3].result() == {}
    assert facades.paths == ["batch"]
    assert facades.stubs[0].requests[0].body == facades.stubs[1].requests[0].body


def test_errors_in_a_batch_of_one_have_their_index() -> None:
    """A batch with one command is sent to the path of its method, and its error still has the index in the batch."""
    stub = Stub()
    stub.usual = good
    with Client(URL, API_KEY, transport=stub).batch() as batch:
        slot = batch.publish("no:a", 1)
    with pytest.raises(ServerError, match=r"publish \(command 0 of the request\)") as caught:
        slot.result()
    assert (caught.value.command, caught.value.index) == (Publish("no:a", 1), 0)


async def test_an_empty_batch_sends_nothing() -> None:
    """A batch that is empty or whose block raises sends no request."""
    facades = Facades()
    with facades.blocking.batch():
        pass
    async with facades.awaiting.batch(parallel=True):
        pass
    with contextlib.suppress(RuntimeError), facades.blocking.batch() as batch:
        batch.info()
        raise RuntimeError
    assert facades.stubs[0].requests == facades.stubs[1].requests == []


async def test_a_parallel_batch() -> None:
    """With `parallel`, the request asks the server to run its commands in parallel."""
    facades = Facades()
    with facades.blocking.batch(parallel=True) as batch:
        batch.publish("a", 1)
        batch.publish("b", 1)
    async with facades.awaiting.batch(parallel=True) as other:
        other.publish("a", 1)
        other.publish("b", 1)
    for stub in facades.stubs:
        assert json.loads(stub.requests[0].body)["parallel"] is True


@pytest.mark.parametrize("replies", [{}, {"replies": []}, {"replies": [{"publish": {}}]}])
def test_missing_replies_are_malformed(replies: Any) -> None:
    """If replies are missing, every slot has the error."""
    client = Client(URL, API_KEY, transport=Stub(reply(replies)))
    with pytest.raises(MalformedResponseError), client.batch() as batch:
        slots = [batch.publish("a", 1), batch.publish("b", 1)]
    for slot in slots:
        with pytest.raises(MalformedResponseError, match=r"command [01] of the request"):
            slot.result()


async def together(stub: AsyncStub, *calls: Any) -> list[Any]:
    """Start calls concurrently while the first request is in flight."""
    stub.gate.clear()
    gathered = asyncio.gather(*calls, return_exceptions=True)
    for _ in range(5):
        await asyncio.sleep(0)
    stub.gate.set()
    return list(await gathered)


async def test_concurrent_calls_share_requests() -> None:
    """The first call is sent alone, calls made during it are sent as a batch, and each has its own outcome."""
    sizes: list[int] = []
    stub = AsyncStub()
    stub.usual = good
    client = AsyncClient(URL, API_KEY, transport=stub, on_request=sizes.append)
    outcomes = await together(stub, *(client.publish("no:a" if n % 10 == 5 else "a", n) for n in range(50)))
    assert sizes == [1, 49]
    assert [n for n, one in enumerate(outcomes) if isinstance(one, ServerError)] == [5, 15, 25, 35, 45]
    assert [one.index for one in outcomes if isinstance(one, ServerError)] == [None] * 5
    assert isinstance(outcomes[6], PublishResult)


async def test_possibly_unknown_methods_are_sent_alone() -> None:
    """A PRO or newer method is sent alone until it has succeeded once, and a method called by name always is."""
    stub = AsyncStub()
    stub.usual = good
    client = AsyncClient(URL, API_KEY, transport=stub, group=Limits(commands=100))

    async def several() -> list[str]:
        stub.requests.clear()
        calls = [client.publish("a", 1), client.block_user("u"), client.call("new"), client.publish("a", 2)]
        reads = [client.presence("b"), client.device_list(), client.map_stats("m")]
        await together(stub, *calls, *reads)
        return sorted(request.url.rpartition("/")[2] for request in stub.requests)

    assert await several() == ["block_user", "device_list", "map_stats", "new", "presence", "publish", "publish"]
    assert await several() == ["batch", "block_user", "new", "presence", "publish", "publish"]


def test_threads_share_a_client() -> None:
    """Calls from many threads on one client each receive their own result."""
    stub = Stub()
    stub.usual = good
    client = Client(URL, API_KEY, transport=stub)
    with ThreadPoolExecutor(8) as pool:
        values = list(pool.map(lambda n: client.publish(f"c{n}", n), range(50)))
    assert all(isinstance(value, PublishResult) for value in values)
