"""Registering handlers, answering through routes of frameworks, and keeping the secret out of every report."""

import asyncio
import logging
import sys
import traceback
from types import TracebackType
from typing import Any

import pytest

from centripetal.errors import UsageError
from centripetal.handling import log
from centripetal.handling.flow import Answer
from centripetal.proxy import (
    ConnectEvent,
    ConnectReply,
    Handlers,
    PublishEvent,
    PublishReply,
    RefreshEvent,
    RefreshReply,
    RPCEvent,
    SubscribeEvent,
    SubscribeReply,
)
from tests.handling.served import SECRET, Request, handlers, post, wsgi

HEADERS = {"X-Api-Key": SECRET}


def connect(event: ConnectEvent) -> ConnectReply:
    return ConnectReply("7")


def enter(event: SubscribeEvent) -> SubscribeReply:
    return SubscribeReply()


def test_a_taken_pattern_is_an_error() -> None:
    """A second handler for the same event and pattern would never run, so it is an error that names both."""
    proxy = Handlers(secret=None)
    proxy.connect(connect)
    proxy.subscribe("a")(enter)
    with pytest.raises(UsageError, match=r"connect has a handler already: .*connect; .*connect would never be called"):
        proxy.connect(connect)
    with pytest.raises(UsageError, match=r"subscribe 'a' has a handler already"):
        proxy.subscribe("a")(enter)
    proxy.subscribe("b")(enter)
    assert (proxy.kinds, repr(proxy)) == (("connect", "subscribe"), "<Handlers of connect, subscribe>")
    assert {kind: [each.pattern for each in routes] for kind, routes in proxy.routes.items()} == {
        "connect": [None],
        "subscribe": ["a", "b"],
    }


def test_a_forgotten_pattern_is_an_error() -> None:
    """`@proxy.subscribe` without a pattern is an error when the decorator is used as such."""
    proxy: Any = Handlers(secret=None)
    with pytest.raises(UsageError, match=r'pass a pattern: @handlers.subscribe\("…"\)'):
        proxy.subscribe(enter)
    with pytest.raises(UsageError, match=r'pass a pattern: @handlers.rpc\("…"\)'):
        proxy.rpc(None)


def test_the_first_fitting_pattern_answers() -> None:
    """Patterns are tried in the order of registration, those of included handlers last."""
    proxy, other = Handlers(secret="s"), Handlers(secret=None)
    proxy.rpc("a.b")(lambda event: 1)
    other.rpc("a.{x}")(lambda event, x: x)
    other.rpc("*")(lambda event: 3)
    proxy.include(other)
    found = [proxy.answer("rpc", {"X-API-Key": "s"}, b'{"method":"%b"}' % name).body for name in (b"a.b", b"a.c", b"z")]
    assert found == [b'{"result":{"data":%b}}' % value for value in (b"1", b'"c"', b"3")]
    with pytest.raises(UsageError, match="include takes a Handlers object, not dict"):
        proxy.include({})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"secret": ""}, "secret must be text that is not empty"),
        ({"secret": "s", "header": ""}, "header must not be empty"),
        ({"secret": "s", "slow": 0}, "slow must be a number of seconds above 0"),
        ({"secret": "s", "max_body": 0}, "max_body must be an integer of 1 or more"),
    ],
)
def test_wrong_options_are_errors(options: Any, message: str) -> None:
    """An option that could not work is an error; the secret has no default."""
    with pytest.raises(UsageError, match=message):
        Handlers(**options)
    with pytest.raises(TypeError, match="secret"):
        Handlers()  # type: ignore[call-arg]


def test_answer_needs_plain_functions() -> None:
    """`answer` names coroutine functions at its first call, for whatever event, and from then on at registration."""
    proxy = handlers(awaiting=True)
    with pytest.raises(UsageError, match=r"answer\(\) cannot await .*connect, "):
        proxy.answer("nonsense", {}, b"")
    proxy = handlers()
    proxy.answer("nonsense", {}, b"")

    async def late(event: RPCEvent) -> int:
        return 1

    with pytest.raises(UsageError, match=r"answer\(\) cannot await these coroutine functions: .*late"):
        proxy.rpc("late")(late)


async def test_answers_have_a_status_a_body_and_headers() -> None:
    """Both ways of answering return the parts of a response; headers are given in any letter case."""
    expected = Answer(200, b'{"result":{"expired":true}}', (("Content-Type", "application/json"),))
    assert handlers().answer("refresh", {"x-api-KEY": SECRET}, b"{}") == expected
    assert await handlers().answer_async("refresh", HEADERS, b"{}") == expected
    assert await handlers(awaiting=True).answer_async("refresh", HEADERS, b"{}") == expected
    for answer in (handlers().answer("refresh", {}, b"{}"), await handlers().answer_async("refresh", {}, b"{}")):
        assert (answer.status, dict(answer.headers)) == (403, {"Content-Type": "text/plain; charset=utf-8"})
    large = handlers(max_body=1)
    assert (
        large.answer("refresh", HEADERS, b"{}").status,
        (await large.answer_async("refresh", HEADERS, b"{}")).status,
    ) == (413, 413)


def test_the_context_reaches_the_handler() -> None:
    """`event.context` is the value that the caller passed; by default None."""
    proxy = Handlers(secret=None)
    proxy.rpc("c")(lambda event: event.context)
    assert proxy.answer("rpc", {}, b'{"method":"c"}', {"db": 1}).body == b'{"result":{"data":{"db":1}}}'
    assert proxy.answer("rpc", {}, b'{"method":"c"}').body == b'{"result":{"data":null}}'


def test_handlers_without_a_secret_warn(caplog: pytest.LogCaptureFixture) -> None:
    """Handlers that answer anyone say so in the log, once an hour."""
    log._next.clear()
    proxy = Handlers(secret=None)
    proxy.connect(connect)
    for _ in range(3):
        assert proxy.answer("connect", {}, b"{}").status == 200
    assert [record.getMessage() for record in caplog.records] == [
        "these handlers have no secret: anyone who can reach the endpoint is answered"
    ]


def test_slow_handlers_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    """A handler that takes longer than `slow` is named in a warning."""
    proxy = Handlers(secret=None, slow=1e-9)
    proxy.connect(connect)
    assert proxy.answer("connect", {}, b"{}").status == 200
    assert "test_handlers.connect took 0.0 s to answer connect: Centrifugo waits 1 s" in caplog.text


# ---- the secret


def everything(trace: TracebackType | None) -> str:
    """Return the text of all variables of all frames, as error reports show them."""
    return "\n".join(repr(frame.f_locals) for frame, _ in traceback.walk_tb(trace))


@pytest.mark.parametrize("way", ["answer", "answer_async", "asgi", "wsgi"])
def test_the_secret_is_in_no_frame_and_no_report(way: str, caplog: pytest.LogCaptureFixture) -> None:
    """When a handler runs or fails, neither its event nor any frame of the library has the secret in a variable."""
    proxy = Handlers(secret=SECRET)
    seen: list[str] = []

    @proxy.rpc("look")
    def look(event: RPCEvent) -> None:
        frame: Any = sys._getframe()
        while frame is not None:
            if "/centripetal/" in frame.f_code.co_filename:
                seen.append(repr(frame.f_locals))
            frame = frame.f_back
        seen.append(repr([event, event.headers, dict(event.headers), event.context, proxy]))
        raise ValueError("look at the frames")

    body = b'{"method":"look"}'
    request = Request("rpc", body)
    match way:
        case "answer":
            assert proxy.answer("rpc", dict(HEADERS), body).status == 500
        case "answer_async":
            assert asyncio.run(proxy.answer_async("rpc", dict(HEADERS), body)).status == 500
        case "asgi":
            assert post(proxy, request).status == 500
        case "wsgi":
            assert wsgi(proxy.wsgi, request).status == 500
    assert len(seen) > 1
    assert SECRET not in "".join(seen)
    (record,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert record.exc_info is not None
    assert "look at the frames" in caplog.text
    assert SECRET not in everything(record.exc_info[2]) + caplog.text + repr(vars(record))


def test_typed_decorators_return_the_function() -> None:
    """A decorator returns the function itself, which can be called in a test."""
    proxy = Handlers(secret=None)

    @proxy.refresh
    def refresh(event: RefreshEvent) -> RefreshReply:
        return RefreshReply(1900000000)

    @proxy.publish("a")
    def say(event: PublishEvent[str]) -> PublishReply:
        return PublishReply(event.data)

    assert say(PublishEvent(channel="a", data="x")) == PublishReply("x")
    assert refresh(RefreshEvent()) == RefreshReply(1900000000)
