"""Many WebSocket clients of Centrifugo 1.x in a process of their own, that do nothing but listen and keep count.

They are made for little work per frame, so that on a small machine it is the server that is measured: frames are looked
for what they hold, not parsed. What is published must be `{"n": <number>, "t": <monotonic nanoseconds>}`.
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
from collections.abc import Sequence
from multiprocessing.connection import Connection
from types import TracebackType
from typing import NamedTuple, Self

__all__ = ["CHANNEL", "Heard", "Listeners"]

CHANNEL = "load"

_PUBLICATION = re.compile(rb'"data":\{"n":([0-9]+),"t":([0-9]+)\}')
_PING, _PONG = b"\x89\x04ping", b"\x8a\x84\0\0\0\0ping"
_AT_ONCE = 50  # connections that are being opened at the same time
_PATIENCE = 60.0


class Heard(NamedTuple):
    """What all of them have received since the last time.

    Attributes:
        deliveries: publications received.
        disordered: those that were not the one after the last one of that connection.
        latencies: nanoseconds from publication to receipt, sorted.
        alive: how many connections are open.
    """

    deliveries: int
    disordered: int
    latencies: Sequence[int]
    alive: int


class Listeners:
    """*number* clients subscribed to `CHANNEL`; the server must be an insecure one."""

    def __init__(self, number: int, port: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_listen, args=(theirs, number, port), daemon=True)

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
        """What came so far, as soon as it is *count* publications or *patience* seconds have passed."""
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
    __slots__ = ("_hello", "_last", "_rest", "_subscribed", "_tally", "_transport")

    def __init__(self, tally: _Tally, hello: bytes, subscribed: asyncio.Future[None]) -> None:
        self._tally = tally
        self._hello = hello
        self._subscribed: asyncio.Future[None] | None = subscribed
        self._last = -1
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._tally.alive += 1
        transport.write(self._hello)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._tally.alive -= 1

    def data_received(self, data: bytes) -> None:
        if self._subscribed is not None:
            self._rest += data
            if b"101 Switching" in self._rest and b"\r\n\r\n" in self._rest and self._hello:
                self._hello = b""
                commands = b'[{"uid":"1","method":"connect","params":{}},'
                commands += b'{"uid":"2","method":"subscribe","params":{"channel":"%b"}}]' % CHANNEL.encode()
                self._transport.write(b"\x81\xfe" + struct.pack("!HI", len(commands), 0) + commands)
            if b'"status":true' in self._rest:
                self._subscribed.set_result(None)
                self._subscribed, self._rest = None, b""
            return
        now = time.monotonic_ns()
        if _PING in data:
            self._transport.write(_PONG)
        data, end = self._rest + data, 0
        for found in _PUBLICATION.finditer(data):
            number, end = int(found[1]), found.end()
            if self._last >= 0 and number != self._last + 1:
                self._tally.disordered += 1
            self._last = number
            self._tally.latencies.append(now - int(found[2]))
        self._rest = data[end:]
        self._tally.check()


def _listen(pipe: Connection, number: int, port: int) -> None:
    asyncio.run(_run(pipe, number, port))


async def _run(pipe: Connection, number: int, port: int) -> None:
    loop, tally, slots = asyncio.get_running_loop(), _Tally(), asyncio.Semaphore(_AT_ONCE)

    async def connect() -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        hello = "GET /connection/websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        hello += f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
        async with slots:
            subscribed = loop.create_future()
            await loop.create_connection(lambda: _Listener(tally, hello.encode(), subscribed), "127.0.0.1", port)
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
