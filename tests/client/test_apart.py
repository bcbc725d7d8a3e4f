"""Tests of reads that shared a request whose reply was useless."""

import asyncio
import json
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

import centripetal
from centripetal import v1
from centripetal.errors import (
    CentripetalError,
    ConnectError,
    ConnectionLostError,
    HTTPStatusError,
    MalformedResponseError,
    TimeoutError,
)
from centripetal.protocol.http import HTTPReply, HTTPRequest
from tests.stubs import AsyncStub, Stub, wait_until_blocked

SEPARATED: list[HTTPReply | CentripetalError] = [
    *(HTTPReply(status, b"") for status in (400, 403, 413, 422, 429, 500, 502, 503)),
    HTTPReply(200, b"nonsense"),
    HTTPReply(200, b""),
    MalformedResponseError("the reply is larger than 1000 bytes"),
    ConnectionLostError("closed before the reply was complete"),
]
TOGETHER: list[HTTPReply | CentripetalError] = [
    HTTPReply(401, b""),
    TimeoutError("silent"),
    ConnectError("refused"),
]
CURRENT = {"publications": [], "offset": 1, "epoch": "e"}
V1 = {"channel": "x", "data": []}


class Fragile:
    """Server that fails every request with several reads, and every request that reads the channel "bad".

    Args:
        failure: the failure.
    """

    def __init__(self, failure: HTTPReply | CentripetalError) -> None:
        self.failure = failure
        self.sizes: list[int] = []

    def __call__(self, request: HTTPRequest) -> HTTPReply:
        body = json.loads(request.body)
        commands = body if isinstance(body, list) else body.get("commands", [body])
        self.sizes.append(len(commands))
        if len(commands) > 1 or b'"bad"' in request.body:
            if isinstance(self.failure, CentripetalError):
                raise self.failure
            return self.failure
        if isinstance(body, list):
            replies = [{"uid": one["uid"], "method": one["method"], "body": V1} for one in commands]
            return HTTPReply(200, json.dumps(replies).encode())
        if "commands" in body:
            return HTTPReply(200, json.dumps({"replies": [{"history": CURRENT}]}).encode())
        return HTTPReply(200, json.dumps({"result": CURRENT}).encode())


def in_threads(module: Any, server: Fragile, channels: str) -> list[Any]:
    stub, gate = Stub(), threading.Event()
    results: list[Any] = [None] * len(channels)
    client = module.Client("http://stub", "key", transport=stub)

    def first(request: HTTPRequest) -> HTTPReply:
        assert gate.wait(5)
        stub.usual = server
        return Fragile(server.failure)(request)

    stub.usual = first
    names = ["bad" if name == "x" else name for name in channels]

    def read(index: int) -> None:
        try:
            results[index] = client.history(names[index])
        except CentripetalError as error:
            results[index] = error

    opener = threading.Thread(target=client.history, args=("opener",))
    threads = [threading.Thread(target=read, args=(index,)) for index in range(len(names))]
    for thread in (opener, *threads):
        thread.start()
        wait_until_blocked(thread)
    gate.set()
    for thread in (opener, *threads):
        thread.join(10)
    return results


def in_tasks(module: Any, server: Fragile, channels: str) -> list[Any]:
    async def main() -> list[Any]:
        stub = AsyncStub()
        stub.gate.clear()
        stub.reactions = [Fragile(server.failure)]
        stub.usual = server
        async with module.AsyncClient("http://stub", "key", transport=stub) as client:
            names = ["opener", *("bad" if name == "x" else name for name in channels)]
            reads = [asyncio.ensure_future(client.history(name)) for name in names]
            await asyncio.sleep(0.01)
            stub.gate.set()
            return (await asyncio.gather(*reads, return_exceptions=True))[1:]

    return asyncio.run(main())


def outcome(slot: Any) -> Any:
    try:
        return slot.result()
    except CentripetalError as error:
        return error


def in_a_batch(module: Any, server: Fragile, channels: str) -> list[Any]:
    stub = Stub()
    stub.usual = server
    slots = []
    with suppress(CentripetalError), module.Client("http://stub", "key", transport=stub).batch() as batch:
        slots = [batch.history("bad" if name == "x" else name) for name in channels]
    return [outcome(slot) for slot in slots]


def in_an_async_batch(module: Any, server: Fragile, channels: str) -> list[Any]:
    async def main() -> list[Any]:
        stub = AsyncStub()
        stub.usual = server
        client = module.AsyncClient("http://stub", "key", transport=stub)
        async with client.batch() as batch:
            slots = [batch.history("bad" if name == "x" else name) for name in channels]
        return [outcome(slot) for slot in slots]

    return asyncio.run(main())


WAYS = pytest.mark.parametrize("way", [in_threads, in_tasks, in_a_batch, in_an_async_batch])
MODULES = pytest.mark.parametrize("module", [centripetal, v1], ids=lambda module: module.__name__)
Way = Callable[[Any, Fragile, str], list[Any]]


@MODULES
@WAYS
@pytest.mark.parametrize("failure", SEPARATED, ids=repr)
def test_reads_that_fail_together_are_asked_again_one_by_one(
    module: Any, way: Way, failure: HTTPReply | CentripetalError
) -> None:
    """After a useless reply to several reads, only the read at fault fails."""
    server = Fragile(failure)
    good, bad, other = way(module, server, "axb")
    assert not isinstance(good, CentripetalError)
    assert not isinstance(other, CentripetalError)
    assert isinstance(bad, CentripetalError)
    assert server.sizes == [3, 1, 1, 1]


@MODULES
@pytest.mark.parametrize("way", [in_threads, in_tasks, in_a_batch])
@pytest.mark.parametrize("failure", TOGETHER, ids=repr)
def test_failures_that_do_not_depend_on_the_calls_are_not_repeated(
    module: Any, way: Way, failure: HTTPReply | CentripetalError
) -> None:
    """After a timeout, a refused connection or a wrong key, every read of the request fails at once."""
    server = Fragile(failure)
    errors = way(module, server, "abc")
    assert all(isinstance(error, HTTPStatusError | type(failure)) for error in errors)
    assert server.sizes == [3]


@MODULES
def test_a_batch_of_reads_that_all_fail_raises(module: Any) -> None:
    """If each read of a batch fails alone too, the batch raises, as after any failed request."""
    stub = Stub()
    stub.usual = Fragile(HTTPReply(500, b""))
    with pytest.raises(HTTPStatusError), module.Client("http://stub", "key", transport=stub).batch() as batch:
        slots = [batch.history("bad") for _ in range(2)]
    assert all(isinstance(outcome(slot), HTTPStatusError) for slot in slots)


@MODULES
def test_writes_are_never_repeated(module: Any) -> None:
    """A batch with a write fails as a whole, because the server may have run it."""
    stub = Stub()
    stub.usual = server = Fragile(HTTPReply(500, b""))
    batch = module.Client("http://stub", "key", transport=stub).batch()
    batch.history("a")
    batch.publish("a", 1)
    with pytest.raises(HTTPStatusError), batch:
        pass
    assert server.sizes == [2]
