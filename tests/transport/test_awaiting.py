"""Tests of the asyncio transport only: cancellation, concurrent tasks, several event loops and closed loops."""

import asyncio
import builtins
import gc
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvloop

from centripetal.errors import TimeoutError
from centripetal.protocol.http import HTTPReply, HTTPRequest
from centripetal.transport.addresses import Address
from centripetal.transport.awaiting import AwaitingTransport
from tests.ports import free_port
from tests.transport.certificates import Authority, server_context
from tests.transport.scripted import OK, Peer, ScriptedServer, answers, reply

MANY = answers(*[OK] * 1000)
LoopFactory = Callable[[], asyncio.AbstractEventLoop]
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def factory(request: pytest.FixtureRequest) -> Iterator[LoopFactory]:
    """A factory of event loops, for asyncio and for uvloop."""
    yield request.param
    gc.collect()  # an open socket warns here, and filterwarnings turns the warning into an error of this test


@contextmanager
def running(factory: LoopFactory) -> Iterator[asyncio.Runner]:
    with asyncio.Runner(loop_factory=factory) as runner:
        yield runner


async def post(transport: AwaitingTransport, server: ScriptedServer, body: bytes = b"[]") -> HTTPReply:
    return await transport.send(HTTPRequest(server.url, (), body), 10)


async def ended(server: ScriptedServer) -> bool:
    """Return whether the client closes a connection soon, while the loop keeps running."""
    for _ in range(1000):
        if server.ended.acquire(blocking=False):
            return True
        await asyncio.sleep(0.01)
    return False


def echo(peer: Peer) -> None:
    while request := peer.request():
        peer.send(reply(request.partition(b"\r\n\r\n")[2]))


def test_tasks(factory: LoopFactory) -> None:
    """Tasks that share a transport each receive the replies to their own requests, on few connections."""
    transport = AwaitingTransport()

    async def work(number: int) -> None:
        for index in range(20):
            body = b"%d %d" % (number, index)
            assert (await post(transport, server, body)).body == body

    async def main() -> None:
        await asyncio.gather(*map(work, range(10)))

    with ScriptedServer(echo) as server:
        with running(factory) as runner:
            runner.run(main())
        assert 1 <= server.connections <= 10


def test_consecutive_loops(factory: LoopFactory) -> None:
    """Each event loop has separate connections, which are closed when the loop shuts down."""
    transport = AwaitingTransport()
    with ScriptedServer(MANY) as server:
        for number in (1, 2, 3):
            with running(factory) as runner:
                for _ in range(2):
                    assert runner.run(post(transport, server)).status == 200
                assert server.connections == number
            assert server.ended.acquire(timeout=10)


def test_loop_closed_without_shutdown(factory: LoopFactory) -> None:
    """The connections of a loop that was closed without shutdown are closed by the first call in the next loop."""
    transport = AwaitingTransport()
    with ScriptedServer(MANY) as server:
        for number in (1, 2, 3):
            loop = factory()
            assert loop.run_until_complete(post(transport, server)).status == 200
            loop.close()
            assert server.connections == number
            assert number == 1 or server.ended.acquire(timeout=10)
        del transport
        gc.collect()
        assert server.ended.acquire(timeout=10)


def test_loops_in_threads(factory: LoopFactory) -> None:
    """Event loops in several threads share one transport, and each of them may close it."""
    transport = AwaitingTransport()
    together = threading.Barrier(4)
    failures: list[BaseException] = []

    async def main() -> None:
        for number in range(20):
            body = b"%d %d" % (threading.get_ident(), number)
            assert (await post(transport, server, body)).body == body
            if number % 5 == 0:
                await transport.close()

    def work() -> None:
        try:
            together.wait(10)
            with running(factory) as runner:
                runner.run(main())
        except BaseException as error:
            failures.append(error)

    with ScriptedServer(echo) as server:
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert not failures


def test_cancelled(factory: LoopFactory) -> None:
    """A cancelled call closes its connection, leaves no pending task and does not affect other calls."""
    transport = AwaitingTransport()
    arrived = threading.Event()

    def script(peer: Peer) -> None:
        if b"wait" in peer.request():
            arrived.set()
            peer.wait_for_end()
        else:
            peer.send(OK)
            peer.wait_for_end()

    async def main() -> None:
        task = asyncio.create_task(post(transport, server, b"wait"))
        assert await asyncio.to_thread(arrived.wait, 10)
        other = asyncio.create_task(post(transport, server))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await other).status == 200
        assert await ended(server)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    with ScriptedServer(script) as server, running(factory) as runner:
        runner.run(main())


@pytest.mark.parametrize("steps", range(12))
def test_cancelled_at_any_step(factory: LoopFactory, authority: Authority, steps: int) -> None:
    """A call cancelled at any step, including the TLS handshake, leaves nothing behind."""
    transport = AwaitingTransport(ca_file=authority.ca_file)

    async def main() -> None:
        task = asyncio.create_task(post(transport, server))
        for _ in range(steps):
            await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled() or task.result().status == 200
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert (await post(transport, server)).status == 200
        await transport.close()

    context = server_context(authority.issue("127.0.0.1"))
    with ScriptedServer(MANY, context=context) as server, running(factory) as runner:
        runner.run(main())


def test_cancelled_at_any_step_of_a_race(factory: LoopFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call cancelled at any step of trying several addresses closes all its sockets, and the next call succeeds."""
    made: list[socket.socket] = []

    class Counted(socket.socket):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            # Not one of the server's connections, nor the loop's own sockets.
            if threading.current_thread() is client_thread and self.family == socket.AF_INET:
                made.append(self)

    async def main() -> None:
        transport = AwaitingTransport()
        url = f"http://localhost:{server.port}/"
        for steps in range(20):
            task = asyncio.create_task(transport.send(HTTPRequest(url, (), b""), 10))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            if task.cancelled():
                assert all(each.fileno() == -1 for each in made), f"cancelled after {steps} steps"
            assert asyncio.all_tasks() == {asyncio.current_task()}
        assert (await transport.send(HTTPRequest(url, (), b""), 10)).status == 200
        await transport.close()

    client_thread = threading.current_thread()
    with ScriptedServer(MANY) as server, running(factory) as runner:
        ports = (free_port(), server.port, server.port)
        addresses = [Address(socket.AF_INET, ("127.0.0.1", port)) for port in ports]
        monkeypatch.setattr("centripetal.transport.awaiting.resolved", lambda *_: addresses)
        monkeypatch.setattr(socket, "socket", Counted)
        runner.run(main())


def test_asyncio_timeout(factory: LoopFactory) -> None:
    """asyncio.timeout() around a call cancels it and closes its connection."""
    transport = AwaitingTransport()

    async def main() -> None:
        with pytest.raises(builtins.TimeoutError):
            async with asyncio.timeout(0.1):
                await post(transport, server)
        assert await ended(server)

    with ScriptedServer(lambda peer: peer.wait_for_end()) as server, running(factory) as runner:
        runner.run(main())


def test_a_timeout_leaves_nothing(factory: LoopFactory) -> None:
    """A call that times out closes its connection and leaves no task."""
    transport = AwaitingTransport()

    async def main() -> None:
        with pytest.raises(TimeoutError):
            await transport.send(HTTPRequest(server.url, (), b""), 0.1)
        assert await ended(server)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    with ScriptedServer(lambda peer: peer.wait_for_end()) as server, running(factory) as runner:
        runner.run(main())


def test_the_end_of_an_idle_connection_is_noticed(factory: LoopFactory) -> None:
    """The loop closes an idle connection as soon as the server closes it."""
    transport = AwaitingTransport()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(OK)
        peer.sock.shutdown(1)
        peer.wait_for_end()

    async def main() -> None:
        await post(transport, server)
        assert await ended(server)
        assert (await post(transport, server)).status == 200

    with ScriptedServer(script) as server, running(factory) as runner:
        runner.run(main())


def test_dropped_in_a_running_loop(factory: LoopFactory) -> None:
    """A transport that is dropped without close() closes its connections without a warning."""

    async def main() -> None:
        transport = AwaitingTransport()
        await post(transport, server)
        del transport
        gc.collect()
        assert await ended(server)

    with ScriptedServer(MANY) as server, running(factory) as runner:
        runner.run(main())


def test_dropped_outside_of_its_loop(factory: LoopFactory) -> None:
    """A transport can be dropped in another thread than its loop's thread, and while its loop is not running."""
    transports = [AwaitingTransport()]
    with ScriptedServer(MANY) as server, running(factory) as runner:

        async def main() -> None:
            await post(transports[0], server)
            await asyncio.to_thread(transports.clear)
            assert await ended(server)

        runner.run(main())
        transports.append(AwaitingTransport())
        runner.run(post(transports[0], server))
        transports.clear()
        gc.collect()
        assert server.ended.acquire(timeout=10)


def test_close_in_another_loop(factory: LoopFactory) -> None:
    """close() closes the idle connections of all loops."""
    transport = AwaitingTransport()
    with ScriptedServer(MANY) as server, running(factory) as first, running(factory) as second:
        first.run(post(transport, server))
        second.run(post(transport, server))
        second.run(transport.close())
        for _ in range(2):
            assert server.ended.acquire(timeout=10)
        assert first.run(post(transport, server)).status == 200


def test_fork() -> None:
    """A forked child can use the transport in a new loop, and the parent's connections keep working."""
    transport = AwaitingTransport()
    with ScriptedServer(echo) as server, running(asyncio.new_event_loop) as runner:
        runner.run(post(transport, server))
        child = os.fork()
        if child == 0:
            try:
                assert asyncio.run(post(transport, server, b"child")).body == b"child"
                os._exit(0)
            finally:
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert runner.run(post(transport, server, b"parent")).body == b"parent"
        assert server.connections == 2
