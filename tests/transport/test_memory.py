"""Tests of the in-memory transports."""

import asyncio

import pytest

from centripetal.errors import TimeoutError
from centripetal.protocol.http import HTTPReply, HTTPRequest
from centripetal.transport.base import AsyncTransport, Transport
from centripetal.transport.memory import AwaitingMemoryTransport, MemoryTransport

REQUEST = HTTPRequest("http://localhost/", (), b"[1]")


def echo(request: HTTPRequest) -> HTTPReply:
    return HTTPReply(200, request.body)


def fail(request: HTTPRequest) -> HTTPReply:
    raise TimeoutError("late")


def test_blocking() -> None:
    """The transport returns the handler's reply, raises its error and keeps each request."""
    transport = MemoryTransport(echo)
    contract: Transport = transport
    assert contract.send(REQUEST, 1).body == b"[1]"
    contract.close()
    assert transport.requests == [REQUEST]
    with pytest.raises(TimeoutError):
        MemoryTransport(fail).send(REQUEST, 1)


def test_asyncio() -> None:
    """The asyncio transport returns replies and keeps requests like the blocking transport."""
    transport = AwaitingMemoryTransport(echo)
    contract: AsyncTransport = transport

    async def main() -> None:
        assert (await contract.send(REQUEST, 1)).body == b"[1]"
        await contract.close()
        with pytest.raises(TimeoutError):
            await AwaitingMemoryTransport(fail).send(REQUEST, 1)

    asyncio.run(main())
    assert transport.requests == [REQUEST]
