"""Tests of mistakes between blocking and asyncio code."""

import asyncio
import gc
import sys
import threading
import warnings
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any

import pytest

import centripetal
from centripetal import BlockingCallWarning, v1
from centripetal.testing import Recorder, RecorderV1

URL = "http://localhost:1"
BLOCKING: dict[str, Callable[[], Any]] = {
    "Client": lambda: Recorder().client(),
    "v1.Client": lambda: RecorderV1().client(),
}
WARNING = (
    "a call of a blocking Client inside a running event loop: all other tasks wait until the reply. Use AsyncClient, "
    "or a thread: await asyncio.to_thread(client.publish, …). To allow it, ignore the category BlockingCallWarning"
)


def advice(enter: Callable[[], object]) -> str:
    with pytest.raises(TypeError) as refused:
        enter()
    return str(refused.value)


@pytest.mark.parametrize("door", [centripetal, v1], ids=["6", "1.x"])
def test_with_on_an_asyncio_class(door: Any) -> None:
    """`with AsyncClient(…)` and `with client.batch()` say that `async with` is needed."""

    def enter(kind: Any) -> None:
        with kind:
            pass

    client = door.AsyncClient(URL, "key")
    if sys.version_info < (3, 14):  # later versions of Python give this advice themselves
        text = "{} is for asyncio: write `async with` instead of `with`, or use the blocking Client"
        assert advice(lambda: enter(client)) == text.format("AsyncClient")
        assert advice(lambda: enter(client.batch())) == text.format("AsyncBatch")
    else:
        assert "async with" in advice(lambda: enter(client))
    assert not isinstance(client, AbstractContextManager)
    assert isinstance(client, AbstractAsyncContextManager)


@pytest.mark.parametrize("door", [centripetal, v1], ids=["6", "1.x"])
def test_async_with_on_a_blocking_class(door: Any) -> None:
    """`async with Client(…)` and its batch say that `with` is needed."""

    async def enter(kind: Any) -> None:
        async with kind:
            pass

    client = door.Client(URL, "key")
    if sys.version_info < (3, 14):
        text = "{} is blocking: write `with` instead of `async with`, or use AsyncClient"
        assert advice(lambda: asyncio.run(enter(client))) == text.format("Client")
        assert advice(lambda: asyncio.run(enter(client.batch()))) == text.format("Batch")
    else:
        assert "'with'" in advice(lambda: asyncio.run(enter(client)))
    assert isinstance(client, AbstractContextManager)
    assert not isinstance(client, AbstractAsyncContextManager)


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("publish", lambda client: client.publish("news", 1)),
        ("call", lambda client: client.call(None)),
        ("publish_many", lambda client: client.publish_many([])),
        ("close", lambda client: client.close()),
    ],
)
@pytest.mark.parametrize("door", [centripetal, v1], ids=["6", "1.x"])
def test_a_coroutine_that_was_never_awaited(
    door: Any, name: str, call: Callable[[Any], Coroutine[Any, Any, Any]]
) -> None:
    """Python's warning names the method, and the class under its public name."""

    def forget() -> None:
        coroutine = call(door.AsyncClient(URL, "key"))
        del coroutine
        gc.collect()

    with pytest.warns(RuntimeWarning) as caught:
        forget()
    assert str(caught[0].message) == f"coroutine 'AsyncClient.{name}' was never awaited"


def use(client: Any) -> None:
    client.publish("news", 1)
    with client.batch() as batch:
        batch.publish("news", 2)
    client.publish_many([("news", 3)])


def messages(scenario: Callable[[], object]) -> list[tuple[str, str]]:
    """Return the texts and files of the warnings of *scenario*."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        scenario()
    assert all(each.category is BlockingCallWarning for each in caught)
    return [(str(each.message), each.filename) for each in caught]


@pytest.mark.parametrize("kind", BLOCKING)
def test_a_blocking_call_in_an_event_loop(kind: str) -> None:
    """Each client warns once, with the program's own line, also if it was used outside of the loop before."""
    client, other = BLOCKING[kind](), BLOCKING[kind]()
    use(client)

    async def main() -> None:
        use(client)
        use(client)
        use(other)

    assert messages(lambda: asyncio.run(main())) == [(WARNING, __file__)] * 2


def test_calls_elsewhere_do_not_warn() -> None:
    """Calls in a thread of the loop, after the loop, and in a thread without a loop are fine."""
    client = Recorder().client()

    async def main() -> None:
        await asyncio.to_thread(client.publish, "news", 1)
        thread = threading.Thread(target=client.publish, args=("news", 1))
        thread.start()
        thread.join()

    def scenario() -> None:
        asyncio.run(main())
        client.publish("news", 1)

    assert messages(scenario) == []


def test_the_warning_can_be_turned_off_or_made_an_error() -> None:
    """The category is the switch; as an error, nothing is sent and the client stays usable."""
    recorder = Recorder()
    client = recorder.client()

    async def main() -> None:
        client.publish("news", 1)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(BlockingCallWarning):
            asyncio.run(main())
        recorder.assert_nothing_published()
        warnings.simplefilter("ignore", BlockingCallWarning)
        asyncio.run(main())
        client = recorder.client()
        asyncio.run(main())
    recorder.assert_published("news", times=2)
