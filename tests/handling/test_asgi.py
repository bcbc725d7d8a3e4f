"""Handlers as an ASGI application: events, the lifespan, WebSockets, and clients that leave."""

import asyncio
import contextvars
import threading
from typing import Any

import pytest

from centripetal.proxy import ConnectEvent, ConnectReply, Handlers, RPCEvent
from tests.handling.served import SECRET, Request, asgi, handlers, post

USER: contextvars.ContextVar[str] = contextvars.ContextVar("USER", default="nobody")


async def converse(app: Any, scope: Any, *messages: Any) -> list[Any]:
    given, sent = list(messages), []

    async def receive() -> Any:
        return given.pop(0)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await app(scope, receive, send)
    assert not given
    return sent


async def test_the_lifespan_is_accepted() -> None:
    """A server that announces the lifespan gets both confirmations."""
    messages = ({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"})
    found = await converse(handlers(), {"type": "lifespan"}, *messages)
    assert found == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_websockets_are_refused() -> None:
    """A WebSocket is closed before it is accepted."""
    assert await converse(handlers(), {"type": "websocket"}, {"type": "websocket.connect"}) == ["websocket.close"]


def scope_of(kind: str, headers: Any) -> Any:
    return {"type": "http", "method": "POST", "path": f"/{kind}", "headers": headers}


async def test_a_client_that_leaves_gets_no_answer() -> None:
    """If the caller leaves before the whole body arrived, no handler runs and nothing is sent."""
    part = {"type": "http.request", "body": b"{", "more_body": True}
    scope = scope_of("connect", [(b"x-api-key", SECRET.encode())])
    assert await converse(handlers(), scope, part, {"type": "http.disconnect"}) == []


async def test_a_request_without_the_secret_is_answered_before_its_body() -> None:
    """Without the secret the body is not even read."""
    assert await converse(handlers(), scope_of("connect", [])) == ["http.response.start", "http.response.body"]


async def test_a_body_that_grows_too_large_is_answered_at_once() -> None:
    """The limit counts while the body arrives, so it never fills the memory."""
    part = {"type": "http.request", "body": b"x" * 6000, "more_body": True}
    scope = scope_of("connect", [(b"x-api-key", SECRET.encode())])
    assert await converse(handlers(), scope, part, part) == ["http.response.start", "http.response.body"]


@pytest.mark.parametrize("kind", [list, tuple])
async def test_the_secret_is_removed_from_the_scope(kind: type) -> None:
    """Servers and frameworks hold the scope in variables, so the secret is removed from the scope itself."""
    headers = kind([(b"x-api-key", SECRET.encode()), (b"cookie", b"a=b")])
    scope = scope_of("connect", headers)
    await converse(handlers(), scope, {"type": "http.request"})
    assert [*scope["headers"]] == [(b"cookie", b"a=b")]


def test_context_variables_reach_handlers_in_threads() -> None:
    """A plain handler in a thread sees the context variables of the request, and `context` is the scope."""
    proxy = Handlers(secret=None)

    @proxy.rpc("who")
    def who(event: RPCEvent) -> Any:
        return [USER.get(), event.context["path"], threading.current_thread() is threading.main_thread()]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        USER.set("ann")
        await proxy(scope, receive, send)

    body = post(app, Request("rpc", b'{"method":"who"}')).body
    assert body == b'{"result":{"data":["ann","/centrifugo/rpc",false]}}'


def test_a_plain_function_may_return_an_awaitable() -> None:
    """A plain function that returns a coroutine, such as a lambda, is awaited in the loop."""
    proxy = Handlers(secret=None)

    async def later() -> int:
        return 3

    proxy.rpc("later")(lambda event: later())
    assert post(proxy, Request("rpc", b'{"method":"later"}')).body == b'{"result":{"data":3}}'


async def test_a_blocking_handler_does_not_stop_others() -> None:
    """While one handler waits in its thread, other events are answered; one that fails harms no other."""
    proxy = Handlers(secret=None)
    started, finish = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    @proxy.rpc("slow")
    def slow(event: RPCEvent) -> int:
        loop.call_soon_threadsafe(started.set)
        return int(finish.wait(60))

    @proxy.rpc("bug")
    async def bug(event: RPCEvent) -> int:
        return 1 // 0

    @proxy.connect
    async def connect(event: ConnectEvent) -> ConnectReply:
        return ConnectReply("7")

    waiting = asyncio.ensure_future(asgi(proxy, Request("rpc", b'{"method":"slow"}')))
    await started.wait()
    bugs = await asyncio.gather(*(asgi(proxy, Request("rpc", b'{"method":"bug"}')) for _ in range(10)))
    assert {each.status for each in bugs} == {500}
    assert (await asgi(proxy, Request("connect"))).body == b'{"result":{"user":"7"}}'
    finish.set()
    assert (await waiting).body == b'{"result":{"data":1}}'


async def test_a_cancelled_request_cancels_its_handler() -> None:
    """Cancelling the request of a server cancels a coroutine handler, and is not taken for an answer."""
    proxy = Handlers(secret=None)
    seen: list[str] = []

    @proxy.rpc("wait")
    async def wait(event: RPCEvent) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    task = asyncio.ensure_future(asgi(proxy, Request("rpc", b'{"method":"wait"}')))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == ["cancelled"]


def test_a_stop_iteration_in_a_thread_is_a_bug_like_others() -> None:
    """A StopIteration, which futures cannot hold, results in status 500."""
    proxy = Handlers(secret=None)

    @proxy.rpc("stop")
    def stop(event: RPCEvent) -> Any:
        return next(iter(()))

    assert post(proxy, Request("rpc", b'{"method":"stop"}')).status == 500
