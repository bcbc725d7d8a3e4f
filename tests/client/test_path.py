"""Tests of the length of a call's path: frames in its traceback and functions that a call runs through."""

import asyncio
import traceback
from types import ModuleType
from typing import Any

import pytest

import centripetal
import centripetal.v1
from benchmarks.calls import publish_calls
from centripetal import ConnectError, HTTPReply
from centripetal.transport.memory import AwaitingMemoryTransport, MemoryTransport
from tests.ports import free_port

MODULES = pytest.mark.parametrize("module", [centripetal, centripetal.v1], ids=lambda module: module.__name__)
HOSTS = pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
MOST_FRAMES = 7
MOST_CALLS = {1: (35, 40), 6: (31, 32)}


def frames(error: BaseException) -> list[str]:
    """Return the names of the library's functions in the traceback of *error*, without the tracebacks of its causes."""
    found = traceback.extract_tb(error.__traceback__)
    return [frame.name for frame in found if "/centripetal/" in frame.filename.replace("\\", "/")]


@MODULES
@HOSTS
def test_a_refused_connection_has_a_short_traceback(module: ModuleType, host: str) -> None:
    """The blocking client has a short traceback for the first and for later calls, with and without grouping."""
    for options in ({}, {"group": False}):
        client = module.Client(f"http://{host}:{free_port()}", "key", **options)
        for _ in range(2):
            with pytest.raises(ConnectError) as caught:
                client.publish("news", 1)
            assert len(frames(caught.value)) <= MOST_FRAMES, frames(caught.value)


@MODULES
@HOSTS
def test_a_refused_connection_has_a_short_traceback_in_asyncio(module: ModuleType, host: str) -> None:
    """The asyncio client has an equally short traceback."""

    async def refused(**options: Any) -> list[ConnectError]:
        errors = []
        async with module.AsyncClient(f"http://{host}:{free_port()}", "key", **options) as client:
            for _ in range(2):
                with pytest.raises(ConnectError) as caught:
                    await client.publish("news", 1)
                errors.append(caught.value)
        return errors

    for error in (*asyncio.run(refused()), *asyncio.run(refused(group=False))):
        assert len(frames(error)) <= MOST_FRAMES, frames(error)


@MODULES
def test_a_bug_has_a_complete_traceback(module: ModuleType) -> None:
    """An error from outside the library keeps each frame between the call and the line that raised it."""

    def broken(_: object) -> HTTPReply:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as caught:
        module.Client("http://h", "key", transport=MemoryTransport(broken)).publish("news", 1)
    expected = ["publish", "call", "call", "_request", "send"]
    assert frames(caught.value) == expected
    assert caught.traceback[-1].name == "broken"

    async def main() -> None:
        await module.AsyncClient("http://h", "key", transport=AwaitingMemoryTransport(broken)).publish("news", 1)

    with pytest.raises(ZeroDivisionError) as caught:
        asyncio.run(main())
    assert frames(caught.value) == [*expected, "send"]


@pytest.mark.parametrize("generation", [1, 6])
def test_a_publish_runs_through_few_functions(generation: int) -> None:
    """A publish on a kept connection runs through few functions; raise the number only with a reason."""
    calls = publish_calls(generation)
    python, c = MOST_CALLS[generation]
    assert calls.python <= python
    assert calls.c <= c
