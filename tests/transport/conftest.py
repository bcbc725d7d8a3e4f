"""Fixtures of the transport tests: each transport behind one blocking call, and certificates."""

import asyncio
import gc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvloop

from centripetal.protocol.http import HTTPReply, HTTPRequest
from centripetal.transport.awaiting import AwaitingTransport
from centripetal.transport.blocking import BlockingTransport
from centripetal.transport.polling import READ
from tests.transport.certificates import Authority


class Caller:
    """A transport of either kind behind the same blocking interface."""

    def __init__(self, loop_factory: Callable[[], asyncio.AbstractEventLoop] | None, **options: Any) -> None:
        self.runner = asyncio.Runner(loop_factory=loop_factory) if loop_factory else None
        self.transport = AwaitingTransport(**options) if loop_factory else BlockingTransport(**options)

    def post(self, url: str, timeout: float = 5.0, body: bytes = b"[]") -> HTTPReply:
        request = HTTPRequest(url, (("Content-Type", "application/json"),), body)
        if isinstance(self.transport, BlockingTransport):
            return self.transport.send(request, timeout)
        assert self.runner is not None
        return self.runner.run(self._awaited(request, timeout))

    async def _awaited(self, request: HTTPRequest, timeout: float) -> HTTPReply:
        assert isinstance(self.transport, AwaitingTransport)
        reply = await self.transport.send(request, timeout)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return reply

    def close(self) -> None:
        if isinstance(self.transport, BlockingTransport):
            self.transport.close()
        elif self.runner is not None:
            self.runner.run(self.transport.close())

    def wait_until_readable(self) -> None:
        """Wait until each idle connection has received data or has been closed by the server."""
        transport = self.transport
        pools = [transport._pool] if isinstance(transport, BlockingTransport) else transport._pools.values()
        for pool in pools:
            for connection in list(pool.registry):
                assert connection.wait(READ, 5)

    def end(self) -> None:
        if self.runner is not None:
            self.runner.close()


KINDS: dict[str, Callable[[], asyncio.AbstractEventLoop] | None] = {
    "blocking": None,
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}


@pytest.fixture(params=KINDS)
def make(request: pytest.FixtureRequest) -> Iterator[Callable[..., Caller]]:
    """A function that creates callers; their transports are not closed, but dropped at the end of the test."""
    callers: list[Caller] = []

    def make(**options: Any) -> Caller:
        callers.append(Caller(KINDS[request.param], **options))
        return callers[-1]

    yield make
    for caller in callers:
        caller.end()
    callers.clear()
    gc.collect()  # an open socket warns here, and filterwarnings turns the warning into an error of this test


@pytest.fixture
def caller(make: Callable[..., Caller]) -> Caller:
    """A caller with the default options."""
    return make()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that the system does not trust."""
    return Authority(tmp_path_factory.mktemp("authority"))
