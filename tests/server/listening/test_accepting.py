"""Connections are accepted, also after the system has run out of file descriptors."""

import asyncio
import errno
import logging
import socket
from typing import Any

import pytest

from centripetal.server.listening import accepting
from centripetal.server.listening.accepting import Acceptor


class Greeting(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(b"hello")
        transport.close()


class Exhausted(socket.socket):
    """A listening socket that cannot accept connections at first."""

    failures = 0

    def accept(self) -> Any:
        if self.failures:
            self.failures -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


def listen() -> Exhausted:
    listener = Exhausted(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
    return listener


async def greeting(listener: socket.socket) -> bytes:
    reader, writer = await asyncio.open_connection(*listener.getsockname())
    try:
        return await reader.read()
    finally:
        writer.close()


async def test_many_connections_are_accepted() -> None:
    """Each connection gets a protocol, also more connections than are accepted at once."""
    listener = listen()
    acceptor = Acceptor(listener, Greeting)
    assert await asyncio.gather(*(greeting(listener) for _ in range(150))) == [b"hello"] * 150
    await acceptor.stop()
    await acceptor.stop()


async def test_running_out_of_descriptors_is_logged_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While no descriptor is left, the server waits between attempts and logs a single warning."""
    monkeypatch.setattr(accepting, "_PAUSE", 0.01)
    listener = listen()
    listener.failures = 5
    acceptor = Acceptor(listener, Greeting)
    with caplog.at_level(logging.DEBUG):
        assert await greeting(listener) == b"hello"
    assert [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING] == [
        "cannot accept connections now: Too many open files; raise the limit of open files (ulimit -n)"
    ]
    await acceptor.stop()


async def test_a_stop_during_the_pause_ends_it() -> None:
    """A stopped acceptor makes no further attempt."""
    listener = listen()
    listener.failures = 1
    acceptor = Acceptor(listener, Greeting)
    client = socket.create_connection(listener.getsockname())
    await asyncio.sleep(0.05)
    assert not listener.failures
    await acceptor.stop()
    assert listener.fileno() < 0
    client.close()
