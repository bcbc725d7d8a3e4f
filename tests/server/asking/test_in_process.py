"""Asking handlers in this process: where they run, and that none of them delays the server."""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, cast

import pytest

from centripetal.errors import UsageError
from centripetal.proxy import ConnectEvent, ConnectReply, Handlers, SubscribeEvent, SubscribeReply
from centripetal.server import EmbeddedServer
from centripetal.server.asking.in_process import InProcessAsker
from centripetal.server.questions import Endpoint, Question, Reply
from centripetal.testing import Centrifugo


class Answer(NamedTuple):
    status: int
    body: bytes


class Dispatcher:
    """Handlers with one function for all events; a coroutine function is awaited, others run in a thread."""

    header = "x-api-key"

    def __init__(self, run: Callable[..., Any]) -> None:
        self.run = run

    async def answer_async(
        self, kind: str, headers: Mapping[str, str], body: bytes, context: Any = None, in_thread: Any = None
    ) -> Answer:
        if asyncio.iscoroutinefunction(self.run):
            return Answer(200, await self.run(kind, headers, body))
        return Answer(200, await in_thread(lambda: self.run(kind, headers, body)))


async def ask(run: Callable[..., Any], timeout: float = 5.0, loop: asyncio.AbstractEventLoop | None = None) -> Reply:
    """Return the reply to one question, asked in this loop."""
    reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
    question = Question(
        Endpoint(url="http://x", timeout=timeout), "rpc", (("X-A", "1"), ("X-Api-Key", "secret")), b"{}"
    )
    InProcessAsker(cast(Any, Dispatcher(run)), loop).ask(question, reply.set_result)
    return await reply


async def test_coroutines_run_in_the_given_loop() -> None:
    """A coroutine function runs in the application's loop, with the headers in lower case and without the secret."""

    async def run(*event: Any) -> bytes:
        assert asyncio.get_running_loop() is here
        assert event == ("rpc", {"x-a": "1"}, b"{}")
        return b"yes"

    here = asyncio.get_running_loop()
    assert await ask(run, loop=here) == Reply(200, b"yes")


async def test_without_a_loop_they_run_in_a_thread() -> None:
    """Without a loop of the application, coroutine functions run in a loop of another thread."""

    async def run(*_: Any) -> bytes:
        return str(threading.get_ident()).encode()

    assert (await ask(run)).body != str(threading.get_ident()).encode()


async def test_plain_functions_run_in_threads_of_their_own() -> None:
    """Many blocked functions do not delay another one."""
    free = threading.Event()

    def block(*_: Any) -> bytes:
        free.wait(5)
        return b"late"

    loop = asyncio.get_running_loop()
    blocked = [asyncio.ensure_future(ask(block, loop=loop)) for _ in range(60)]
    assert (await ask(lambda *_: b"at once", loop=loop)).body == b"at once"
    free.set()
    assert {reply.body for reply in await asyncio.gather(*blocked)} == {b"late"}


@pytest.mark.parametrize("waits", [True, False])
async def test_the_time_limit_counts(waits: bool) -> None:
    """A handler that takes too long is no answer, and is not cancelled: it may have written data."""
    done = threading.Event()

    async def wait(*_: Any) -> bytes:
        await asyncio.sleep(0.1)
        done.set()
        return b""

    def block(*_: Any) -> bytes:
        time.sleep(0.1)
        done.set()
        return b""

    reply = await ask(wait if waits else block, 0.02)
    assert reply == Reply(0, problem="the handler of rpc did not answer within 0.02 s")
    assert await asyncio.to_thread(done.wait, 5)


async def test_a_blocked_loop_is_no_answer() -> None:
    """If the application's loop is blocked or has ended, the time limit or an error ends the question."""
    loop = asyncio.new_event_loop()

    async def run(*_: Any) -> bytes:
        return b""

    assert "did not answer" in (await ask(run, 0.02, loop)).problem
    loop.close()
    assert "has ended" in (await ask(run, 5, loop)).problem


async def test_errors_of_handlers_are_a_failure() -> None:
    """An exception that leaves the handlers is an answer with status 500."""

    async def fail(*_: Any) -> bytes:
        raise ValueError("on purpose")

    def interrupt(*_: Any) -> bytes:
        raise KeyboardInterrupt

    assert (await ask(fail)).status == 500
    assert (await ask(interrupt)).status == 500


async def test_a_cancelled_question_gets_no_reply() -> None:
    """The answer to a question that was cancelled is dropped."""
    replies: list[Reply] = []

    async def run(*_: Any) -> bytes:
        return b""

    question = Question(Endpoint(url="http://x"), "rpc", (), b"{}")
    InProcessAsker(cast(Any, Dispatcher(run)), asyncio.get_running_loop()).ask(question, replies.append).cancel()
    await asyncio.sleep(0.01)
    assert replies == []


def test_a_server_asks_handlers_about_what_they_are_registered_for() -> None:
    """A server with handlers asks about their events only, without a configuration of proxies."""
    proxy, asked = Handlers(secret=None), []

    @proxy.connect
    def connect(event: ConnectEvent) -> ConnectReply:
        asked.append(event.kind)
        return ConnectReply("42")

    @proxy.subscribe("rooms:{room}")
    def enter(event: SubscribeEvent, room: str) -> SubscribeReply:
        asked.append(event.kind)
        return SubscribeReply()

    config = {"channel": {"without_namespace": {"allow_subscribe_for_client": True}}}
    with Centrifugo(proxy=proxy, config=config) as server, server.connect() as browser:
        browser.subscribe("rooms:7")
        browser.subscribe("news")
    assert asked == ["connect", "subscribe"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"proxy": 7}, "must be a centripetal.proxy.Handlers, not int"),
        ({"proxy": Handlers(secret=None), "secret": "s"}, "1.x asks the application nothing"),
        ({"proxy": Handlers(secret=None), "server": 1, "config": {}}, "1.x asks the application nothing"),
    ],
)
def test_handlers_need_a_current_server(arguments: dict[str, Any], message: str) -> None:
    """Handlers are only for current servers, and nothing else is accepted as handlers."""
    with pytest.raises(UsageError, match=message):
        EmbeddedServer(**arguments)
