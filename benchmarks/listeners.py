"""A process with many WebSocket clients of Centrifugo 1.x or 6.x that only listen and count.

They do little work per frame, so that a small machine measures the server instead of the clients: they search frames
for publications without parsing them. Published data must be `{"n": <number>, "t": <monotonic nanoseconds>}`.
"""

import asyncio
import base64
import contextlib
import multiprocessing
import os
import re
import struct
import sys
import time
from array import array
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from types import TracebackType
from typing import NamedTuple, Self

from benchmarks.work import Generation

__all__ = ["CHANNEL", "DIALECTS", "Dialect", "Heard", "Listeners"]

CHANNEL = "load"

_MASKED = b"\0\0\0\0"  # a mask that changes nothing
_AT_ONCE = 50  # number of connections that are opened at the same time
_PATIENCE = 60.0


class Dialect(NamedTuple):
    """Messages of the clients of one generation.

    Attributes:
        hello: text message that connects and subscribes.
        subscribed: part of the reply to a successful subscription.
        event: pattern of a publication, with its number and its time, or of a ping.
        pong: frame that answers a ping.
    """

    hello: bytes
    subscribed: bytes
    event: re.Pattern[bytes]
    pong: bytes


def _event(ping: bytes) -> re.Pattern[bytes]:
    return re.compile(rb'"data":\{"n":([0-9]+),"t":([0-9]+)\}|' + re.escape(ping))


DIALECTS: Mapping[Generation, Dialect] = {
    1: Dialect(
        b'[{"uid":"1","method":"connect","params":{}},{"uid":"2","method":"subscribe","params":{"channel":"load"}}]',
        b'"status":true',
        _event(b"\x89\x04ping"),
        b"\x8a\x84" + _MASKED + b"ping",
    ),
    # After the subscription, only pings contain an empty object in these conversations (protocol 6: client-frames).
    6: Dialect(
        b'{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"load"}}',
        b'"id":2,"subscribe":{}',
        _event(b"{}"),
        b"\x81\x82" + _MASKED + b"{}",
    ),
}


class Heard(NamedTuple):
    """Publications received by all clients since the last call.

    Attributes:
        deliveries: number of publications received.
        disordered: number of publications that did not follow the previous publication of their connection.
        latencies: nanoseconds from publication to receipt, sorted.
        alive: number of open connections.
    """

    deliveries: int
    disordered: int
    latencies: Sequence[int]
    alive: int


class Listeners:
    """*number* clients subscribed to `CHANNEL` on a server of *generation*, which must be insecure."""

    def __init__(self, generation: Generation, number: int, port: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_listen, args=(theirs, generation, number, port), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        assert self._pipe.poll(_PATIENCE), "the connections cannot be opened"
        self._pipe.recv()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.join()

    def heard(self, count: int = 0, patience: float = _PATIENCE) -> Heard:
        """Return the results so far, after *count* publications or *patience* seconds."""
        self._pipe.send((count, patience))
        heard: Heard = self._pipe.recv()
        return heard


class _Tally:
    def __init__(self) -> None:
        self.alive = 0
        self.enough = asyncio.Event()
        self.clear()

    def clear(self) -> None:
        self.disordered = 0
        self.latencies = array("q")
        self.wanted = sys.maxsize
        self.enough.clear()

    def check(self) -> None:
        if len(self.latencies) >= self.wanted:
            self.enough.set()


class _Listener(asyncio.Protocol):
    __slots__ = ("_dialect", "_handshake", "_last", "_rest", "_subscribed", "_tally", "_transport")

    def __init__(self, dialect: Dialect, tally: _Tally, handshake: bytes, subscribed: asyncio.Future[None]) -> None:
        self._dialect = dialect
        self._tally = tally
        self._handshake = handshake
        self._subscribed: asyncio.Future[None] | None = subscribed
        self._last = -1
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._tally.alive += 1
        transport.write(self._handshake)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._tally.alive -= 1

    def data_received(self, data: bytes) -> None:
        data = self._rest + data
        if self._subscribed is not None:
            self._rest = data
            self._greet(self._subscribed)
            return
        now, end, tally = time.monotonic_ns(), 0, self._tally
        for found in self._dialect.event.finditer(data):
            end = found.end()
            if found[1] is None:
                self._transport.write(self._dialect.pong)
                continue
            number = int(found[1])
            if self._last >= 0 and number != self._last + 1:
                tally.disordered += 1
            self._last = number
            tally.latencies.append(now - int(found[2]))
        self._rest = data[end:]
        tally.check()

    def _greet(self, subscribed: asyncio.Future[None]) -> None:
        if self._handshake and b"101 Switching" in self._rest and b"\r\n\r\n" in self._rest:
            self._handshake = b""
            message = self._dialect.hello
            self._transport.write(b"\x81\xfe" + struct.pack("!H", len(message)) + _MASKED + message)
        if self._dialect.subscribed in self._rest:
            subscribed.set_result(None)
            self._subscribed, self._rest = None, b""


def _listen(pipe: Connection, generation: Generation, number: int, port: int) -> None:
    asyncio.run(_run(pipe, DIALECTS[generation], number, port))


async def _run(pipe: Connection, dialect: Dialect, number: int, port: int) -> None:
    loop, tally, slots = asyncio.get_running_loop(), _Tally(), asyncio.Semaphore(_AT_ONCE)

    async def connect() -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        handshake = "GET /connection/websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        handshake += f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
        async with slots:
            subscribed = loop.create_future()
            await loop.create_connection(
                lambda: _Listener(dialect, tally, handshake.encode(), subscribed), "127.0.0.1", port
            )
            await subscribed

    await asyncio.gather(*(connect() for _ in range(number)))
    pipe.send(None)
    asked = asyncio.Event()
    loop.add_reader(pipe.fileno(), asked.set)
    while True:
        await asked.wait()
        asked.clear()
        if not pipe.poll():
            continue
        tally.wanted, patience = pipe.recv()
        tally.check()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await tally.enough.wait()
        pipe.send(Heard(len(tally.latencies), tally.disordered, sorted(tally.latencies), tally.alive))
        tally.clear()
