"""Calls made while the same thread is inside the client: from signal handlers, hooks, finalizers and log handlers."""

import asyncio
import gc
import logging
import signal
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from centripetal import AsyncClient, Client, UsageError, v1
from centripetal.protocol.http import HTTPReply, HTTPRequest
from centripetal.testing import Recorder, RecorderV1
from centripetal.transport.memory import MemoryTransport
from tests.faults.echo import Echo
from tests.stubs import wait_until_blocked

LIMIT = 2.0
LOG = logging.getLogger("tests.reentry")


class Thing:
    """Something with a cycle, so that only the garbage collector finalizes it."""

    def __init__(self, action: Callable[[], None]) -> None:
        self.cycle = self
        self.action = action

    def __del__(self) -> None:
        self.action()


@contextmanager
def by_signal(action: Callable[[], None]) -> Iterator[Callable[[], None]]:
    before = signal.signal(signal.SIGUSR1, lambda *_: action())
    yield lambda: signal.raise_signal(signal.SIGUSR1)
    signal.signal(signal.SIGUSR1, before)


@contextmanager
def by_finalizer(action: Callable[[], None]) -> Iterator[Callable[[], None]]:
    def collect() -> None:
        Thing(action)
        gc.collect()

    yield collect


@contextmanager
def by_weak_reference(action: Callable[[], None]) -> Iterator[Callable[[], None]]:
    def drop() -> None:
        thing = Thing(lambda: None)
        thing.cycle = Thing(lambda: None)
        reference = weakref.ref(thing, lambda _: action())
        del thing
        assert reference() is None

    yield drop


@contextmanager
def by_log_handler(action: Callable[[], None]) -> Iterator[Callable[[], None]]:
    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:  # the interface of handlers
            action()

    handler = Handler()
    LOG.addHandler(handler)
    yield lambda: LOG.warning("a message")
    LOG.removeHandler(handler)


def places_of(server: Echo, client: Client, at: int, action: Callable[[], None]) -> int:
    """Publish, and call *action* at the start or end number *at* of a function; return how many there are."""
    count = 0

    def profile(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        if event in ("call", "return"):
            count += 1
            if count == at:
                action()

    sys.setprofile(profile)
    try:
        client.publish("outer", at, timeout=LIMIT)
    finally:
        sys.setprofile(None)
    assert server.seen["outer"][-1] == at
    return count


@pytest.mark.parametrize(
    "way", [by_signal, by_finalizer, by_weak_reference, by_log_handler], ids=lambda way: way.__name__
)
@pytest.mark.parametrize("same", [True, False], ids=["same client", "other client"])
def test_a_call_inside_a_call_at_every_place(way: Any, same: bool) -> None:
    """A call from inside another call, at the start or end of any function, succeeds, and so does the outer call."""
    with Echo() as server:
        client = Client(server.url, "key", timeout=LIMIT)
        inner = client if same else Client(server.url, "key", timeout=LIMIT)
        done: list[int] = []

        def publish() -> None:
            done.append(inner.publish("inner", len(done)).offset)

        client.publish("outer", 0)
        began = time.monotonic()
        with way(publish) as trigger:
            at, last = 1, 1
            while at <= last:
                last = places_of(server, client, at, trigger)
                at += 1
        assert len(done) >= at - 2 > 20
        assert server.seen["inner"] == done == list(range(len(done)))
        assert time.monotonic() - began < 20


@pytest.mark.parametrize("same", [True, False], ids=["same client", "other client"])
def test_a_request_hook_may_call(same: bool) -> None:
    """`on_request` may publish with any client, also in a thread that sends the request of others."""
    with Echo() as server:
        inside = threading.local()

        def hook(_: int) -> None:
            if not getattr(inside, "busy", False):
                inside.busy = True
                others[same].publish("hook", threading.get_ident())
                inside.busy = False

        client = Client(server.url, "key", timeout=LIMIT, on_request=hook)
        others = {True: client, False: Client(server.url, "key", timeout=LIMIT, on_request=hook)}
        failures: list[BaseException] = []

        def work(own: Client, name: str) -> None:
            try:
                for number in range(20):
                    own.publish(name, number)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(others[n % 2 == 0], f"c{n}")) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert not failures
        assert all(server.seen[f"c{n}"] == list(range(20)) for n in range(6))


def test_a_handler_may_close_the_client_and_use_its_buffer() -> None:
    """`close()`, `add_publish` and `send()` of the client whose call was interrupted work in the handler."""

    def reply(request: HTTPRequest) -> HTTPReply:
        if b"outer" in request.body:
            signal.raise_signal(signal.SIGUSR1)
        return HTTPReply(200, b'[{"uid":"0","method":"publish","error":null,"body":null}]')

    def handle(*_: object) -> None:
        client.close()
        client.add_publish("inner", 1)
        results.extend(client.send())

    results: list[Any] = []
    client = v1.Client("http://stub", "key", transport=MemoryTransport(reply), timeout=LIMIT)
    before = signal.signal(signal.SIGUSR1, handle)
    try:
        assert client.publish("outer", 1) is True
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert len(results) == 1


@pytest.mark.parametrize("kind", [Recorder, RecorderV1])
def test_a_listener_of_a_recorder_may_call_it(kind: Any) -> None:
    """A listener of the recorder's events may publish with a client of this recorder, or of another that calls back."""
    first, second = kind(), kind()
    clients = {first: first.client(), second: second.client()}
    depth = 0

    def answer(own: Any, other: Any) -> Callable[[Any], None]:
        def listen(_: Any) -> None:
            nonlocal depth
            if depth < 3:
                depth += 1
                clients[own].publish("again", depth)
                clients[other].publish("there", depth)

        return listen

    first.events.listen(answer(first, second))
    second.events.listen(answer(second, first))
    clients[first].publish("news", 1)
    assert depth == 3
    assert first.published


def test_a_recorder_that_is_blocked_fails_in_time() -> None:
    """If a thread keeps a recorder busy, another thread's call fails within its time limit, and the next one works."""
    recorder = Recorder()
    gate, client = threading.Event(), recorder.client()
    recorder.events.listen(lambda _: gate.wait(5))
    thread = threading.Thread(target=client.publish, args=("news", 1))
    thread.start()
    wait_until_blocked(thread)
    other = recorder.client()
    with pytest.raises(TimeoutError):
        other.publish("news", 2, timeout=0.05)
    gate.set()
    assert other.publish("news", 3) is not None
    thread.join(5)


def test_loops_that_stop_and_close() -> None:
    """A call goes on after `loop.stop()`, and a loop that is closed with calls in flight leaves the client usable."""
    with Echo() as server:
        client = AsyncClient(server.url, "key", timeout=LIMIT)
        loop = asyncio.new_event_loop()
        calls = [loop.create_task(client.publish("a", n)) for n in range(3)]
        loop.call_soon(loop.stop)
        loop.run_forever()
        loop.run_until_complete(asyncio.wait(calls, timeout=LIMIT))
        assert [call.result().offset for call in calls] == [0, 1, 2]
        server.silent.append("b")
        calls = [loop.create_task(client.publish("b", n)) for n in range(3)]
        loop.run_until_complete(asyncio.sleep(0.01))
        for call in calls:
            call._log_destroy_pending = False  # type: ignore[attr-defined]  # asyncio warns about tasks of closed loops
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
        del calls, call
        gc.collect()

        def work(number: int) -> None:
            asyncio.run(several(number))

        async def several(number: int) -> None:
            await asyncio.gather(*(client.publish(f"c{number}", n) for n in range(20)))

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert all(server.seen[f"c{number}"] == list(range(20)) for number in range(4))


def test_a_coroutine_without_a_loop_gets_a_clear_error() -> None:
    """Without a running asyncio loop, as in Trio, each call raises a UsageError that says what to do."""
    client, old = AsyncClient("http://localhost", "key"), v1.AsyncClient("http://localhost", "key")
    old.add_publish("a", 1)
    batch = client.batch()
    batch.publish("a", 1)

    async def sent() -> None:
        async with batch:
            pass

    for call in (client.publish("a", 1), client.call("info"), client.close(), sent(), old.send()):
        with pytest.raises(UsageError, match=r"needs a running asyncio event loop.* use Client in a worker thread"):
            call.send(None)
