"""Rate of RPCs of WebSocket clients through a Centrifugo server that asks applications served by uvicorn.

One server asks all applications, each for the methods of one namespace. Each client waits for the reply before its next
call. The applications take turns.
"""

import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

from websockets.frames import Frame, Opcode

from tests.conformance.servers import running
from tests.conformance.servers_v6 import serving
from tests.ports import free_port
from tests.wire.websocket import Client

__all__ = ["ANSWER", "config", "connected", "rate", "rates"]

ANSWER = b'{"id":2,"rpc":{"data":3}}'
"""The reply to each call: the sum of 1 and 2."""

_CALL = '{"id":2,"rpc":{"method":"%s:add","data":{"a":1,"b":2}}}'


def rates(
    applications: Mapping[str, str], secret: str, *, clients: int, rounds: int, times: int
) -> dict[str, list[float]]:
    """Return the calls per second through a real server for each application, by round.

    Args:
        applications: ASGI applications as `module:variable`, by the namespace of their methods.
        secret: secret that the server sends to them.
        clients: number of connections.
        rounds: turns of each application.
        times: calls of each client in a turn.
    """
    found: dict[str, list[float]] = {name: [] for name in applications}
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        endpoints = {name: stack.enter_context(_uvicorn(app, folder)) for name, app in applications.items()}
        websocket = stack.enter_context(serving(config(endpoints, secret), folder))
        for number in range(rounds + 1):
            for name in applications:
                calls = rate(connected(websocket, clients), name, times)
                if number:  # the first round fills caches and opens the connections of the server
                    found[name].append(calls)
    return found


def config(endpoints: Mapping[str, str], secret: str) -> dict[str, Any]:
    """Return the configuration of a server that asks an endpoint for the methods in the namespace of its name."""
    headers = {"http": {"static_headers": {"X-API-Key": secret}}, "timeout": "10s"}
    return {
        "client": {"insecure": True, "ping_interval": "600s"},
        "proxies": [{"name": name, "endpoint": url, **headers} for name, url in endpoints.items()],
        "rpc": {"namespaces": [{"name": name, "proxy_enabled": True, "proxy_name": name} for name in endpoints]},
    }


@contextlib.contextmanager
def _uvicorn(application: str, folder: Path) -> Iterator[str]:
    port = free_port()
    options = ["--port", str(port), "--log-level", "warning", "--timeout-keep-alive", "75"]
    with running([sys.executable, "-m", "uvicorn", application, *options], port, folder):
        yield f"http://127.0.0.1:{port}/centrifugo/rpc"


def connected(websocket: str, clients: int) -> list[Client]:
    """Return this number of connected clients."""
    found = [Client(websocket) for _ in range(clients)]
    for client in found:
        client.send(b'{"id":1,"connect":{}}')
        assert b'"connect"' in client.receive_text()
    return found


def rate(clients: Sequence[Client], namespace: str, times: int) -> float:
    """Let each client call `add` of the *namespace* this number of times, and return the calls per second."""
    frame = Frame(Opcode.TEXT, (_CALL % namespace).encode()).serialize(mask=True)

    async def race() -> float:
        loop = asyncio.get_running_loop()
        callers = [_Caller(frame, times, loop.create_future()) for _ in clients]
        for client, caller in zip(clients, callers, strict=True):
            await loop.create_connection(partial(_same, caller), sock=client.socket)
        start = time.perf_counter()
        for caller in callers:
            caller.call()
        try:
            await asyncio.wait_for(asyncio.gather(*(caller.done for caller in callers)), 60)
            return len(callers) * times / (time.perf_counter() - start)
        finally:
            for caller in callers:
                caller.transport.close()

    return asyncio.run(race())


def _same(caller: "_Caller") -> "_Caller":
    return caller


class _Caller(asyncio.Protocol):
    """A client that repeats a call as soon as its reply has arrived. It compares bytes, because parsing costs more."""

    transport: asyncio.Transport

    def __init__(self, frame: bytes, times: int, done: asyncio.Future[None]) -> None:
        self._frame = frame
        self._left = times
        self._answer = Frame(Opcode.TEXT, ANSWER).serialize(mask=False)
        self._received = b""
        self.done = done

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def call(self) -> None:
        self.transport.write(self._frame)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._received == self._answer:
            self._received = b""
            self._left -= 1
            if self._left:
                self.call()
            else:
                self.done.set_result(None)
        elif not self._answer.startswith(self._received) and not self.done.done():
            self.done.set_exception(AssertionError(f"unexpected reply {self._received[:200]!r}"))

    def connection_lost(self, _: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(ConnectionError("the server closed a connection"))
