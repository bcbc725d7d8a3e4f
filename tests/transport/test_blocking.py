"""Tests of the blocking transport only: threads, forks, interrupts and dropped transports."""

import gc
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from centripetal.errors import ConnectError
from centripetal.protocol.http import HTTPReply, HTTPRequest
from centripetal.transport.base import Transport
from centripetal.transport.blocking import BlockingTransport
from centripetal.transport.connection import Connection
from tests.transport.scripted import OK, Peer, ScriptedServer, answers, reply

MANY = answers(*[OK] * 1000)


def post(transport: Transport, server: ScriptedServer, body: bytes = b"[]") -> HTTPReply:
    return transport.send(HTTPRequest(server.url, (), body), 10)


def echo(peer: Peer) -> None:
    while request := peer.request():
        peer.send(reply(request.partition(b"\r\n\r\n")[2]))


@contextmanager
def busy_call(transport: BlockingTransport) -> Iterator[ScriptedServer]:
    """A server with a call that waits for its reply inside the block."""
    arrived, answer = threading.Event(), threading.Event()

    def script(peer: Peer) -> None:
        while peer.request():
            if peer.number == 0 and not answer.is_set():
                arrived.set()
                answer.wait(10)
            peer.send(OK)

    with ScriptedServer(script) as server, ThreadPoolExecutor() as executor:
        future = executor.submit(post, transport, server)
        try:
            assert arrived.wait(10)
            yield server
        finally:
            answer.set()
        assert future.result().status == 200


def test_threads() -> None:
    """Threads that share a transport each receive the replies to their own requests, on few connections."""
    transport = BlockingTransport()

    def work(number: int) -> None:
        for index in range(50):
            body = b"%d %d" % (number, index)
            assert post(transport, server, body).body == body

    with ScriptedServer(echo) as server:
        with ThreadPoolExecutor(8) as executor:
            list(executor.map(work, range(8)))
        assert 1 <= server.connections <= 8


def test_idle_connections_are_limited() -> None:
    """After concurrent calls, only max_connections connections are kept."""
    transport = BlockingTransport(max_connections=1)
    together = threading.Barrier(3)

    def script(peer: Peer) -> None:
        peer.request()
        together.wait(10)
        peer.send(OK)
        peer.wait_for_end()

    with ScriptedServer(script) as server:
        with ThreadPoolExecutor(3) as executor:
            list(executor.map(lambda _: post(transport, server), range(3)))
        for _ in range(2):
            assert server.ended.acquire(timeout=10)
        assert not server.ended.acquire(timeout=0.05)


def test_close_during_a_call() -> None:
    """close() does not affect a call in flight, whose connection is closed after the reply."""
    transport = BlockingTransport()
    with busy_call(transport) as server:
        transport.close()
        ended = server.ended
        assert not ended.acquire(timeout=0.05)
    assert ended.acquire(timeout=10)


def test_dropped_without_close() -> None:
    """A transport that is dropped without close() closes its connections without a warning."""
    transport = BlockingTransport()
    with ScriptedServer(MANY) as server:
        post(transport, server)
        del transport
        gc.collect()
        assert server.ended.acquire(timeout=10)


def test_interrupt_closes_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """A KeyboardInterrupt during a call closes its connection, so no other call receives the reply."""
    transport = BlockingTransport()

    def interrupt(self: Connection) -> None:
        raise KeyboardInterrupt

    with ScriptedServer(MANY) as server:
        post(transport, server)
        with monkeypatch.context() as patch:
            patch.setattr(Connection, "_receive", interrupt)
            with pytest.raises(KeyboardInterrupt):
                post(transport, server)
        assert server.ended.acquire(timeout=10)
        assert post(transport, server).status == 200
        assert server.connections == 2


def test_no_file_descriptors_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process without free file descriptors raises a ConnectError that names the cause."""

    def full(*args: object) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("socket.socket", full)
    with pytest.raises(ConnectError, match="too many open files"):
        BlockingTransport().send(HTTPRequest("http://127.0.0.1:1/", (), b""), 1)


def in_child(work: "object") -> int:
    """Fork, call *work* in the child, and return the exit status: 0 if *work* did not raise."""
    child = os.fork()
    if child == 0:
        try:
            assert callable(work)
            work()
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_fork_with_idle_connections() -> None:
    """A forked child opens new connections, and the parent's connections keep working."""
    transport = BlockingTransport()
    with ScriptedServer(echo) as server:
        assert post(transport, server, b"parent").body == b"parent"
        for number in (2, 3):
            assert in_child(lambda: post(transport, server, b"child").body == b"child" or 1 / 0) == 0
            assert server.connections == number
            assert post(transport, server, b"parent").body == b"parent"
            assert server.connections == number


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_fork_during_a_call() -> None:
    """A child forked during a call can make calls, and the parent's call completes."""
    transport = BlockingTransport()
    with busy_call(transport) as server:
        assert in_child(lambda: post(transport, server)) == 0
        assert server.connections == 2


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_closes_inherited_connections() -> None:
    """A running child does not keep the parent's connections open after the parent closes them."""
    transport = BlockingTransport()
    stop_reading, stop = os.pipe()
    with ScriptedServer(MANY) as server:
        post(transport, server)
        child = os.fork()
        if child == 0:
            os.read(stop_reading, 1)
            os._exit(0)
        transport.close()
        ended = server.ended.acquire(timeout=10)
        os.write(stop, b"x")
        os.waitpid(child, 0)
        assert ended
    os.close(stop_reading)
    os.close(stop)
